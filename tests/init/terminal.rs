//! A person at a terminal who gave no token: it is asked for and not shown, and the terminal is as before, whatever ends the
//! question. Nobody is asked where nobody sits.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use acceptance::canary::form;
use acceptance::stage::{Stage, run};
use gitlab_simulator::{NewRunner, Settings, Simulator};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

use acceptance::pod::wait_for;

const QUESTION: &str = "(not shown): ";

/// A program that has a terminal of its own, seen from the keyboard's and the screen's side.
struct Terminal {
    master: File,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    child: Child,
    /// Keeps the terminal there when the program has ended.
    _slave: OwnedFd,
}

impl Terminal {
    fn of(command: &Command) -> Self {
        let pty = openpty(None, None).unwrap();
        let side = || Stdio::from(pty.slave.try_clone().unwrap());
        // It makes the terminal that of a new session, as a login does.
        let mut setsid = Command::new("setsid");
        setsid
            .args(["--ctty", "--wait"])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .stdin(side())
            .stdout(side())
            .stderr(side());
        for (name, value) in command.get_envs() {
            setsid.envs(value.map(|value| (name, value)));
        }
        let child = setsid.spawn().unwrap();
        let master = File::from(pty.master);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut from, to) = (master.try_clone().unwrap(), Arc::clone(&screen));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                to.lock().unwrap().extend_from_slice(&bytes[..length]);
                if bytes[..length].contains(&END) {
                    return;
                }
            }
        });
        Self {
            master,
            screen,
            reader: Some(reader),
            child,
            _slave: pty.slave,
        }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.master).unwrap().local_flags;
        modes.contains(LocalFlags::ECHO)
    }

    /// Waits for the question, from which on nothing may be shown.
    fn asks(&self) {
        wait_for("the question", || {
            self.shown().contains(QUESTION).then_some(())
        });
        assert!(!self.echoes(), "what is typed would be shown");
    }

    fn types(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    /// The end of the program, and all that was on the screen.
    fn ended(mut self) -> (ExitStatus, String) {
        let status = wait_for("the end", || self.child.try_wait().unwrap());
        assert!(self.echoes(), "the terminal was left without echo");
        // The last that comes through the terminal: everything before it has been read then.
        let mut end = File::from(self._slave.try_clone().unwrap());
        end.write_all(&[END]).unwrap();
        self.reader.take().unwrap().join().unwrap();
        let shown = self.shown();
        (status, shown)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A byte that no program says.
const END: u8 = 4;

fn gitlab() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

/// `register` without a token.
fn register(stage: &Stage, gitlab: &Simulator) -> Command {
    let mut command = stage.init(&["register", "--executor=shell", "--name=typed"]);
    command.args(["--url", &gitlab.url()]);
    command
}

#[test]
fn typed_token_registers_and_is_not_on_the_screen() {
    let authentication = |gitlab: &Simulator| gitlab.add_runner(NewRunner::default()).token;
    let registration = |gitlab: &Simulator| {
        let token = "GR1348941canary1canary2canary3".to_owned();
        gitlab.update(|state| state.settings.registration_token.clone_from(&token));
        token
    };
    let ways: [&dyn Fn(&Simulator) -> String; 2] = [&authentication, &registration];
    for (way, token) in ways.iter().enumerate() {
        let (gitlab, stage) = (gitlab(), Stage::new());
        let token = token(&gitlab);
        let mut terminal = Terminal::of(&register(&stage, &gitlab));
        terminal.asks();
        // With a slip that is taken back.
        terminal.types(&format!("x\u{7f}{token}\n"));
        let (status, shown) = terminal.ended();
        assert_eq!(status.code(), Some(0), "{way}: {shown}");
        assert_eq!(form(&shown, &token), None, "{way}: {shown}");
        assert_eq!(stage.entries(), 1);
        assert_eq!(gitlab.runners().len(), 1);
        assert_eq!(
            stage.text("config.toml").unwrap().contains(&token),
            way == 0
        );
    }
}

#[test]
fn ctrl_c_and_every_other_stop_gives_the_terminal_back_and_asks_gitlab_nothing() {
    for (key, signal, code) in [
        (Some("\u{3}"), None, 130),
        (Some("\u{1c}"), None, 131),
        (None, Some(Signal::SIGTERM), 143),
        (None, Some(Signal::SIGINT), 130),
    ] {
        let (gitlab, stage) = (gitlab(), Stage::new());
        let mut terminal = Terminal::of(&register(&stage, &gitlab));
        terminal.asks();
        terminal.types("glrt-canary-half");
        if let Some(key) = key {
            terminal.types(key);
        }
        if let Some(signal) = signal {
            let child = Pid::from_raw(terminal.child.id().cast_signed());
            kill(child, signal).unwrap();
        }
        let (status, shown) = terminal.ended();
        assert_eq!(status.code(), Some(code), "{key:?} {signal:?}: {shown}");
        assert!(shown.contains("stopped by SIG"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(gitlab.journal().is_empty());
        assert!(stage.snapshot().is_empty(), "{shown}");
    }
}

#[test]
fn what_is_no_token_is_told_without_showing_it() {
    for (typed, words) in [
        ("\n", "no token: give --token-file"),
        ("\u{4}", "no token: give --token-file"),
        ("glpat-canary\n", "--runner-type"),
        ("glcbt-canary\n", "is a job token"),
        ("glrt-canary two\n", "contains a space"),
    ] {
        let (gitlab, stage) = (gitlab(), Stage::new());
        let mut terminal = Terminal::of(&register(&stage, &gitlab));
        terminal.asks();
        terminal.types(typed);
        let (status, shown) = terminal.ended();
        assert_eq!(status.code(), Some(2), "{typed:?}: {shown}");
        assert!(shown.contains(words), "{typed:?}: {shown}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(gitlab.journal().is_empty() && stage.snapshot().is_empty());
    }
}

#[test]
fn nobody_is_asked_where_a_token_is_given_or_nobody_sits() {
    let (gitlab, stage) = (gitlab(), Stage::new());
    let silent = |more: &[&str]| {
        let mut command = register(&stage, &gitlab);
        command.args(more);
        Terminal::of(&command).ended()
    };
    let (status, shown) = silent(&["--non-interactive"]);
    assert_eq!(status.code(), Some(2), "{shown}");
    assert!(shown.contains("no token") && !shown.contains(QUESTION));
    let (status, shown) = silent(&["--registration-token=gitlabtoken"]);
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains(QUESTION), "{shown}");
    // Stdin and stderr are no terminal here, as in a container.
    let ended = run(&mut register(&Stage::new(), &gitlab));
    assert_eq!(ended.code(), 2, "{}", ended.output());
    assert!(ended.one_error("no token").contains("no token"));
    assert!(!ended.output().contains(QUESTION));
}
