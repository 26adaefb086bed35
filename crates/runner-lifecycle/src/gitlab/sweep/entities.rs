//! Owns the runners, runner managers and pages of GitLab's lists as far as a sweep needs them. What a version of GitLab does not
//! say is nothing here, never a guess.

use std::time::SystemTime;

use reqwest::header::HeaderMap;
use serde_json::Value;

use runner_config::moment;

/// Whose runners are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunnersOf {
    /// `GET /runners/all`: of the whole instance; for administrators.
    Instance,
    /// `GET /runners`: those that the user of the token may administer.
    User,
    /// `GET /groups/:id/runners`: the group runners of this group and of those that it lies in.
    Group(i64),
    /// `GET /projects/:id/runners`: the project's own.
    Project(i64),
}

/// One page of a list of runners.
#[derive(Clone, Debug)]
pub struct Page {
    /// The runners on it.
    pub rows: Vec<RunnerRow>,
    /// `X-Page`: which page this is.
    pub number: u64,
    /// `X-Per-Page`: how many runners a full page has.
    pub size: u64,
    /// `X-Next-Page`: the next one; nothing on the last.
    pub next: Option<u64>,
    /// `X-Total`: how many runners the list has; GitLab does not count beyond 10,000.
    pub total: Option<u64>,
}

/// A runner in a list.
#[derive(Clone, Debug, Default)]
pub struct RunnerRow {
    /// Its number.
    pub id: i64,
    /// Whether it was contacted within two hours; nothing where it never was, or where that is not said.
    pub online: Option<bool>,
    /// GitLab's word for its state.
    pub status: Option<String>,
    /// When it was made; since about GitLab 18.
    pub created_at: Option<SystemTime>,
    /// `active` or `idle`; since about GitLab 18.
    pub job_execution_status: Option<String>,
}

/// A runner by its number.
#[derive(Clone, Debug)]
pub struct RunnerDetail {
    /// Its number.
    pub id: i64,
    /// When it was made; since about GitLab 18.
    pub created_at: Option<SystemTime>,
    /// `active` or `idle`; since about GitLab 18.
    pub job_execution_status: Option<String>,
    /// Its name in GitLab's list.
    pub description: Option<String>,
    /// The last contact. The outer one is nothing where GitLab does not say, the inner one where there was none.
    pub contacted_at: Option<Option<SystemTime>>,
    /// The maintenance note; nothing too where the user of the token may not read it.
    pub maintenance_note: Option<String>,
    /// The groups of a group runner.
    pub groups: Vec<Group>,
}

/// A group of a group runner.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its number.
    pub id: i64,
}

/// A runner manager of a runner.
#[derive(Clone, Debug)]
pub struct RunnerManager {
    /// Its system ID; `<legacy>` where none was sent.
    pub system_id: String,
    /// When it was first seen.
    pub created_at: Option<SystemTime>,
    /// The last contact, as with [`RunnerDetail::contacted_at`].
    pub contacted_at: Option<Option<SystemTime>>,
    /// `active` or `idle`; since about GitLab 18.
    pub job_execution_status: Option<String>,
}

impl RunnersOf {
    /// The path of the list, and the beginning of its query.
    pub(super) fn path(self) -> (String, &'static str) {
        match self {
            Self::Instance => ("runners/all".to_owned(), ""),
            Self::User => ("runners".to_owned(), ""),
            // Without the type these two hold the runners of the whole instance too.
            Self::Group(id) => (format!("groups/{id}/runners"), "type=group_type&"),
            Self::Project(id) => (format!("projects/{id}/runners"), "type=project_type&"),
        }
    }
}

impl Page {
    /// How many runners are asked for at once: the most that GitLab gives.
    pub const SIZE: u64 = 100;

    /// Nothing where the headers do not say which page it is, or whether there is another: `X-Next-Page` is there on the last
    /// page too, and empty.
    pub(super) fn of(rows: Vec<RunnerRow>, headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
        let number = |name: &str| text(name)?.parse().ok();
        let next = match text("x-next-page")? {
            "" => None,
            page => Some(page.parse().ok()?),
        };
        let page = Self {
            rows,
            number: number("x-page")?,
            size: number("x-per-page")?,
            next,
            total: number("x-total"),
        };
        Some(page)
    }
}

/// What is read from JSON; nothing where that is something else. A key that is not known counts for nothing.
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

impl FromJson for RunnerManager {
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
