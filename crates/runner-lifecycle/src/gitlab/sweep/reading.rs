//! Owns how runners and runner managers are read from GitLab's JSON. A key that is not known counts for nothing; a known one that
//! holds something else makes the answer one that is not understood.

use std::time::SystemTime;

use runner_config::moment;
use serde_json::Value;

use super::entities::{Group, ListedManager, RunnerDetail, RunnerRow};

/// What is read from JSON; nothing where that is something else.
pub(in crate::gitlab) trait FromJson: Sized {
    fn from_json(json: &Value) -> Option<Self>;
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Value) -> Option<Self> {
        json.as_array()?.iter().map(T::from_json).collect()
    }
}

/// Whatever it is: only that it is there counts.
impl FromJson for () {
    fn from_json(_: &Value) -> Option<Self> {
        Some(())
    }
}

impl FromJson for RunnerRow {
    fn from_json(json: &Value) -> Option<Self> {
        Some(Self {
            id: json.get("id")?.as_i64()?,
            online: maybe(json, "online", Value::as_bool)?,
            status: text(json, "status")?,
            created_at: moment_of(json, "created_at")?,
            job_execution_status: text(json, "job_execution_status")?,
        })
    }
}

impl FromJson for RunnerDetail {
    fn from_json(json: &Value) -> Option<Self> {
        Some(Self {
            id: json.get("id")?.as_i64()?,
            created_at: moment_of(json, "created_at")?,
            job_execution_status: text(json, "job_execution_status")?,
            description: text(json, "description")?,
            contacted_at: contact(json)?,
            maintenance_note: text(json, "maintenance_note")?,
            groups: json
                .get("groups")
                .map_or(Some(Vec::new()), Vec::from_json)?,
        })
    }
}

impl FromJson for Group {
    fn from_json(json: &Value) -> Option<Self> {
        let id = json.get("id")?.as_i64()?;
        Some(Self { id })
    }
}

impl FromJson for ListedManager {
    fn from_json(json: &Value) -> Option<Self> {
        Some(Self {
            system_id: json.get("system_id")?.as_str()?.to_owned(),
            created_at: moment_of(json, "created_at")?,
            contacted_at: contact(json)?,
            job_execution_status: text(json, "job_execution_status")?,
        })
    }
}

/// A value that may be missing or null, and must be right where it is there.
fn maybe<'a, T>(json: &'a Value, key: &str, read: fn(&'a Value) -> Option<T>) -> Option<Option<T>> {
    match json.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn text(json: &Value, key: &str) -> Option<Option<String>> {
    Some(maybe(json, key, Value::as_str)?.map(str::to_owned))
}

/// A text that is no moment counts as not said.
fn moment_of(json: &Value, key: &str) -> Option<Option<SystemTime>> {
    Some(maybe(json, key, Value::as_str)?.and_then(moment::of_text))
}

/// As with [`RunnerDetail::contacted_at`].
fn contact(json: &Value) -> Option<Option<Option<SystemTime>>> {
    const KEY: &str = "contacted_at";
    match json.get(KEY) {
        Some(Value::Null) => Some(Some(None)),
        _ => Some(moment_of(json, KEY)?.map(Some)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(json: &str) -> Option<RunnerDetail> {
        RunnerDetail::from_json(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn never_contacted_and_not_said_are_two_things() {
        fn check(json: &str, want: Option<Option<u64>>) {
            let detail = detail(json).unwrap();
            let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let got = detail
                .contacted_at
                .map(|at| at.map(|at| seconds(at).as_secs()));
            assert_eq!(got, want, "{json}");
        }
        check(r#"{"id":1}"#, None);
        check(r#"{"id":1,"contacted_at":null}"#, Some(None));
        check(r#"{"id":1,"contacted_at":"yesterday"}"#, None);
        let at = Some(Some(1_795_661_309));
        check(r#"{"id":1,"contacted_at":"2026-11-26T02:48:29.000Z"}"#, at);
        check(
            r#"{"id":1,"contacted_at":"2026-11-26T04:48:29.123+02:00"}"#,
            at,
        );
    }

    #[test]
    fn a_runner_without_its_number_is_no_runner() {
        for json in [r#"{"online":false}"#, "[]", "null", r#"{"id":"7"}"#] {
            assert!(detail(json).is_none(), "{json}");
        }
    }

    #[test]
    fn what_is_not_said_is_nothing_and_what_is_said_wrongly_is_no_runner() {
        let said = detail(r#"{"id":1,"description":null,"more":[{}]}"#).unwrap();
        assert_eq!((said.description, said.created_at), (None, None));
        assert!(said.groups.is_empty());
        for wrong in [
            r#"{"id":1,"description":7}"#,
            r#"{"id":1,"created_at":7}"#,
            r#"{"id":1,"contacted_at":7}"#,
            r#"{"id":1,"groups":null}"#,
            r#"{"id":1,"groups":[{"id":"1"}]}"#,
        ] {
            assert!(detail(wrong).is_none(), "{wrong}");
        }
    }
}
