//! Owns what is known about one call under way, and puts it into words: one line each, without a secret.

use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use super::advice::{in_time, next_step, token_hint};
use super::answer::Answer;
use super::call::Call;
use super::proxies::Way;
use super::redirect::{Turn, turn};
use super::verdict::{No, Outcome, says_that_the_runner_is_gone};
use super::words::{Said, piece};
use super::{Error, Explained};
use crate::duration::show;

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
    /// An attempt was lost on the way that may have made a runner.
    lost: bool,
    /// GitLab may have done what an attempt asked for, though its answer was lost.
    unheard: bool,
    /// What the attempt before came to.
    before: Option<Heard>,
}

/// What an attempt came to that is not the last word.
pub(super) struct Heard {
    /// The status and words of an answer, or the trouble on the way.
    pub(super) what: String,
    pub(super) status: Option<u16>,
    /// GitLab may have done what was asked.
    pub(super) lost: bool,
    /// How long GitLab asks to be left alone.
    pub(super) asked_wait: Option<Duration>,
}

impl<'a> Course<'a> {
    pub(super) fn new(
        call: &'a Call<'a>,
        url: Url,
        way: Option<&'a Way>,
        request_id: String,
    ) -> Self {
        Self {
            call,
            url,
            way,
            request_id,
            attempts: 0,
            turns: 0,
            lost: false,
            unheard: false,
            before: None,
        }
    }

    fn piece(&self, text: &str) -> String {
        piece(text, &[self.call.token.1.expose()])
    }

    /// `POST https://gitlab.example/api/v4/runners`.
    fn subject(&self) -> String {
        if self.turns == 0 {
            return format!("{} {}", self.call.method, self.url);
        }
        // A redirect may have put anything into the path, and more behind the question mark.
        let mut url = self.url.clone();
        url.set_query(None);
        format!("{} {}", self.call.method, self.piece(url.as_str()))
    }

    /// `403 Forbidden (403 Forbidden - invalid token supplied), X-Request-Id 1b…`; words that add nothing are left out.
    pub(super) fn answer(&self, answer: &Answer) -> String {
        let status = StatusCode::from_u16(answer.status).ok();
        let reason = status
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default();
        let status = format!("{} {reason}", answer.status).trim_end().to_owned();
        let said = Said::of(answer.header("content-type"), &answer.body);
        let words = self.piece(said.text());
        let packing = answer.packing();
        let words = match &said {
            _ if packing.is_some() => {
                format!(
                    " (compressed as {})",
                    self.piece(packing.unwrap_or_default())
                )
            }
            // A body of 2xx may hold a new token: it is not for a line.
            _ if (200..300).contains(&answer.status) && !matches!(said, Said::Page(_)) => {
                String::new()
            }
            _ if words.is_empty() || words == status => String::new(),
            Said::Page(_) => format!(" (a page, not GitLab's API: {words})"),
            _ => format!(" ({words})"),
        };
        let request_id = answer.header("x-request-id").unwrap_or(&self.request_id);
        format!("{status}{words}, X-Request-Id {}", self.piece(request_id))
    }

    /// Remembers a failed attempt and tells how it goes on. Whether GitLab may have done what this or an earlier
    /// one asked for.
    pub(super) fn repeat(&mut self, heard: Heard, wait: Duration, left: Duration) -> bool {
        self.unheard |= heard.lost;
        let lost = heard.lost && self.call.mark.is_some();
        self.lost |= lost;
        let warning = if lost { self.mark() } else { String::new() };
        log::warn!(
            "{}: attempt {} failed: {}; next attempt in {}, {} left{warning}",
            self.subject(),
            self.attempts,
            heard.what,
            show(wait),
            show(left),
        );
        self.before = Some(heard);
        self.unheard
    }

    /// What an answer came to, with what is known of the attempts before.
    pub(super) fn done(&self, mut outcome: Outcome) -> Outcome {
        if let Outcome::Credentials(credentials) = &mut outcome {
            credentials.maybe_another = self.lost;
        }
        outcome
    }

