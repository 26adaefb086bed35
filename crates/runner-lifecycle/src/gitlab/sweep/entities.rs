//! Owns the runners, runner managers and pages of GitLab's lists as far as a sweep needs them. What a version of GitLab does not
//! say is nothing here, never a guess.

use std::time::SystemTime;

use reqwest::header::HeaderMap;

/// Whose runners are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunnersOf {
    /// `GET /runners/all`: of the whole instance; for administrators.
    Instance,
    /// `GET /runners`: those that the user of the token may administer.
    User,
    /// `GET /groups/:id/runners`: the group runners of this group and of its parent groups.
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
pub struct ListedManager {
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
