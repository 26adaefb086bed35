//! `runner-reaper` seen from outside: nothing is left behind at GitLab and no job is lost, whatever happens at the end of a
//! pod. Every test ends with the journal of its GitLab read through ([`acceptance::order`]): [`acceptance::pod::Pod`] sees to
//! that when it is dropped.

mod again;
mod busy;
mod codes;
mod container;
mod deadline;
mod draining;
mod faults;
mod files;
mod hand;
mod held;
mod idle;
mod is_noticed;
mod last_line;
mod lost;
mod moments;
mod other_user;
mod others;
mod pausing;
mod rewritten;
mod rotated;
mod rotating;
#[cfg(target_arch = "x86_64")]
mod several;
mod side_by_side;
mod sidecar;
mod silent;
mod status;
mod stops;
mod strangers;
mod tokens;
mod too_old;
mod watching;
