//! Which gitlab-runner the stand-in of a test plays. A story that is told of several is told of each at the same time, as it waits
//! more than it works; one that is timed, of one after the other.

use std::cell::Cell;

/// The oldest whose polling can be watched, the newest, and those of the two major versions between.
pub const ALL: [&str; 4] = ["15.11", "17.11", "18.11", "19.4"];

/// Where nothing changes on the way.
pub const ENDS: [&str; 2] = ["15.11", "19.4"];

/// Those that do not say their state.
pub const MUTE: [&str; 3] = ["15.11", "17.11", "18.11"];

thread_local! {
    static PLAYED: Cell<&'static str> = const { Cell::new("19.4") };
}

/// What the pods of this thread play.
pub fn played() -> &'static str {
    PLAYED.get()
}

/// Makes the pods of this thread play it from now on.
pub fn play(version: &'static str) {
    PLAYED.set(version);
}

/// Whether it says its state.
pub fn says_its_state() -> bool {
    !MUTE.contains(&played())
}

/// Tells the story of each of these versions at once.
pub fn each(versions: &[&'static str], story: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for version in versions {
            let told = || {
                play(version);
                story();
            };
            let named = std::thread::Builder::new().name((*version).to_owned());
            named.spawn_scoped(scope, told).unwrap();
        }
    });
}

/// Tells it of one after the other.
pub fn in_turn(versions: &[&'static str], story: impl Fn() + Sync) {
    for version in versions {
        each(&[version], &story);
    }
}
