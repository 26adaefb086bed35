//! The page of the ways to die: every row names a test that is there.

use std::path::Path;

const PAGE: &str = include_str!("../manifests/failure-modes.md");

/// A link to a test: its name and its file.
struct Proof<'a> {
    name: &'a str,
    path: &'a str,
}

/// The rows of all tables, without heads and rules.
fn rows(page: &str) -> Vec<&str> {
    let lines: Vec<&str> = page.lines().collect();
    let is_row = |line: &str| line.starts_with('|');
    let is_rule = |line: &str| is_row(line) && line.chars().all(|c| "|- :".contains(c));
    let behind_head = |at: usize| is_row(lines[at]) && !is_rule(lines[at]);
    (0..lines.len())
        .filter(|at| behind_head(*at) && !lines.get(at + 1).is_some_and(|next| is_rule(next)))
        .map(|at| lines[at])
        .collect()
}

fn proofs(row: &str) -> Vec<Proof<'_>> {
    let last = row.trim_end_matches(['|', ' ']).rsplit('|').next();
    let links = last.unwrap_or_default().split('[').skip(1);
    links
        .filter_map(|link| {
            let (name, rest) = link.split_once("](")?;
            let (path, _) = rest.split_once(')')?;
            Some(Proof { name, path })
        })
        .collect()
}

/// What is wrong with a page, each in a line.
fn wrong(page: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows(page) {
        let proofs = proofs(row);
        if proofs.is_empty() {
            wrong.push(format!("no test: {row}"));
        }
        for Proof { name, path } in proofs {
            let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests");
            let text = std::fs::read_to_string(manifests.join(path)).unwrap_or_default();
            if !is_test(&text, name) {
                wrong.push(format!("{path} has no test {name}"));
            }
        }
    }
    wrong
}

/// A function with `#[test]` above it, or a line of the macro that makes pods' lives.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let function = format!("fn {name}(");
    let attributes = |at: usize| {
        lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with('#'))
    };
    lines.iter().enumerate().any(|(at, line)| {
        let is_function = line.starts_with(&function);
        let life = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(": "));
        is_function && attributes(at).any(|line| *line == "#[test]")
            || life.is_some_and(|rest| rest.starts_with("idle ") || rest.starts_with("busy "))
    })
}

#[test]
fn every_way_to_die_has_a_test_that_exists() {
    assert!(rows(PAGE).len() >= 20, "{}", rows(PAGE).len());
    let wrong = wrong(PAGE);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_row_without_a_test_and_a_test_that_is_not_there_are_found() {
    let page = |proof: &str| format!("| death | proof |\n|---|---|\n| SIGKILL | {proof} |\n");
    let here = "../tests/failure_modes.rs";
    let right = format!("[every_way_to_die_has_a_test_that_exists]({here})");
    assert_eq!(wrong(&page(&right)), Vec::<String>::new());
    assert_eq!(wrong(&page("")).len(), 1);
    assert_eq!(wrong(&page("everybody knows")).len(), 1);
    // A helper is no test, nor is what is nowhere.
    assert_eq!(wrong(&page(&format!("[is_test]({here})"))).len(), 1);
    assert_eq!(wrong(&page(&format!("[no_such_test]({here})"))).len(), 1);
    assert_eq!(
        wrong(&page(&format!("{right} [is_test](../tests/nowhere.rs)"))).len(),
        1
    );
}
