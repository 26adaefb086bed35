//! Owns the text of the state file: how each thing that is remembered is written and read again. By hand rather than by derived
//! code, which took 90 KiB in each program. A key that this version does not know is ignored.

mod table;

use runner_config::moment;
use toml_edit::{DocumentMut, Item, Table};

use super::{
    OfFile, PauseByHand, Pending, Received, Rotation, Sent, State, StateEntry, Unanswered,
};
use crate::pod::Pod;
use crate::runner::Runner;
use crate::token::Token;
use table::{Misfit, Section, TableWriter};

/// The version of a state file; 0 where it has none, as an empty one.
pub(super) fn version(document: &Table) -> Result<i64, Misfit> {
    let root = Section::of(document, None);
    root.maybe("version", Item::as_integer)
        .map(Option::unwrap_or_default)
}

/// Reads a state from its document.
pub(super) fn read(document: &Table) -> Result<State, Misfit> {
    let root = Section::of(document, None);
    Ok(State {
        pod: root.section("pod", pod)?,
        pause: root.section("pause", pause)?,
        written: root.map("written")?,
        pending: root.section("pending", pending)?,
        rotation: root.section("rotation", rotation)?,
        lost_resets: root.sections("lost_reset", rotation)?,
        unanswered: root.sections("unanswered", unanswered)?,
        leaving: root.sections("leaving", runner)?,
        entries: root.sections("entry", entry)?,
        other_files: root.sections("file", of_file)?,
        ..State::default()
    })
}

/// The document of a state.
pub(super) fn write(state: &State, version: i64) -> DocumentMut {
    let mut document = DocumentMut::new();
    let mut root = TableWriter(document.as_table_mut());
    root.put("version", version);
    root.section("pod", state.pod.as_ref(), write_pod);
    let (usual, others) = state.written_by_file();
    root.section("pause", usual.pause.as_ref(), write_pause);
    root.map("written", usual.written.as_ref());
    root.section("pending", usual.pending.as_ref(), write_pending);
    root.section("rotation", state.rotation.as_ref(), write_rotation);
    root.sections("lost_reset", &state.lost_resets, write_rotation);
    root.sections("unanswered", &state.unanswered, |to, unanswered| {
        to.put("url", unanswered.url.as_str());
        write_asked(to, unanswered);
    });
    root.sections("leaving", &usual.leaving, write_runner);
    root.sections("entry", &state.all_entries(), write_entry);
    root.sections("file", &others, |to, of| {
        to.maybe("file", of.file.as_deref());
        to.section("pause", of.pause.as_ref(), write_pause);
        to.map("written", of.written.as_ref());
        to.section("pending", of.pending.as_ref(), write_pending);
        to.sections("leaving", &of.leaving, write_runner);
    });
    document
}

fn write_pod(to: &mut TableWriter<'_>, pod: &Pod) {
    to.maybe("namespace", pod.namespace.as_deref());
    to.maybe("name", pod.name.as_deref());
    to.maybe("uid", pod.uid.as_deref());
    to.maybe("hostname", pod.hostname.as_deref());
}

fn pod(from: &Section<'_>) -> Result<Pod, Misfit> {
    Ok(Pod {
        namespace: from.maybe_text("namespace")?,
        name: from.maybe_text("name")?,
        uid: from.maybe_text("uid")?,
        hostname: from.maybe_text("hostname")?,
    })
}

fn pause(from: &Section<'_>) -> Result<PauseByHand, Misfit> {
    Ok(PauseByHand {
        by: from.text("by")?,
        at: from.text("at")?,
    })
}

fn write_pause(to: &mut TableWriter<'_>, pause: &PauseByHand) {
    to.put("by", pause.by.as_str());
    to.put("at", pause.at.as_str());
}

fn of_file(from: &Section<'_>) -> Result<OfFile, Misfit> {
    Ok(OfFile {
        file: Some(from.text("file")?),
        pause: from.section("pause", pause)?,
        written: from.map("written")?,
        pending: from.section("pending", pending)?,
        leaving: from.sections("leaving", runner)?,
    })
}

fn write_rotation(to: &mut TableWriter<'_>, rotation: &Rotation) {
    to.put("url", rotation.url.as_str());
    to.put("id", rotation.id);
    to.put("of", rotation.of.as_str());
    to.put("at", rotation.at.as_str());
    to.maybe("token", rotation.token.as_ref().map(Token::expose));
    to.maybe("expires_at", rotation.expires_at.as_deref());
}

fn rotation(from: &Section<'_>) -> Result<Rotation, Misfit> {
    Ok(Rotation {
        url: from.text("url")?,
        id: from.integer("id")?,
        of: from.text("of")?,
        at: from.text("at")?,
        token: from.token()?,
        expires_at: from.maybe_text("expires_at")?,
    })
}

