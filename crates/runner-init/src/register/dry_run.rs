//! Owns what `--dry-run` says: what would be asked and written, with every secret masked. It asks and writes nothing.

use anyhow::Context as _;
use runner_config::diff::diff;
use runner_config::mask::masked;
use runner_config::shown::without_tokens;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::session::Session;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::token::Token;
use toml_edit::{ArrayOfTables, DocumentMut, Item};

use super::clock;
use super::contents::Contents;
use super::existing::Ours;
use super::give_back::Previous;
use super::plan::Plan;
use super::registration::Registration;
use super::said::{Replacement, Shown};
use crate::args::Credential;

const MASK: &str = "***";

/// The requests as comments and the file as it would be, or both as JSON.
pub(super) async fn text(plan: &mut Plan<'_>, deadline: Deadline) -> anyhow::Result<String> {
    let session = Session::look(plan.files()?, plan.intent(), deadline).await?;
    let files = Contents::of(&session, plan)?;
    super::inherit::from(plan, &files);
    let plan = &*plan;
    let ours = files.ours(plan);
    // An entry that has the given token keeps its runner.
    let anew = ours
        .as_ref()
        .filter(|ours| plan.options.anew && !has_given_token(plan, ours));
    let requests = match anew {
        Some(ours) => requests_anew(plan, ours),
        None => requests(plan, ours.is_some()),
    };
    let runner = Runner {
        url: plan.wish.url.clone(),
        id: ours.as_ref().filter(|_| anew.is_none()).map_or(0, Ours::id),
        source: plan.options.credential.source(),
        token: Token::new(MASK).context("masking")?,
    };
    let registration = Registration {
        place: ours.as_ref().and_then(|ours| ours.place),
        known: ours
            .as_ref()
            .and_then(|ours| ours.known.clone().map(Box::new)),
        kept: anew.is_none() && ours.as_ref().is_some_and(|ours| !ours.token_is_lost),
        ..Registration::new(runner, clock::now(), None)
    };
    let last = files.last(&registration, plan);
    let (config, outcome) = files.edited(plan, &registration, &last, || super::port::DEFAULT)?;
    let after = masked(&with_id_to_come(config.document()));
    let before = files.there().map(|before| masked(before.document()));
    if plan.options.json {
        for line in &outcome.lines {
            log::warn!("{line}");
        }
        let there = config.entries(&|name| plan.variable(name));
        let system_id = session.files.system_id();
        let said = Replacement {
            file: files.path().display().to_string(),
            entry: registration.name_in(&there).to_owned(),
            registration: &registration,
            system_id: system_id.as_ref(),
            previous: anew
                .into_iter()
                .filter_map(|ours| loses(plan, ours))
                .collect(),
            plan: Some(Shown {
                requests,
                changes: diff(&before.unwrap_or_default(), &after),
            }),
        };
        return Ok(said.text());
    }
    let mut text = String::from("# Dry run: nothing was sent to GitLab and nothing was written.\n");
    for request in requests {
        text.push_str(&format!("# would send: {request}\n"));
    }
    let path = plan.options.config.display();
    text.push_str(&format!("# would write: {path}\n"));
    for line in outcome.lines {
        text.push_str(&format!("# {line}\n"));
    }
    let mut text = without_tokens(&text).into_owned();
    match before.map(|before| diff(&before, &after)) {
        Some(change) if change.is_empty() => text.push_str("# nothing to change\n"),
        Some(change) => text.push_str(&change),
        None => text.push_str(&after),
    }
    Ok(text)
}

/// The document with a word beside the ID that only GitLab's answer tells.
fn with_id_to_come(document: &DocumentMut) -> DocumentMut {
    let mut document = document.clone();
    let entries = document
        .get_mut("runners")
        .and_then(Item::as_array_of_tables_mut);
    for entry in entries.into_iter().flat_map(ArrayOfTables::iter_mut) {
        let is_new = entry.get("token").and_then(Item::as_str) == Some(MASK);
        if let Some(id) = entry.get_mut("id").and_then(Item::as_value_mut)
            && is_new
            && id.as_integer() == Some(0)
        {
            id.decor_mut().set_suffix(" # GitLab tells the ID");
        }
    }
    document
}

fn has_given_token(plan: &Plan<'_>, ours: &Ours) -> bool {
    match &plan.options.credential {
        Credential::AuthenticationToken(given) => ours.entry.token.as_ref() == Some(given),
        _ => false,
    }
}

/// The runner that would lose its entry; one without a token cannot be unregistered.
fn loses(plan: &Plan<'_>, ours: &Ours) -> Option<Previous> {
    let source = ours.origin(plan.options.credential.source()).source;
    Some(Previous {
        runner: Runner {
            url: ours.entry.url.clone(),
            id: ours.id(),
            source,
            token: ours.entry.token.clone()?,
        },
        kept: Some(format!("would be unregistered {}", when(source))),
    })
}

/// When a runner that loses its entry goes.
fn when(source: Source) -> &'static str {
    match source.ownership() {
        Ownership::Owned => "once its jobs are done",
        Ownership::Shared => "once a running runner manager has loaded the file",
    }
}

/// The requests for an entry that gets another runner.
fn requests_anew(plan: &Plan<'_>, ours: &Ours) -> Vec<String> {
    let id = ours.id();
    let source = ours.origin(plan.options.credential.source()).source;
    let path = match source.ownership() {
        Ownership::Owned => "runners",
        Ownership::Shared => "runners/managers",
    };
    let when = when(source);
    let mut all = vec![format!(
        "{} for the existing entry",
        call(plan, "POST", "runners/verify")
    )];
    all.extend(requests(plan, false));
    all.push(format!(
        "{} for runner {id}, whose entry is replaced, {when}",
        call(plan, "DELETE", path)
    ));
    all
}

fn call(plan: &Plan<'_>, method: &str, path: &str) -> String {
    format!("{method} {}/api/v4/{path}", plan.endpoint)
}

fn requests(plan: &Plan<'_>, known: bool) -> Vec<String> {
    let call = |method: &str, path: &str| call(plan, method, path);
    let verify = call("POST", "runners/verify");
    let about = &plan.attributes;
    let like = format!(
        "description {:?}, tags {:?}, untagged jobs {}, locked {}, paused {}",
        about.description, about.tag_list, about.run_untagged, about.locked, about.paused
    );
    let new = match &plan.options.credential {
        Credential::AuthenticationToken(_) => vec![verify.clone()],
        Credential::AccessToken { .. } => {
            vec![
                format!("{}, {like}", call("POST", "user/runners")),
                verify.clone(),
            ]
        }
        Credential::RegistrationToken(_) => vec![format!("{}, {like}", call("POST", "runners"))],
    };
    if !known {
        return new;
    }
    let otherwise = new.join(", then ");
    vec![
        format!("{verify} for the existing entry"),
        format!("only if that is refused: {otherwise}"),
    ]
}
