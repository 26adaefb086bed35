//! Owns what `--dry-run` prints: what would be asked and written, with every secret masked. It asks and writes nothing.

use anyhow::Context as _;
use runner_config::diff::diff;
use runner_config::mask::masked;
use runner_config::shown::without_tokens;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::session::Session;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::stdout;
use runner_lifecycle::token::Token;

use super::clock;
use super::contents::Contents;
use super::existing::Ours;
use super::plan::Plan;
use super::registration::Registration;
use crate::args::Credential;

const MASK: &str = "***";

/// Prints the requests as comments and the file as it would be.
pub(super) fn show(plan: &mut Plan<'_>) -> anyhow::Result<()> {
    let session = Session::look(plan.files()?)?;
    let files = Contents::of(&session, plan)?;
    super::inherit::from(plan, &files);
    let plan = &*plan;
    let ours = files.ours(plan);
    let mut text = String::from("# Dry run: nothing was sent to GitLab and nothing was written.\n");
    let anew = ours.as_ref().filter(|_| plan.options.anew);
    let requests = match anew {
        Some(ours) => requests_anew(plan, ours),
        None => requests(plan, ours.is_some()),
    };
    for request in requests {
        text.push_str(&format!("# would send: {request}\n"));
    }
    text.push_str(&format!(
        "# would write: {}\n",
        plan.options.config.display()
    ));
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
    for line in outcome.lines {
        text.push_str(&format!("# {line}\n"));
    }
    let mut text = without_tokens(&text).into_owned();
    let after = masked(config.document());
    match files.there() {
        Some(before) => {
            let change = diff(&masked(before.document()), &after);
            let nothing = "# nothing to change\n".to_owned();
            text.push_str(
                &Some(change)
                    .filter(|change| !change.is_empty())
                    .unwrap_or(nothing),
            );
        }
        None => text.push_str(&after),
    }
    Ok(stdout::print(&text)?)
}

/// The requests for an entry that gets another runner.
fn requests_anew(plan: &Plan<'_>, ours: &Ours) -> Vec<String> {
    let id = ours.id();
    let source = ours.origin(plan.options.credential.source()).source;
    let (path, when) = match source.ownership() {
        Ownership::Owned => ("runners", "once its jobs are done"),
        Ownership::Shared => (
            "runners/managers",
            "once a running runner manager has loaded the file",
        ),
    };
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
