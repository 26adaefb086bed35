//! Owns the values of which gitlab-runner refuses to load a file although their types are right. Pure.

use toml_edit::{Item, TableLike};

use crate::elements::{Mismatch, elements, start};
use crate::place::get;

/// Most labels of one entry, the file's own among them.
const MOST_LABELS: usize = 32;

/// What gitlab-runner wants of such a volume. It reads these keys itself, so that the case of their letters counts.
const NFS: [&str; 4] = ["name", "mount_path", "server", "path"];

/// Checks a file whose types have been checked.
pub(super) fn check(root: &dyn TableLike) -> Result<(), Mismatch> {
    let everywhere = labels(root, "labels")?;
    let entries = get(root, "runners").and_then(elements);
    for entry in entries.unwrap_or_default() {
        let own = labels(entry, "runners.labels")?;
        let more = own.iter().filter(|label| !everywhere.contains(label));
        if everywhere.len() + more.count() > MOST_LABELS {
            let offset = get(entry, "labels").and_then(start);
            let message = format!("more than {MOST_LABELS} labels, including the global ones");
            return Err(wrong("runners.labels", offset, message));
        }
        machine(entry)?;
        monitoring(entry)?;
        nfs(entry)?;
    }
    Ok(())
}

/// The names of a table's labels.
fn labels<'a>(table: &'a dyn TableLike, path: &str) -> Result<Vec<&'a str>, Mismatch> {
    let labels = get(table, "labels").and_then(Item::as_table_like);
    let mut names = Vec::new();
    for (name, value) in labels.into_iter().flat_map(TableLike::iter) {
        if !(3..=65).contains(&name.len()) || !is_plain(name) || name.starts_with(['.', '-']) {
            let message = "a label's name must have 3 to 65 letters, digits, dots, dashes and underscores and must \
                           not begin with a dot or dash";
            return Err(wrong(path, start(value), message));
        }
        let text = value.as_str().unwrap_or_default();
        if !(1..=256).contains(&text.len()) || !is_plain(text) {
            let message =
                "a label's value must have 1 to 256 letters, digits, dots, dashes and underscores";
            return Err(wrong(path, start(value), message));
        }
        names.push(name);
    }
    Ok(names)
}

fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn machine(entry: &dyn TableLike) -> Result<(), Mismatch> {
    for option in texts(get(entry, "machine.MachineOptionsWithName")) {
        if !option.0.contains("%s") {
            let message = "each must contain %s, which stands for the machine's name";
            return Err(wrong(
                "runners.machine.MachineOptionsWithName",
                option.1,
                message,
            ));
        }
    }
    let scalings = get(entry, "machine.autoscaling").and_then(elements);
    for scaling in scalings.unwrap_or_default() {
        periods(
            get(scaling, "Periods"),
            "runners.machine.autoscaling.Periods",
        )?;
    }
    Ok(())
}

fn monitoring(entry: &dyn TableLike) -> Result<(), Mismatch> {
    let durations = get(entry, "monitoring.job_queuing_durations").and_then(elements);
    for duration in durations.unwrap_or_default() {
        let path = "runners.monitoring.job_queuing_durations.periods";
        periods(get(duration, "periods"), path)?;
    }
    Ok(())
}

fn periods(list: Option<&Item>, path: &str) -> Result<(), Mismatch> {
    for (period, offset) in texts(list) {
        // Not all that its parser refuses, but nothing that it takes.
        if !period.starts_with('@') && period.split_whitespace().count() < 5 {
            let message =
                "a period must have five to seven fields, such as \"* * 9-17 * * mon-fri *\"";
            return Err(wrong(path, offset, message));
        }
    }
    Ok(())
}

fn nfs(entry: &dyn TableLike) -> Result<(), Mismatch> {
    let Some(item) = get(entry, "kubernetes.volumes.nfs") else {
        return Ok(());
    };
    for volume in elements(item).unwrap_or_default() {
        let text = |name: &str| volume.get(name).and_then(Item::as_str);
        if NFS.iter().any(|name| text(name).is_none_or(str::is_empty)) {
            let offset = volume.iter().find_map(|(_, item)| start(item));
            let message = format!("each must have {}", NFS.join(", "));
            return Err(wrong(
                "runners.kubernetes.volumes.nfs",
                offset.or(start(item)),
                message,
            ));
        }
    }
    Ok(())
}

/// The texts of a list, each with where it stands.
fn texts(item: Option<&Item>) -> Vec<(&str, Option<usize>)> {
    let list = item.and_then(Item::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|value| Some((value.as_str()?, value.span().map(|span| span.start))))
        .collect()
}

fn wrong(path: &str, offset: Option<usize>, message: impl Into<String>) -> Mismatch {
    Mismatch {
        path: path.to_owned(),
        offset,
        message: message.into(),
    }
}
