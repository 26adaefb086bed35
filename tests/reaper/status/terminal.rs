//! `status` on a terminal: as wide as it is, in colour unless somebody does not want that.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

use acceptance::pod::{Plan, Pod, Source};
use nix::pty::{Winsize, openpty};

/// What a terminal of so many columns shows.
fn on_terminal(command: &mut Command, columns: u16) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let terminal = openpty(&size, None).unwrap();
    command.stdout(terminal.slave).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The last copy of the terminal's other end: without it reading would not end.
    command.stdout(Stdio::null());
    let mut bytes = Vec::new();
    // The end of a terminal is an error to the kernel.
    drop(File::from(terminal.master).read_to_end(&mut bytes));
    drop(child.wait());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn terminal_gets_colour_and_no_longer_line_of_a_table_than_it_is_wide() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let status = || pod.reaper(&["status", "--offline"]);
    let is_heading = |line: &&str| line.contains("RUNNER") && line.contains("CHANGED");

    let plain = acceptance::stage::run(&mut status()).stdout;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let widest = plain
        .lines()
        .filter(is_heading)
        .map(|line| line.chars().count())
        .max();
    assert!(widest > Some(100), "{plain}");

    let coloured = on_terminal(&mut status(), 100);
    assert!(coloured.contains("\u{1b}[1mRUNNER\u{1b}[0m"), "{coloured}");
    assert!(
        coloured.contains("\u{1b}[31mproblem\u{1b}[0m"),
        "{coloured}"
    );

    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = on_terminal(status().env(name, value), 100);
        assert!(!text.contains('\u{1b}'), "{name}: {text}");
        let tables = text.lines().filter(|line| line.starts_with("  "));
        let widths: Vec<usize> = tables.map(|line| line.trim_end().chars().count()).collect();
        assert!(widths.iter().all(|width| *width <= 100), "{text}");
        assert!(text.lines().any(|line| line.contains('…')), "{text}");
    }
    // An empty one says nothing; a terminal that does not know its width is as wide as most.
    let text = on_terminal(status().env("NO_COLOR", ""), 0);
    assert!(text.contains('\u{1b}'), "{text}");
    let narrow = on_terminal(status().env("NO_COLOR", "1"), 0);
    let longest = narrow.lines().filter(|line| line.starts_with("  "));
    assert_eq!(
        longest.map(|line| line.trim_end().chars().count()).max(),
        Some(80),
        "{narrow}"
    );
}
