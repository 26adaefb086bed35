//! Owns `GET /runners/:id/jobs`: what ran on a runner, as far as the user may see it.

use serde_json::Value;

use super::by_id::{READ, find, granted};
use super::pages::Page;
use super::{entities, rights, user};
use crate::answer::Handled;
use crate::job::JobView;
use crate::request::Request;
use crate::state::State;

const STATUSES: [&str; 12] = [
    "created",
    "waiting_for_resource",
    "preparing",
    "pending",
    "running",
    "success",
    "failed",
    "canceling",
    "canceled",
    "skipped",
    "manual",
    "scheduled",
];

pub(super) fn list(state: &State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    let mut params = request.params()?;
    let page = Page::read(&mut params);
    let one_of = |words: &'static [&'static str]| {
        move |word: &str| words.iter().copied().find(|own| *own == word)
    };
    let status = params.word("status", one_of(&STATUSES));
    let order = params.word("order_by", one_of(&["id"]));
    let sort = params.word("sort", one_of(&["asc", "desc"]));
    let system_id = params.text("system_id");
    let keyset = params.text("pagination").as_deref() == Some("keyset");
    let cursor = params.present_text("cursor");
    params.check()?;
    let runner = find(state, id)?;
    granted(rights::may_read_jobs(&user, &state.settings, runner))?;

    let shown = |job: &&JobView| {
        job.runner_id == Some(runner.id)
            && status.is_none_or(|status| job.status.as_str() == status)
            && (system_id.is_none() || job.system_id == system_id)
            && rights::sees_jobs_of(&user, &state.settings, job.project_id)
    };
    let mut rows: Vec<Value> = state
        .jobs
        .iter()
        .filter(shown)
        .map(|job| entities::job(state, job))
        .collect();
    // Newest last, unless an order was asked for: that one is descending by itself.
    if order.is_some() && sort != Some("asc") {
        rows.reverse();
    }
    Ok(if keyset {
        page.keyset(rows, request, cursor.as_deref())
    } else {
        page.answer(&rows, Value::clone, request, system_id.is_none())
    })
}
