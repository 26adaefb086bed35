//! The stories of the reaper with a simulated GitLab and the stand-in for the runner manager, as real processes.

mod deadlines;
mod faults;
mod hand;
mod pauses;
mod pod;
mod sidecar;
