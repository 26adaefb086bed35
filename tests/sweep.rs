//! `runner-reaper sweep` seen from outside: what is deleted at GitLab, and that nothing else was even asked to go.

mod any_world;
mod limits;
mod lives;
mod managers;
mod rails;
mod rights;
mod second_look;
mod ten_thousand;
mod versions;
mod world;
