//! Owns the table of what can go wrong with a call, and what must come of it. Judges nothing.

use gitlab_simulator::{Effect, Fault};

/// What a fault that strikes once comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Once {
    /// The call is made again and all is well.
    Repeated,
    /// The call is final.
    Final,
}

/// A fault, how it ends, and what the operator reads about a creation and about a verification (`|`: one of these).
pub(super) struct Weather {
    pub(super) name: &'static str,
    pub(super) strike: fn(Fault) -> Fault,
    pub(super) once: Once,
    pub(super) lasting: i32,
    pub(super) next: [&'static str; 2],
}

const fn passing(name: &'static str, strike: fn(Fault) -> Fault, next: &'static str) -> Weather {
    let (once, lasting) = (Once::Repeated, 69);
    Weather {
        name,
        strike,
        once,
        lasting,
        next: [next, next],
    }
}

const fn lasting(
    name: &'static str,
    strike: fn(Fault) -> Fault,
    lasting: i32,
    next: [&'static str; 2],
) -> Weather {
    Weather {
        name,
        strike,
        once: Once::Final,
        lasting,
        next,
    }
}

const UP: &str = "check that GitLab is up";
pub(super) const REACHED: &str = "check that GitLab can be reached";
const BETWEEN: &str = "check what runs at --url";
const LOG: &str = "search GitLab's log for the X-Request-Id";
const FLAG: &str = "change the flag or variable";

pub(super) const WEATHER: &[Weather] = &[
    // What takes longest comes first.
    passing("hang", Fault::hang, REACHED),
    passing("hang after", Fault::hang_after, REACHED),
    lasting("400", |f| f.status(400), 78, [FLAG, LOG]),
    lasting(
        "401",
        |f| f.status(401),
        77,
        [
            "GitLab does not know the registration token|the access token is invalid",
            "the authentication token is invalid",
        ],
    ),
    lasting(
        "403",
        |f| f.status(403),
        77,
        [
            "GitLab does not know the registration token|the user of the access token",
            "the authentication token is invalid",
        ],
    ),
    lasting("404", |f| f.status(404), 78, ["check --url", "check --url"]),
    lasting("405", |f| f.status(405), 78, ["check --url", "check --url"]),
    lasting(
        "409",
        |f| f.status(409),
        78,
        ["run this again", "run this again"],
    ),
    lasting(
        "410",
        |f| f.status(410),
        77,
        [
            "registration tokens are disabled at this GitLab|no longer supports",
            "no longer supports",
        ],
    ),
    lasting("422", |f| f.status(422), 78, [FLAG, "create a new one"]),
    passing("408", |f| f.status(408), UP),
    passing("425", |f| f.status(425), UP),
    passing("429", |f| f.status(429), "limits requests"),
    passing(
        "429, a second",
        |f| f.status(429).header("Retry-After", "1"),
        "limits requests",
    ),
    passing("500", |f| f.status(500), UP),
    passing("502", |f| f.status(502), UP),
    passing("503", |f| f.status(503), UP),
    passing("504", |f| f.status(504), UP),
    lasting(
        "429, an hour",
        |f| f.status(429).header("Retry-After", "3600"),
        69,
        ["limits requests"; 2],
    ),
    lasting(
        "page 200",
        |f| f.effect(Effect::Html { status: 200 }),
        78,
        [BETWEEN; 2],
    ),
    lasting(
        "page 201",
        |f| f.effect(Effect::Html { status: 201 }),
        78,
        [BETWEEN; 2],
    ),
    lasting(
        "page 403",
        |f| f.effect(Effect::Html { status: 403 }),
        78,
        [BETWEEN; 2],
    ),
    lasting(
        "page 404",
        |f| f.effect(Effect::Html { status: 404 }),
        78,
        ["not GitLab's API"; 2],
    ),
    passing("page 502", |f| f.effect(Effect::Html { status: 502 }), UP),
    passing("drop before", Fault::drop_before, REACHED),
    passing("drop after", Fault::drop_after, REACHED),
    passing("reset before", Fault::reset_before, REACHED),
    passing("reset after", Fault::reset_after, REACHED),
    passing("truncate", Fault::truncate, REACHED),
    lasting(
        "elsewhere 307",
        |f| {
            f.status(307)
                .header("Location", "http://other.invalid/api/v4/runners")
        },
        78,
        ["--url"; 2],
    ),
    lasting(
        "elsewhere 302",
        |f| f.status(302).header("Location", "/users/sign_in"),
        78,
        ["check --url"; 2],
    ),
];
