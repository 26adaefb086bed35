//! Owns what is known about one call under way: its attempts, and what they came to. It decides how the call goes on.

use std::time::{Duration, SystemTime};

use url::Url;

use super::advice::in_time;
use super::answer::Answer;
use super::call::Call;
use super::meaning::Not;
use super::proxies::Way;
use super::redirect::{Turn, turn};
use super::trouble::Trouble;
use super::{Client, Error};
use crate::duration::show;

mod lines;

/// Redirects that are followed at most; gitlab-runner allows ten, no sane set-up needs two.
const MOST_TURNS: u32 = 5;

/// One call from its first attempt to its end.
pub(super) struct Course<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) url: Url,
    /// The proxy that the requests go through.
    pub(super) way: Option<&'a Way>,
    /// New for each call, kept over its attempts, so that GitLab's log shows them together.
    pub(super) request_id: String,
    pub(super) attempts: u32,
    turns: u32,
    /// An attempt was lost on the way that may have made a runner, or reset a token.
    pub(super) lost: bool,
    /// GitLab may have done what an attempt asked for, though its answer was lost.
    unheard: bool,
    /// What the last attempt came to, where another is due.
    pub(super) setback: Option<Setback>,
    /// What the attempt before came to.
    before: Option<Setback>,
}

/// What an attempt came to that is not the last word.
pub(super) struct Setback {
    /// The status and words of an answer, or the trouble on the way.
    what: String,
    status: Option<u16>,
    /// GitLab may have done what was asked.
    lost: bool,
    /// How long GitLab asks to be left alone.
    pub(super) asked_wait: Option<Duration>,
}

impl Setback {
    fn without_answer(what: impl Into<String>, lost: bool) -> Self {
        Self {
            what: what.into(),
            status: None,
            lost,
            asked_wait: None,
        }
    }
}

impl<'a> Course<'a> {
    pub(super) fn new(client: &'a Client, call: &'a Call<'a>) -> Self {
        let mut url = client.endpoint.call(&call.path);
        url.set_query(call.query.as_deref());
        Self {
            call,
            url,
            way: client.way.as_ref(),
            request_id: request_id(),
            attempts: 0,
            turns: 0,
            lost: false,
            unheard: false,
            setback: None,
            before: None,
        }
    }

    /// Goes on after an answer that is not what was asked for, or says why not.
    pub(super) fn go_on(&mut self, not: Not, answer: &Answer) -> Result<(), Error> {
        match not {
            Not::Later { lost } => {
                self.setback = Some(Setback {
                    what: self.answer(answer),
                    status: Some(answer.status),
                    lost,
                    asked_wait: answer.asked_wait(SystemTime::now()),
                });
                Ok(())
            }
            Not::Elsewhere => self.follow(answer),
            Not::Final(no) => Err(self.refused(no, answer)),
        }
    }

    /// Goes on after a trouble on the way, or says why not.
    pub(super) fn go_on_after(&mut self, trouble: Trouble) -> Result<(), Error> {
        let setback = match trouble {
            Trouble::Passing { why, lost } => Setback::without_answer(why, lost),
            // Why is asked inside of the attempt.
            Trouble::NoTunnel => Setback::without_answer(trouble.words(), false),
            Trouble::NoSuchHost { why, next } => {
                let setback = Setback::without_answer(why, false);
                return Err(self.unreachable(&setback, Some(&next)));
            }
            Trouble::Lasting { why, next, lost } => {
                self.note_loss(lost);
                let line = format!("{}: {why}; {next}", self.subject());
                return Err(Error::Unusable(self.explained(line)));
            }
        };
        self.setback = Some(setback);
        Ok(())
    }

    /// Remembers a failed attempt and tells how it goes on. Whether GitLab may have done what this or an earlier
    /// one asked for.
    pub(super) fn repeat(&mut self, setback: Setback, wait: Duration, left: Duration) -> bool {
        self.unheard |= setback.lost;
        let warning = if self.note_loss(setback.lost) {
            self.mark()
        } else {
            String::new()
        };
        log::warn!(
            "{}: attempt {} failed: {}; next attempt in {}, {} left{warning}",
            self.subject(),
            self.attempts,
            setback.what,
            show(wait),
            show(left),
        );
        self.before = Some(setback);
        self.unheard
    }

    /// Whether this attempt was lost in such a way that it may have made a runner.
    fn note_loss(&mut self, lost: bool) -> bool {
        let lost = lost && self.call.purpose.creates();
        self.lost |= lost;
        lost
    }

    /// Takes a redirect, or says why not.
    fn follow(&mut self, answer: &Answer) -> Result<(), Error> {
        self.turns += 1;
        let refuse = |target: &str, next: &str| {
            let line = format!(
                "{}: {} redirects to {}; {next}",
                self.subject(),
                self.answer(answer),
                self.piece(target),
            );
            Err(Error::Unusable(self.explained(line)))
        };
        match turn(answer.status, &self.url, answer.location()) {
            Turn::Follow(url) if self.turns <= MOST_TURNS => {
                self.url = url;
                Ok(())
            }
            Turn::Follow(url) => refuse(url.path(), "it redirects in a loop: fix the redirect"),
            Turn::Refuse { target, next } => refuse(&target, &next),
        }
    }

    /// The deadline had passed before anything was sent.
    pub(super) fn too_late(&mut self) -> Error {
        let setback = Setback::without_answer("no time was left", false);
        self.unreachable(&setback, Some("allow more time"))
    }

    /// No room is left for another attempt, or none makes sense.
    pub(super) fn unreachable(&mut self, setback: &Setback, next: Option<&str>) -> Error {
        self.note_loss(setback.lost);
        let attempts = match self.attempts {
            0 => "not sent: ".to_owned(),
            1 => String::new(),
            attempts => format!("gave up after {attempts} attempts: "),
        };
        // The last attempt is often cut short by the deadline; what was heard before it tells more.
        let before = self
            .before
            .as_ref()
            .filter(|before| before.what != setback.what);
        let earlier = match before {
            Some(before) => format!(", before that: {}", before.what),
            None => String::new(),
        };
        let status = setback.status.or(before.and_then(|before| before.status));
        let next = next.unwrap_or_else(|| in_time(status));
        let line = format!(
            "{}: {attempts}{}{earlier}; {next}",
            self.subject(),
            setback.what
        );
        Error::Unreachable(self.explained(line))
    }
}

/// 32 hex digits, as GitLab's own.
fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    // Without random bytes the calls merely cannot be told apart in GitLab's log.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