fn unanswered(from: &Section<'_>) -> Result<Unanswered, Misfit> {
    Ok(Unanswered {
        url: from.text("url")?,
        description: from.text("description")?,
        asked_at: from.text("asked_at")?,
    })
}

fn write_asked(to: &mut TableWriter<'_>, unanswered: &Unanswered) {
    to.put("description", unanswered.description.as_str());
    to.put("asked_at", unanswered.asked_at.as_str());
}

fn runner(from: &Section<'_>) -> Result<Runner, Misfit> {
    Ok(Runner {
        url: from.text("url")?,
        id: from.integer("id")?,
        source: from.source()?,
        token: from.required(from.token()?)?,
    })
}

fn write_runner(to: &mut TableWriter<'_>, runner: &Runner) {
    to.put("url", runner.url.as_str());
    to.put("id", runner.id);
    to.put("source", runner.source.name());
    to.put("token", runner.token.expose());
}

fn write_pending(to: &mut TableWriter<'_>, pending: &Pending) {
    match pending {
        Pending::Creation { source, asked } => {
            to.put("step", "creation");
            to.put("url", asked.url.as_str());
            to.put("source", source.name());
            write_asked(to, asked);
        }
        Pending::Received(received) => {
            let runner = &received.runner;
            to.put("step", "received");
            to.put("url", runner.url.as_str());
            to.put("source", runner.source.name());
            to.put("id", runner.id);
            to.put("token", runner.token.expose());
            to.put("obtained_at", received.obtained_at.as_str());
            to.maybe("expires_at", received.expires_at.as_deref());
            to.maybe("name", received.name.as_deref());
            to.flag("name_given", received.name_given);
            to.section("sent", received.sent.as_ref(), write_sent);
        }
    }
}

fn pending(from: &Section<'_>) -> Result<Pending, Misfit> {
    match from.text("step")?.as_str() {
        "creation" => Ok(Pending::Creation {
            source: from.source()?,
            asked: unanswered(from)?,
        }),
        "received" => Ok(Pending::Received(Received {
            runner: runner(from)?,
            obtained_at: from.text("obtained_at")?,
            expires_at: from.maybe_text("expires_at")?,
            name: from.maybe_text("name")?,
            name_given: from.flag("name_given")?,
            sent: from.section("sent", sent)?,
        })),
        _ => Err(from.place("step")),
    }
}

fn write_entry(to: &mut TableWriter<'_>, entry: &StateEntry) {
    to.maybe("file", entry.file.as_deref());
    to.put("url", entry.url.as_str());
    to.put("id", entry.id);
    to.maybe("name", entry.name.as_deref());
    to.put("source", entry.source.name());
    to.flag("adopted", entry.adopted);
    to.flag("refused", entry.refused);
    to.maybe("token", entry.token.as_ref().map(Token::expose));
    to.maybe("fingerprint", entry.fingerprint.as_deref());
    to.moment("token_obtained_at", entry.token_obtained_at);
    to.moment("token_expires_at", entry.token_expires_at);
    to.section("pod", entry.pod.as_ref(), write_pod);
    to.section("sent", entry.sent.as_ref(), write_sent);
    to.map("written", entry.written.as_ref());
}

fn entry(from: &Section<'_>) -> Result<StateEntry, Misfit> {
    Ok(StateEntry {
        file: from.maybe_text("file")?,
        url: from.text("url")?,
        id: from.integer("id")?,
        name: from.maybe_text("name")?,
        source: from.source()?,
        adopted: from.flag("adopted")?,
        refused: from.flag("refused")?,
        token: from.token()?,
        fingerprint: from.maybe_text("fingerprint")?,
        token_obtained_at: from.maybe("token_obtained_at", moment::of_item)?,
        token_expires_at: from.maybe("token_expires_at", moment::of_item)?,
        pod: from.section("pod", pod)?,
        sent: from.section("sent", sent)?,
        written: from.map("written")?,
    })
}

fn write_sent(to: &mut TableWriter<'_>, sent: &Sent) {
    to.put("tags", sent.tags.as_str());
    to.put("run_untagged", sent.run_untagged);
    to.put("locked", sent.locked);
    to.put("paused", sent.paused);
    to.maybe("access_level", sent.access_level.as_deref());
    to.put("maximum_timeout", sent.maximum_timeout);
    to.maybe("maintenance_note", sent.maintenance_note.as_deref());
    to.maybe("mark", sent.mark.as_deref());
}

fn sent(from: &Section<'_>) -> Result<Sent, Misfit> {
    Ok(Sent {
        tags: from.text("tags")?,
        run_untagged: from.flag("run_untagged")?,
        locked: from.flag("locked")?,
        paused: from.flag("paused")?,
        access_level: from.maybe_text("access_level")?,
        maximum_timeout: from
            .maybe("maximum_timeout", Item::as_integer)?
            .unwrap_or_default(),
        maintenance_note: from.maybe_text("maintenance_note")?,
        mark: from.maybe_text("mark")?,
    })
}
