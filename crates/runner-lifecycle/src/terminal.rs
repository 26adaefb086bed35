//! Owns how text for people looks on stdout: tables that are aligned everywhere, and no wider than a terminal and in colour on
//! a terminal. It writes nothing.

use std::io::IsTerminal as _;

use crate::environment::Environment;

/// Columns of a terminal that does not tell its width.
const USUAL_WIDTH: usize = 80;

/// No cell is cut below this: what is left would mean nothing.
const LEAST_CELL: usize = 6;

/// Between two columns.
const GAP: &str = "  ";

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As it comes.
    #[default]
    Plain,
    /// A heading.
    Heading,
    /// As it should be.
    Good,
    /// Something to know.
    Notable,
    /// Something to do.
    Bad,
}

/// One cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    style: Style,
}

/// What can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Columns; nothing where lines may be of any length.
    width: Option<usize>,
    colour: bool,
}

impl Cell {
    /// A piece of text without line breaks.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl Terminal {
    /// Where stdout leads: a pipe or a file gets all of the text and no colour, as does a terminal with `NO_COLOR` or a dumb one.
    #[must_use]
    pub fn of_stdout(environment: &Environment) -> Self {
        let stdout = std::io::stdout();
        if !stdout.is_terminal() {
            return Self::default();
        }
        let size = rustix::termios::tcgetwinsize(&stdout);
        let columns = size.map_or(0, |size| usize::from(size.ws_col));
        let plain =
            environment.get("NO_COLOR").is_some() || environment.get("TERM") == Some("dumb");
        Self {
            width: Some(if columns == 0 { USUAL_WIDTH } else { columns }),
            colour: !plain,
        }
    }

    /// The text in the colour of its style.
    #[must_use]
    pub fn paint(&self, text: &str, style: Style) -> String {
        let code = match style {
            Style::Plain => return text.to_owned(),
            Style::Heading => "1",
            Style::Good => "32",
            Style::Notable => "33",
            Style::Bad => "31",
        };
        match self.colour && !text.is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// The rows with their columns aligned, each line behind so many blanks. On a terminal the widest cells are cut until a line
    /// fits.
    #[must_use]
    pub fn table(&self, rows: &[Vec<Cell>], indent: usize) -> String {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.text.chars().count())
                .max()
                .unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..columns).map(widest).collect();
        let around = indent + GAP.len() * columns.saturating_sub(1);
        if let Some(width) = self.width {
            fit(&mut widths, width.saturating_sub(around));
        }
        let mut text = String::new();
        for row in rows {
            let mut line = " ".repeat(indent);
            let last = row.iter().rposition(|cell| !cell.text.is_empty());
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if last.is_none_or(|last| at > last) {
                    break;
                }
                let shown = cut(&cell.text, *width);
                let missing = width - shown.chars().count();
                line.push_str(&self.paint(&shown, cell.style));
                if Some(at) != last {
                    line.push_str(&" ".repeat(missing));
                    line.push_str(GAP);
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Takes from the widest column until all fit, or none can give any more.
fn fit(widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > LEAST_CELL => *widest -= 1,
            _ => return,
        }
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<Cell>> {
        let cell = |text: &&str| Cell::new(*text, Style::Plain);
        rows.iter()
            .map(|row| row.iter().map(cell).collect())
            .collect()
    }

    fn on(width: usize) -> Terminal {
        Terminal {
            width: Some(width),
            colour: false,
        }
    }

    #[test]
    fn columns_are_aligned_and_lines_end_in_no_blanks() {
        let table = rows(&[&["a", "long one", "z"], &["bcd", "x", ""], &["e"]]);
        let want = "  a    long one  z\n  bcd  x\n  e\n";
        assert_eq!(Terminal::default().table(&table, 2), want);
        assert_eq!(Terminal::default().table(&[], 2), "");
    }

    #[test]
    fn widest_cells_are_cut_where_the_terminal_ends_and_nowhere_else() {
        let wide = "0123456789".repeat(10);
        let table = rows(&[&["NAME", &wide, "END"], &["é", "short", "x"]]);
        let whole = Terminal::default().table(&table, 0);
        assert!(whole.contains(&wide), "{whole}");
        for width in [80, 40, 24] {
            let cut = on(width).table(&table, 0);
            let longest = cut.lines().map(|line| line.chars().count()).max();
            assert_eq!(longest, Some(width), "{cut}");
            assert!(
                cut.contains("…  END") && cut.contains("é     short"),
                "{cut}"
            );
        }
        // Where nothing can be cut any more it is wider than the terminal, but it is there.
        let narrow = on(3).table(&table, 0);
        assert!(
            narrow.contains("NAME") && narrow.contains("01234…"),
            "{narrow}"
        );
        assert_eq!(on(200).table(&table, 0), whole);
    }

    #[test]
    fn colour_takes_no_width_and_is_only_where_it_may_be() {
        let table = vec![
            vec![Cell::new("good", Style::Good), Cell::new("x", Style::Plain)],
            vec![
                Cell::new("longer", Style::Bad),
                Cell::new("y", Style::Plain),
            ],
        ];
        let coloured = Terminal {
            width: None,
            colour: true,
        };
        let text = coloured.table(&table, 0);
        let want = "\u{1b}[32mgood\u{1b}[0m    x\n\u{1b}[31mlonger\u{1b}[0m  y\n";
        assert_eq!(text, want);
        assert!(!Terminal::default().table(&table, 0).contains('\u{1b}'));
        assert_eq!(coloured.paint("", Style::Bad), "");
        assert_eq!(coloured.paint("a", Style::Plain), "a");
    }
}
