//! Owns how plan and result look on stdout: a table for people, JSON for programs. Decides nothing.

use std::time::SystemTime;

use runner_config::shown::without_tokens;
use runner_lifecycle::duration::show;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::report::misleads;
use runner_lifecycle::stdout;
use runner_lifecycle::terminal::{Cell, Style, Terminal};
use serde::Serialize;

use super::done::Done;
use super::plan::{PlanRow, SweepPlan, Target};
use super::rules::{Due, KeepReason};
use crate::args::sweep::{Of, Output, Sweep};

/// Version of the JSON objects; it changes when a key goes or gets another meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct PlanObject<'a> {
    version: u32,
    kind: &'static str,
    url: String,
    fleet: &'a str,
    of: String,
    older_than_seconds: u64,
    most: usize,
    yes: bool,
    listed: u64,
    looked_at: u64,
    requests: u64,
    delete: Vec<RowObject<'a>>,
    more_due: u64,
    keep: Vec<RowObject<'a>>,
    kept: std::collections::BTreeMap<&'static str, u64>,
    not_known: &'a [String],
}

#[derive(Serialize)]
struct RowObject<'a> {
    runner: i64,
    system_id: Option<&'a str>,
    name: Option<&'a str>,
    pod: Option<&'a str>,
    why: &'static str,
    since: Option<String>,
}

#[derive(Serialize)]
struct ResultObject<'a> {
    version: u32,
    kind: &'static str,
    deleted: Vec<RowObject<'a>>,
    gone: Vec<RowObject<'a>>,
    kept: Vec<RowObject<'a>>,
    failed: Vec<RowObject<'a>>,
    left: u64,
    ended_early: bool,
}

/// Shows the plan.
pub(super) fn plan(sweep: &Sweep, plan: &SweepPlan) -> Result<(), Failure> {
    match sweep.output {
        Output::Table => stdout::print(&table(sweep, plan)),
        Output::Json => line(&PlanObject {
            version: VERSION,
            kind: "plan",
            url: sweep.endpoint.to_string(),
            fleet: sweep.fleet.as_str(),
            of: of(&sweep.of),
            older_than_seconds: sweep.older_than.as_secs(),
            most: sweep.most,
            yes: sweep.yes,
            listed: plan.listed,
            looked_at: plan.looked_at,
            requests: plan.requests,
            delete: plan.due.iter().map(due_object).collect(),
            more_due: plan.more_due,
            keep: plan.kept.iter().map(kept_object).collect(),
            kept: plan
                .counts
                .iter()
                .map(|(why, count)| (why.word(), *count))
                .collect(),
            not_known: &plan.not_known,
        }),
    }
}

/// Shows what became of it; for people the log has said it already.
pub(super) fn result(sweep: &Sweep, done: &Done) -> Result<(), Failure> {
    if sweep.output != Output::Json {
        return Ok(());
    }
    line(&ResultObject {
        version: VERSION,
        kind: "result",
        deleted: done.deleted.iter().map(due_object).collect(),
        gone: done.gone.iter().map(due_object).collect(),
        kept: done.kept.iter().map(kept_object).collect(),
        failed: done.failed.iter().map(due_object).collect(),
        left: done.left,
        ended_early: done.early.is_some(),
    })
}

fn due_object(row: &PlanRow<Due>) -> RowObject<'_> {
    object(row, row.why.word(), Some(moment(row.why.since())))
}

fn kept_object(row: &PlanRow<KeepReason>) -> RowObject<'_> {
    object(row, row.why.word(), None)
}

fn object<'a, Why>(
    row: &'a PlanRow<Why>,
    why: &'static str,
    since: Option<String>,
) -> RowObject<'a> {
    RowObject {
        runner: row.target.runner(),
        system_id: row.target.system_id().map(|id| id.as_str()),
        name: row.name.as_deref(),
        pod: row.pod.as_deref(),
        why,
        since,
    }
}

fn of(of: &Of) -> String {
    use runner_lifecycle::gitlab::RunnersOf;
    match of {
        Of::Everywhere => "everywhere".to_owned(),
        Of::List(RunnersOf::Group(id)) => format!("group {id}"),
        Of::List(RunnersOf::Project(id)) => format!("project {id}"),
        Of::List(RunnersOf::Instance) => "instance".to_owned(),
        Of::List(RunnersOf::User) => "user".to_owned(),
        Of::Runner { id, .. } => format!("runner {id}"),
    }
}

fn table(sweep: &Sweep, plan: &SweepPlan) -> String {
    let first = if matches!(sweep.of, Of::Runner { .. }) {
        "RUNNER MANAGER"
    } else {
        "RUNNER"
    };
    let mut rows = vec![[first, "NAME", "POD", "SINCE", "PLAN", "WHY"].map(str::to_owned)];
    for row in &plan.due {
        let since = moment(row.why.since());
        rows.push(cells(row, since, "delete", row.why.words(plan.now)));
    }
    for row in &plan.kept {
        let why = match row.why {
            KeepReason::Contacted(ago) => format!("contacted {} ago", show(ago)),
            other => other.words().to_owned(),
        };
        rows.push(cells(row, "-".to_owned(), "keep", why));
    }
    let mut text = if rows.len() > 1 {
        aligned(&rows)
    } else {
        String::new()
    };
    for (why, count) in &plan.counts {
        text.push_str(&format!("{count} kept: {}\n", why.words()));
    }
    for line in &plan.not_known {
        text.push_str(&format!("not known: {line}\n"));
    }
    let most = sweep.most;
    let more = match plan.more_due {
        0 => String::new(),
        more => format!(", {more} more in later runs (--most {most})"),
    };
    text.push_str(&format!(
        "{} to delete{more}; fleet {}, no contact for {}; {} listed, {} checked, {} requests\n",
        plan.due.len(),
        sweep.fleet,
        show(sweep.older_than),
        plan.listed,
        plan.looked_at,
        plan.requests,
    ));
    text
}

fn cells<Why>(row: &PlanRow<Why>, since: String, plan: &str, why: String) -> [String; 6] {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), plain);
    [
        row.target.short(),
        text(&row.name),
        text(&row.pod),
        since,
        plan.to_owned(),
        why,
    ]
}

/// Names at GitLab are anybody's text: nothing in them moves the cursor, and none is longer than a name.
fn plain(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if misleads(c) { ' ' } else { c })
        .take(40)
        .collect();
    let text = without_tokens(&text).trim().to_owned();
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

/// A line is never cut: what is to be deleted is shown in full.
fn aligned(rows: &[[String; 6]]) -> String {
    let cell = |text: &String| Cell::new(text.as_str(), Style::Plain);
    let rows: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    Terminal::default().table(&rows, 0)
}

fn moment(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}

fn line(object: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(object).unwrap_or_default();
    text.push('\n');
    stdout::print(&text)
}

/// What a log line calls a row.
pub(super) fn called<Why>(row: &PlanRow<Why>) -> String {
    let name = match (&row.target, &row.pod) {
        (Target::Runner(_), Some(pod)) => format!(" of pod {}", plain(pod)),
        _ => String::new(),
    };
    format!("{}{name}", row.target.words())
}
