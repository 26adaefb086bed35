//! Owns how an operator's editor marks the beginning of a text and the ends of its lines, which TOML's document forgets.

/// A byte order mark, as some editors put before a text.
const MARK: char = '\u{feff}';

/// What a text had that its document does not remember.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Endings {
    mark: bool,
    /// Every line ends in CR LF.
    carriage_returns: bool,
    /// The last line has no end.
    open: bool,
}

impl Endings {
    pub(super) fn of(text: &str) -> Self {
        let lines = text.matches('\n').count();
        Self {
            mark: text.starts_with(MARK),
            carriage_returns: lines > 0 && text.matches("\r\n").count() == lines,
            open: !text.is_empty() && !text.ends_with('\n'),
        }
    }

    /// The text with what it had.
    pub(super) fn restore(self, text: &str) -> String {
        // A value that spans lines would change its meaning with them: such a file keeps plain ends.
        let spans = text.contains("\"\"\"") || text.contains("'''");
        let text = text
            .strip_suffix('\n')
            .filter(|_| self.open)
            .unwrap_or(text);
        let body = if self.carriage_returns && !spans {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        } else {
            text.to_owned()
        };
        if self.mark {
            format!("{MARK}{}", body.trim_start_matches(MARK))
        } else {
            body
        }
    }
}
