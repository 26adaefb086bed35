//! Owns the words for one call under way: pieces of one line, without a secret.

use reqwest::StatusCode;

use super::Course;
use crate::gitlab::Explained;
use crate::gitlab::answer::Answer;
use crate::gitlab::call::CallPurpose;
use crate::gitlab::words::{SaidBy, piece};

impl Course<'_> {
    pub(super) fn piece(&self, text: &str) -> String {
        piece(text, &[self.call.token.expose()])
    }

    /// `POST https://gitlab.example/api/v4/runners`.
    pub(in crate::gitlab) fn subject(&self) -> String {
        if self.turns == 0 {
            return format!("{} {}", self.call.method, self.url);
        }
        // A redirect may have put anything into the path, and more behind the question mark.
        let mut url = self.url.clone();
        url.set_query(None);
        format!("{} {}", self.call.method, self.piece(url.as_str()))
    }

    /// `403 Forbidden (403 Forbidden - invalid token supplied), X-Request-Id 1b…`; words that add nothing are left out.
    pub(in crate::gitlab) fn answer(&self, answer: &Answer) -> String {
        let status = StatusCode::from_u16(answer.status).ok();
        let reason = status
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default();
        let status = format!("{} {reason}", answer.status).trim_end().to_owned();
        let said = &answer.said;
        let words = self.piece(said.text());
        let packing = answer.packing();
        let words = match said {
            _ if packing.is_some() => {
                format!(
                    " (compressed as {})",
                    self.piece(packing.unwrap_or_default())
                )
            }
            // A body of 2xx may hold a new token: it is not for a line.
            _ if (200..300).contains(&answer.status) && !matches!(said, SaidBy::Page(_)) => {
                String::new()
            }
            _ if words.is_empty() || words == status => String::new(),
            SaidBy::Page(_) => format!(" (a page, not GitLab's API: {words})"),
            _ => format!(" ({words})"),
        };
        let request_id = answer.header("x-request-id").unwrap_or(&self.request_id);
        format!("{status}{words}, X-Request-Id {}", self.piece(request_id))
    }

    pub(in crate::gitlab) fn explained(&self, line: String) -> Explained {
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
    pub(super) fn mark(&self) -> String {
        if self.call.purpose == CallPurpose::Reset {
            return "; the token may have been reset anyway".to_owned();
        }
        let mark = self.call.mark.as_deref().unwrap_or_default();
        format!(
            "; a runner may have been created anyway: look for {}",
            self.piece(mark)
        )
    }
}