    /// Takes a redirect, or says why not.
    pub(super) fn follow(&mut self, answer: &Answer) -> Result<(), Error> {
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

    /// A final no.
    pub(super) fn refused(&mut self, no: No, answer: &Answer) -> Error {
        let status = answer.status;
        self.lost |= matches!(no, No::LostRunner | No::Packed { lost: true });
        let said = Said::of(answer.header("content-type"), &answer.body);
        let next = match &no {
            No::LostRunner => {
                "GitLab created a runner, but its response has no token: check any proxy in between"
            }
            No::Packed { lost: true } => {
                "GitLab created a runner, but sent its token compressed, which was not requested: turn off compression in GitLab, or in any proxy in between"
            }
            No::Packed { lost: false } => {
                "the response is compressed, which was not requested: turn off compression in GitLab, or in any proxy in between"
            }
            No::Unfit { .. } => {
                "gitlab-runner would not accept it either: check any proxy in between"
            }
            No::NotGitlab if status == 407 => match self.way {
                Some(way) => return self.no_password(way, answer),
                None => {
                    "a proxy requires a user name and password: put them in HTTP_PROXY or HTTPS_PROXY"
                }
            },
            No::NotGitlab if said.text().contains("HTTPS port") => "write https:// in --url",
            No::NotGitlab if matches!(status, 401 | 403 | 404 | 410) => in_time(Some(status)),
            No::NotGitlab => {
                "a proxy or another server answered in GitLab's place: check what runs at --url"
            }
            No::Token | No::Request => next_step(self.call.wanted, status, said.text()),
        };
        let hint = match (&no, self.way) {
            (No::Token, _) => token_hint(self.call.wanted, self.call.token.1),
            (No::NotGitlab | No::Packed { .. }, Some(way)) if self.url.scheme() == "http" => {
                format!(", or check the proxy {way}")
            }
            _ => String::new(),
        };
        let why = match &no {
            No::Unfit { why, .. } => format!(", {why}"),
            _ => String::new(),
        };
        let words = said.text().to_owned();
        let said = self.explained(format!(
            "{}: {}{why}; {next}{hint}",
            self.subject(),
            self.answer(answer)
        ));
        match no {
            No::Token => Error::TokenRefused {
                status,
                gone: says_that_the_runner_is_gone(answer),
                scope: words.contains("insufficient_scope"),
                said,
            },
            No::Request | No::LostRunner | No::Packed { lost: true } => {
                Error::Rejected { status, said }
            }
            No::Unfit { token, .. } => Error::Unfit { token, said },
            No::NotGitlab | No::Packed { lost: false } => Error::Unusable(said),
        }
    }

    fn no_password(&self, way: &Way, answer: &Answer) -> Error {
        let (subject, answer) = (self.subject(), self.answer(answer));
        let line = format!(
            "{subject}: {answer}; the proxy {way} requires a user name and password: put them in {}",
            way.variable
        );
        Error::Unusable(self.explained(line))
    }

    /// A trouble that waiting does not fix.
    pub(super) fn unusable(&mut self, why: &str, next: &str, lost: bool) -> Error {
        self.lost |= lost && self.call.mark.is_some();
        Error::Unusable(self.explained(format!("{}: {why}; {next}", self.subject())))
    }

    /// No room is left for another attempt, or none makes sense.
    pub(super) fn unreachable(&mut self, heard: &Heard, next: Option<&str>) -> Error {
        self.lost |= heard.lost && self.call.mark.is_some();
        let attempts = match self.attempts {
            0 => "not sent: ".to_owned(),
            1 => String::new(),
            attempts => format!("gave up after {attempts} attempts: "),
        };
        // The last attempt is often cut short by the deadline; what was heard before it tells more.
        let before = self
            .before
            .as_ref()
            .filter(|before| before.what != heard.what);
        let earlier = match before {
            Some(before) => format!(", before that: {}", before.what),
            None => String::new(),
        };
        let status = heard.status.or(before.and_then(|before| before.status));
        let next = next.unwrap_or_else(|| in_time(status));
        let line = format!(
            "{}: {attempts}{}{earlier}; {next}",
            self.subject(),
            heard.what
        );
        Error::Unreachable(self.explained(line))
    }

    fn explained(&self, line: String) -> Explained {
        let mark = if self.lost {
            self.mark()
        } else {
            String::new()
        };
        Explained {
            line: line + &mark,
            maybe_created: self.lost,
        }
    }

    /// Where to look for what may have been made.
    fn mark(&self) -> String {
        let mark = self.call.mark.as_deref().unwrap_or_default();
        format!(
            "; a runner may have been created anyway: look for {}",
            self.piece(mark)
        )
    }
}
