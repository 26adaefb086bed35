//! Owns what the operator reads: one line for each thing that happened, as text or JSON. It never sees a token's text.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use log::{Level, LevelFilter, Log, Metadata, Record};

use runner_config::shown::without_tokens;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `2026-01-31T10:10:10.123Z INFO  words`.
    #[default]
    Text,
    /// One JSON object: `time`, `level`, `program`, `message`.
    Json,
}

impl Format {
    /// The format of this name; nothing for another word. `runner`, gitlab-runner's own format, is the text for people.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "text" | "runner" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// The level of this name in any case of letters, as gitlab-runner reads it; nothing for another word. It knows two graver
/// ones, but nothing of ours is graver than an error.
#[must_use]
pub fn level_named(name: &str) -> Option<LevelFilter> {
    match name.to_ascii_lowercase().as_str() {
        "panic" | "fatal" | "error" => Some(LevelFilter::Error),
        "warn" | "warning" => Some(LevelFilter::Warn),
        "info" => Some(LevelFilter::Info),
        "debug" => Some(LevelFilter::Debug),
        "trace" => Some(LevelFilter::Trace),
        _ => None,
    }
}

/// How a program reports, and where else it writes a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// Text or JSON lines.
    pub format: Format,
    /// The least grave thing that is logged.
    pub level: LevelFilter,
    /// The file that Kubernetes shows as the reason of a failed container.
    pub termination_message_path: PathBuf,
}

impl Default for Reporting {
    fn default() -> Self {
        Self {
            format: Format::default(),
            level: LevelFilter::Info,
            termination_message_path: PathBuf::from("/dev/termination-log"),
        }
    }
}

struct Report {
    program: &'static str,
    format: Format,
    /// Besides stderr: the container's log, for a hook whose own stderr nobody keeps.
    also: Option<Mutex<File>>,
}

/// Sends every `log` line of the helpers to stderr and, where given, to a second file.
///
/// Lines of the libraries beneath are left out: what they say about a request could hold a secret.
/// A second call has no effect but on the level: the first report stays.
pub fn install(program: &'static str, format: Format, level: LevelFilter, also: Option<File>) {
    let report = Report {
        program,
        format,
        also: also.map(Mutex::new),
    };
    // Only a second installation in one process can fail here, as in tests.
    drop(log::set_boxed_logger(Box::new(report)));
    log::set_max_level(level);
}

impl Log for Report {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("runner_") && metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let message = one_line(&record.args().to_string());
        let line = line_of(
            self.format,
            self.program,
            record.level(),
            SystemTime::now(),
            &message,
        );
        // Nobody can be told that telling failed; the work goes on.
        drop(std::io::stderr().write_all(line.as_bytes()));
        if let Some(also) = &self.also
            && let Ok(mut file) = also.lock()
        {
            drop(file.write_all(line.as_bytes()));
        }
    }

    fn flush(&self) {}
}

/// Writes last words to the file the kubelet shows as the container's termination message, where that file exists.
pub fn write_termination_message(path: &Path, message: &str) {
    // Not created: outside a container there is no such file, and nothing should appear in /dev.
    if let Ok(mut file) = File::options().write(true).truncate(true).open(path) {
        drop(file.write_all(one_line(message).as_bytes()));
    }
}

/// One line, whatever a server, a file or a name holds: no control character reaches a terminal, and no token that
/// stands where something else was expected.
#[must_use]
pub fn one_line(text: &str) -> String {
    let text = without_tokens(text);
    let mut line = String::with_capacity(text.len());
    for character in text.trim_end().chars() {
        match character {
            '\n' | '\r' | '\t' => line.push(' '),
            c if misleads(c) => line.push('\u{fffd}'),
            c => line.push(c),
        }
    }
    line
}

/// An address as it may be shown: what stands before an at sign may be a password.
#[must_use]
pub fn address(url: &str) -> String {
    let url = one_line(url);
    match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.find("://").map_or(0, |at| at + "://".len());
            format!("{}***@{host}", &before[..scheme])
        }
        None => url,
    }
}

/// Whether a character does something to a terminal other than stand there: it controls it, breaks the line, or turns the
/// direction of what follows, so that one word is read as another.
#[must_use]
pub fn misleads(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

fn line_of(format: Format, program: &str, level: Level, now: SystemTime, message: &str) -> String {
    let time = humantime::format_rfc3339_millis(now);
    match format {
        Format::Text => format!("{time} {level:<5} {message}\n"),
        Format::Json => {
            let object = serde_json::json!({
                "time": time.to_string(),
                "level": level.as_str().to_ascii_lowercase(),
                "program": program,
                "message": message,
            });
            format!("{object}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn line(format: Format, message: &str) -> String {
        let now = UNIX_EPOCH + Duration::from_millis(1_769_854_210_123);
        line_of(format, "runner-init", Level::Info, now, &one_line(message))
    }

    #[test]
    fn name_neither_breaks_nor_turns_a_line() {
        assert_eq!(one_line("宽 é\u{301}"), "宽 é\u{301}");
        for c in "\u{1b}\u{9b}\u{7}\u{202e}\u{2066}\u{200f}\u{2028}".chars() {
            assert_eq!(one_line(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
    }

    #[test]
    fn level_is_read_as_gitlab_runner_reads_it() {
        fn check(name: &str, want: Option<LevelFilter>) {
            assert_eq!(level_named(name), want, "{name}");
        }
        check("info", Some(LevelFilter::Info));
        check("INFO", Some(LevelFilter::Info));
        check("Warning", Some(LevelFilter::Warn));
        check("panic", Some(LevelFilter::Error));
        check("loud", None);
    }

    #[test]
    fn text_is_time_level_words() {
        assert_eq!(
            line(Format::Text, "runner 12 registered"),
            "2026-01-31T10:10:10.123Z INFO  runner 12 registered\n"
        );
    }

    #[test]
    fn json_is_one_object_a_line_whatever_the_words_hold() {
        let text = line(Format::Json, "said \"no\"\nand \u{1b}[31mleft\n");
        assert_eq!(text.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["message"], "said \"no\" and \u{fffd}[31mleft");
        assert_eq!(value["level"], "info");
        assert_eq!(value["program"], "runner-init");
    }

    #[test]
    fn token_in_a_line_is_masked() {
        assert_eq!(
            one_line("unknown flag --glrt-canary: see"),
            "unknown flag --***: see"
        );
    }

    #[test]
    fn termination_message_is_written_only_where_the_file_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("termination-log");
        write_termination_message(&path, "x");
        assert!(!path.exists());
        drop(File::create_new(&path).unwrap());
        write_termination_message(&path, "GitLab refused\nthe token");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "GitLab refused the token"
        );
    }

    #[test]
    fn password_of_an_address_is_not_shown() {
        fn check(url: &str, want: &str) {
            assert_eq!(address(url), want);
        }
        check("https://gitlab.example/x", "https://gitlab.example/x");
        check(
            "https://me:canary@gitlab.example",
            "https://***@gitlab.example",
        );
        check("canary@gitlab", "***@gitlab");
        check("https://glrt-canary/", "https://***/");
    }
}
