//! Owns the story of `status`: what is true now on a volume, of its runner manager and at GitLab. It changes nothing: no file is
//! written, no lock kept, no signal sent, and GitLab is asked nothing that could make a record there.
//!
//! `look` gathers [`facts`], [`judgement`] says which of them are problems, `text` and `json` show both.

use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::stdout;
use runner_lifecycle::terminal::Terminal;

use crate::args::Options;
use crate::args::status::Status;
use crate::stops::Stops;

mod ask;
mod entries;
pub(crate) mod facts;
mod json;
pub(crate) mod judgement;
mod look;
mod manager;
mod text;

/// Runs it.
pub(crate) async fn run(options: &Options, asked: &Status, stops: &Stops) -> anyhow::Result<Exit> {
    let facts = tokio::select! {
        biased;
        facts = look::look(options, asked) => facts?,
        () = stops.reached(1) => return Err(Failure::unreachable("stopped by a signal").into()),
    };
    let problems = judgement::judge(&facts);
    let exit = judgement::exit_of(&problems);
    let shown = match asked.json {
        true => json::of(&facts, &problems, exit),
        false => text::of(
            &facts,
            &problems,
            exit,
            Terminal::of_stdout(&options.environment),
        ),
    };
    stdout::print(&shown)?;
    Ok(exit)
}
