//! Owns faults that a test orders: which calls they strike and what happens to those; never strikes by itself.

mod pattern;
mod plan;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use pattern::matches;
pub(crate) use plan::{Plan, Strike};

use crate::moment;

/// Something that shall go wrong with the next matching calls. Without an effect it lets them pass, only delayed.
///
/// ```
/// # use gitlab_simulator::Fault;
/// let three_times_busy = Fault::on("POST /runners/verify").times(3).status(503).header("Retry-After", "1");
/// let lost_answer = Fault::on("DELETE /runners").drop_after();
/// let bad_weather = Fault::on("*").forever().probability(0.2).reset_before();
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// `"METHOD /endpoint"` behind `/api/v4`; `*` stands for any characters; `"*"` alone for every call.
    pub on: String,
    /// How many calls it strikes; none is for ever.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// With which probability a matching call is struck; from the settings' seed, the same in each run.
    #[serde(default = "always")]
    pub probability: f64,
    /// Seconds to wait before the call is handled.
    #[serde(default, with = "moment::seconds")]
    pub delay_before: Duration,
    /// Seconds to wait after it was handled, before the answer.
    #[serde(default, with = "moment::seconds")]
    pub delay: Duration,
    /// What happens.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a fault does to a call. *Before* is before the call is handled: nothing changes. *After* is after: it is done, the answer is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Handled and answered as ever.
    Pass,
    /// Not handled; this answer instead.
    Answer {
        /// Status.
        status: u16,
        /// Header fields.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// JSON, or a string for a text body; null for GitLab's usual message.
        #[serde(default)]
        body: Value,
    },
    /// Not handled; connection closed.
    DropBefore,
    /// Handled; connection closed instead of an answer.
    DropAfter,
    /// Not handled; connection reset (RST).
    ResetBefore,
    /// Handled; connection reset instead of an answer.
    ResetAfter,
    /// Handled; head and half of the body arrive, then the connection closes.
    Truncate,
    /// Handled; the body arrives packed in gzip, whatever the client accepts.
    Gzip,
    /// Not handled; an HTML page, as a proxy in between shows.
    Html {
        /// Status of the page.
        #[serde(default = "ok")]
        status: u16,
    },
    /// Not handled; no answer until the client gives up.
    Hang,
    /// Handled; no answer until the client gives up.
    HangAfter,
}

impl Fault {
    /// A fault for one call of `"METHOD /endpoint"`.
    pub fn on(pattern: &str) -> Fault {
        Fault {
            on: pattern.to_owned(),
            times: Some(1),
            after: 0,
            probability: 1.0,
            delay_before: Duration::ZERO,
            delay: Duration::ZERO,
            effect: Effect::Pass,
        }
    }

    /// Strikes `count` calls.
    pub fn times(self, count: u32) -> Fault {
        Fault {
            times: Some(count),
            ..self
        }
    }

    /// Strikes until it is cleared.
    pub fn forever(self) -> Fault {
        Fault {
            times: None,
            ..self
        }
    }

    /// Lets `count` matching calls pass first.
    pub fn after(self, count: u32) -> Fault {
        Fault {
            after: count,
            ..self
        }
    }

    /// Strikes a matching call with this probability (0.0 to 1.0).
    pub fn probability(self, probability: f64) -> Fault {
        Fault {
            probability,
            ..self
        }
    }

    /// Waits between handling the call and answering it.
    pub fn delay(self, delay: Duration) -> Fault {
        Fault { delay, ..self }
    }

    /// Waits before handling the call.
    pub fn delay_before(self, delay_before: Duration) -> Fault {
        Fault {
            delay_before,
            ..self
        }
    }

    /// Answers with this status and GitLab's usual body for it, without handling the call.
    pub fn status(self, status: u16) -> Fault {
        let (headers, body) = match self.effect {
            Effect::Answer { headers, body, .. } => (headers, body),
            _ => (BTreeMap::new(), Value::Null),
        };
        Fault {
            effect: Effect::Answer {
                status,
                headers,
                body,
            },
            ..self
        }
    }

    /// Adds a header to the answer ([`status`](Fault::status) first).
    pub fn header(mut self, name: &str, value: &str) -> Fault {
        if let Effect::Answer { headers, .. } = &mut self.effect {
            headers.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Sets the text body of the answer ([`status`](Fault::status) first).
    pub fn body(self, text: &str) -> Fault {
        self.json(Value::String(text.to_owned()))
    }

    /// Sets the JSON body of the answer ([`status`](Fault::status) first).
    pub fn json(mut self, value: Value) -> Fault {
        if let Effect::Answer { body, .. } = &mut self.effect {
            *body = value;
        }
        self
    }

    /// Closes the connection; the call is not handled.
    pub fn drop_before(self) -> Fault {
        self.effect(Effect::DropBefore)
    }

    /// Handles the call, then closes the connection: the answer is lost.
    pub fn drop_after(self) -> Fault {
        self.effect(Effect::DropAfter)
    }

    /// Resets the connection; the call is not handled.
    pub fn reset_before(self) -> Fault {
        self.effect(Effect::ResetBefore)
    }

    /// Handles the call, then resets the connection.
    pub fn reset_after(self) -> Fault {
        self.effect(Effect::ResetAfter)
    }

    /// Handles the call and sends half of the body.
    pub fn truncate(self) -> Fault {
        self.effect(Effect::Truncate)
    }

    /// Handles the call and packs the answer in gzip.
    pub fn gzip(self) -> Fault {
        self.effect(Effect::Gzip)
    }

    /// Answers with an HTML page and status 200; the call is not handled.
    pub fn html(self) -> Fault {
        self.effect(Effect::Html { status: 200 })
    }

    /// Never answers; the call is not handled.
    pub fn hang(self) -> Fault {
        self.effect(Effect::Hang)
    }

    /// Handles the call and never answers.
    pub fn hang_after(self) -> Fault {
        self.effect(Effect::HangAfter)
    }

    /// Sets what happens.
    pub fn effect(self, effect: Effect) -> Fault {
        Fault { effect, ..self }
    }
}

fn once() -> Option<u32> {
    Some(1)
}

fn always() -> f64 {
    1.0
}

fn ok() -> u16 {
    200
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_flat_json() {
        let text = r#"{"on": "DELETE /runners", "times": null, "delay": 0.5, "effect": "answer", "status": 503}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault.times, None);
        assert_eq!(fault.delay, Duration::from_millis(500));
        assert_eq!(
            fault.effect,
            Effect::Answer {
                status: 503,
                headers: BTreeMap::new(),
                body: Value::Null
            }
        );
    }
}
