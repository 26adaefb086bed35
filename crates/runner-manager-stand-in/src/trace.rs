//! A job's log at GitLab: what was written, what GitLab has of it, and its checksum. Decides nothing about the job.

use hyper::{Method, StatusCode};

use crate::config::Entry;
use crate::gitlab::{Answer, Call, Gitlab};
use crate::payload::Payload;

/// The log of one job.
#[derive(Default)]
pub(crate) struct Trace {
    text: String,
    sent: usize,
}

impl Trace {
    pub(crate) fn line(&mut self, words: &str) {
        self.text.push_str(words);
        self.text.push('\n');
    }

    pub(crate) fn size(&self) -> usize {
        self.text.len()
    }

    /// Sends what GitLab has not; None when there was nothing to send or no answer came.
    pub(crate) async fn send(
        &mut self,
        gitlab: &Gitlab,
        entry: &Entry,
        job: &Payload,
    ) -> Option<Answer> {
        let body = self.text.get(self.sent..).filter(|rest| !rest.is_empty())?;
        let call = Call {
            endpoint: "patch_trace",
            method: Method::PATCH,
            path: format!("jobs/{}/trace?debug_trace=false", job.id),
            headers: vec![
                ("job-token", job.token.clone()),
                (
                    "content-range",
                    format!("{}-{}", self.sent, self.text.len() - 1),
                ),
            ],
            content_type: "text/plain",
            body,
        };
        let answer = gitlab.call(entry, call).await.ok()?;
        if answer.status == StatusCode::ACCEPTED {
            self.sent = self.text.len();
        } else if answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
            self.sent = answer
                .stored_log()
                .unwrap_or(self.sent)
                .min(self.text.len());
        }
        Some(answer)
    }

    /// As in `crc32:1a2b3c4d`.
    pub(crate) fn checksum(&self) -> String {
        format!("crc32:{:08x}", crc32(self.text.as_bytes()))
    }
}

/// The IEEE polynomial, bit by bit: logs here are a few lines long.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksum_is_the_usual_crc32() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
