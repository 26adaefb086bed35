//! Owns how a final no is explained: what was answered, by whom, and the next step.

use super::advice::{in_time, next_step, token_hint};
use super::answer::Answer;
use super::call::CallPurpose;
use super::course::Course;
use super::error::Error;
use super::gone::says_that_the_runner_is_gone;
use super::meaning::No;
use super::proxies::password_wanted;

impl Course<'_> {
    /// The error that a final no ends the call with.
    pub(super) fn refused(&mut self, no: No, answer: &Answer) -> Error {
        let status = answer.status;
        self.lost |= matches!(no, No::LostRunner | No::Packed { lost: true });
        let next = self.next(&no, answer);
        let line = match &no {
            No::NotUnderstood(why) => format!(
                "the answer to {} {} cannot be understood: {why}; {next}",
                self.call.method, self.call.path
            ),
            No::Unfit { why, .. } => {
                format!("{}: {}, {why}; {next}", self.subject(), self.answer(answer))
            }
            _ => format!("{}: {}; {next}", self.subject(), self.answer(answer)),
        };
        let said = self.explained(line);
        match no {
            No::Token => Error::TokenRefused {
                status,
                gone: says_that_the_runner_is_gone(answer),
                scope: answer.said.text().contains("insufficient_scope"),
                said,
            },
            No::Request | No::LostRunner | No::Packed { lost: true } => {
                Error::Rejected { status, said }
            }
            No::Unfit { token, .. } => Error::Unfit { token, said },
            No::NotGitlab | No::Packed { lost: false } | No::NotUnderstood(_) => {
                Error::Unusable(said)
            }
        }
    }

    /// The next step.
    fn next(&self, no: &No, answer: &Answer) -> String {
        let (purpose, status, words) = (self.call.purpose, answer.status, answer.said.text());
        let proxy = match self.way {
            Some(way) if self.url.scheme() == "http" => format!(", or check the proxy {way}"),
            _ => String::new(),
        };
        let made = match purpose {
            CallPurpose::Reset => "GitLab reset the token",
            _ => "GitLab created a runner",
        };
        match no {
            No::Token => {
                next_step(purpose, status, words).to_owned() + &token_hint(purpose, self.call.token)
            }
            No::Request => next_step(purpose, status, words).to_owned(),
            No::LostRunner => {
                format!("{made}, but its response has no token: check any proxy in between")
            }
            No::Unfit { .. } => {
                "gitlab-runner would not accept it either: check any proxy in between".to_owned()
            }
            No::NotUnderstood(_) => {
                "check what runs at --url, or use a release of this program that matches this GitLab"
                    .to_owned()
            }
            No::Packed { lost } => {
                let what = match lost {
                    true => format!("{made}, but sent its token compressed"),
                    false => "the response is compressed".to_owned(),
                };
                format!(
                    "{what}, which was not requested: turn off compression in GitLab, or in any proxy in between{proxy}"
                )
            }
            No::NotGitlab if status == 407 => {
                let (why, next) = password_wanted(self.way);
                format!("{why}: {next}")
            }
            No::NotGitlab if words.contains("HTTPS port") => {
                format!("write https:// in --url{proxy}")
            }
            No::NotGitlab if matches!(status, 401 | 403 | 404 | 410) => {
                in_time(Some(status)).to_owned() + &proxy
            }
            No::NotGitlab => format!(
                "a proxy or another server answered in GitLab's place: check what runs at --url{proxy}"
            ),
        }
    }
}
