//! Who comes first when a token rotation ends while a reload waits for it: gitlab-runner (since 18.1) saves without holding its own lock,
//! so the waiting reload may run at any point of the save. Chooses; saves and loads nothing.

use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

/// What the waiting reload gets to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// The saved file: the save is done first.
    Saved,
    /// The file just truncated: an empty configuration until the next look, three seconds later.
    Empty,
    /// The file somebody published meanwhile, which the save then overwrites: in force until the next look.
    Published,
    /// The same, and the save writes what is in force by then: the new token is nowhere any more.
    Lost,
}

impl Overlap {
    /// At random, as often as seen in 36 tries with a SIGHUP during the request for a token: 25 times the empty file, 6 times
    /// the published one, 4 times the saved one. The one lost token has to be asked for, or a test could not rely on anything.
    pub(crate) fn any() -> Self {
        match RandomState::new().hash_one(0_u8) % 35 {
            0..25 => Self::Empty,
            25..31 => Self::Published,
            _ => Self::Saved,
        }
    }
}

impl FromStr for Overlap {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "saved" => Ok(Self::Saved),
            "empty" => Ok(Self::Empty),
            "published" => Ok(Self::Published),
            "lost" => Ok(Self::Lost),
            _ => Err("saved, empty, published or lost"),
        }
    }
}

/// Lets the tasks run that wait for the configuration. There are a handful of them.
pub(crate) async fn let_others_go_first() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
