//! Owns how points in time and spans are written in JSON; never reads a clock.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

/// GitLab's form: ISO 8601 in UTC with milliseconds.
pub(crate) fn show(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// A timestamp as a JSON string, or null.
pub(crate) fn json(at: Option<SystemTime>) -> Value {
    at.map_or(Value::Null, |at| Value::String(show(at)))
}

/// A `SystemTime` field in GitLab's form.
pub(crate) mod instant {
    use super::{Serializer, SystemTime, show};

    pub(crate) fn serialize<S: Serializer>(at: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&show(*at))
    }
}

/// An optional `SystemTime` field in GitLab's form.
pub(crate) mod maybe_instant {
    use super::{Serializer, SystemTime, show};

    pub(crate) fn serialize<S: Serializer>(
        at: &Option<SystemTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.serialize_str(&show(*at)),
            None => to.serialize_none(),
        }
    }
}

/// A `Duration` field as seconds, fractions allowed.
pub(crate) mod seconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(span.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}

/// An optional `Duration` field as seconds or null.
pub(crate) mod maybe_seconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        span: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => to.serialize_f64(span.as_secs_f64()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Option::<f64>::deserialize(from)?
            .map(Duration::try_from_secs_f64)
            .transpose()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_utc_with_milliseconds() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_641_911_964_000);
        assert_eq!(show(at), "2022-01-11T14:39:24.000Z");
        assert_eq!(json(None), Value::Null);
    }
}
