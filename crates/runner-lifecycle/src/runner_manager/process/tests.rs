//! The finder against a made-up `/proc`, and the signals against real processes.

use std::io::Write as _;
use std::os::unix::fs::symlink;

use super::*;

struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(machine.path("volume")).unwrap();
        machine.write("volume/config.toml", "");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(fs::remove_file(&path));
        fs::File::create_new(path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    /// A process in a container whose `/etc/gitlab-runner` is the volume.
    fn process(&self, pid: i32, arguments: &str, environment: &str, uid: u32) {
        let here = format!("proc/{pid}");
        self.write(
            &format!("{here}/cmdline"),
            &format!("{}\0", arguments.replace(' ', "\0")),
        );
        self.write(&format!("{here}/environ"), &environment.replace(' ', "\0"));
        self.write(
            &format!("{here}/status"),
            &format!("Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"),
        );
        self.stat(pid, 'S', 1, 1000 + u64::from(pid.unsigned_abs()));
        let root = self.path(&format!("roots/{pid}"));
        fs::create_dir_all(root.join("etc")).unwrap();
        symlink(self.path("volume"), root.join("etc/gitlab-runner")).unwrap();
        symlink(&root, self.path(&format!("{here}/root"))).unwrap();
        symlink(root.join("etc"), self.path(&format!("{here}/cwd"))).unwrap();
    }

    fn stat(&self, pid: i32, state: char, parent: i32, started: u64) {
        let zeros = "0 ".repeat(17);
        let text = format!("{pid} (a) b (c) {state} {parent} {zeros}{started} 0 0\n");
        self.write(&format!("proc/{pid}/stat"), &text);
    }

    fn found(&self) -> Found {
        Processes::at(self.path("proc")).runner_manager(&self.path("volume/config.toml"))
    }

    fn found_pid(&self) -> Option<i32> {
        match self.found() {
            Found::RunnerManager(found, _) => Some(found.pid()),
            _ => None,
        }
    }
}

#[test]
fn runner_manager_is_the_process_that_reads_our_file() {
    fn check(arguments: &str, environment: &str, uid: u32, found: bool) {
        let machine = Machine::new();
        machine.process(7, arguments, environment, uid);
        assert_eq!(
            machine.found_pid().is_some(),
            found,
            "{arguments} | {environment} | {uid}"
        );
    }
    let explicit = "x run --config /etc/gitlab-runner/config.toml";
    check(explicit, "", 999, true);
    check("x run -c gitlab-runner/config.toml", "", 999, true);
    check("gitlab-runner run --user=x", "", 0, true);
    check("gitlab-runner run", "HOME=/home/x", 999, false);
    check(
        "gitlab-runner run",
        "A=b CONFIG_FILE=/etc/gitlab-runner/config.toml",
        999,
        true,
    );
    check(
        "gitlab-runner run --config /etc/other/config.toml",
        "CONFIG_FILE=/etc/gitlab-runner/config.toml",
        0,
        false,
    );
    check("x run --config /etc/gitlab-runner/other.toml", "", 0, false);
    check("docker run", "", 0, false);
    check(
        "gitlab-runner wrapper run --config /etc/gitlab-runner/config.toml",
        "",
        0,
        false,
    );
    check("gitlab-runner unregister --all-runners", "", 0, false);
    check("dumb-init gitlab-runner run", "", 0, false);
}

#[test]
fn file_that_was_replaced_by_rename_is_still_the_same_place() {
    let machine = Machine::new();
    machine.process(7, "gitlab-runner run", "", 0);
    machine.write("volume/config.toml", "# another file");
    assert_eq!(machine.found_pid(), Some(7));
    fs::remove_file(machine.path("volume/config.toml")).unwrap();
    assert_eq!(machine.found_pid(), Some(7));
}

#[test]
fn another_volume_with_the_same_names_is_not_ours() {
    let machine = Machine::new();
    machine.process(7, "gitlab-runner run", "", 0);
    fs::create_dir_all(machine.path("elsewhere")).unwrap();
    machine.write("elsewhere/config.toml", "");
    let link = machine.path("roots/7/etc/gitlab-runner");
    fs::remove_file(&link).unwrap();
    symlink(machine.path("elsewhere"), &link).unwrap();
    assert_eq!(machine.found_pid(), None);
}

#[test]
fn child_of_a_wrapper_is_the_runner_manager() {
    let machine = Machine::new();
    let config = "--config /etc/gitlab-runner/config.toml";
    machine.process(1, &format!("gitlab-runner wrapper run {config}"), "", 0);
    machine.process(
        9,
        &format!("gitlab-runner run {config} --listen-address :1"),
        "LISTEN_ADDRESS=:2",
        0,
    );
    let Found::RunnerManager(found, _) = machine.found() else {
        panic!("not found")
    };
    assert_eq!((found.pid(), found.wrapped), (9, true));
    assert_eq!(found.listen_address.as_deref(), Some(":1"));
}

#[test]
fn zombie_and_reused_pid_are_not_the_runner_manager() {
    let machine = Machine::new();
    machine.process(7, "gitlab-runner run", "LISTEN_ADDRESS=:2", 0);
    let Found::RunnerManager(found, _) = machine.found() else {
        panic!("not found")
    };
    assert!(found.is_alive() && !found.wrapped);
    assert_eq!(found.listen_address.as_deref(), Some(":2"));
    machine.stat(7, 'S', 1, 99_999);
    assert!(!found.is_alive());
    machine.stat(7, 'Z', 1, 1007);
    assert!(!found.is_alive());
    assert_eq!(machine.found_pid(), None);
}

#[test]
fn oldest_of_two_is_taken_and_the_other_is_known() {
    let machine = Machine::new();
    machine.process(12, "gitlab-runner run", "", 0);
    machine.process(7, "gitlab-runner run", "", 0);
    let Found::RunnerManager(found, others) = machine.found() else {
        panic!("not found")
    };
    let others: Vec<i32> = others.iter().map(RunnerManager::pid).collect();
    assert_eq!((found.pid(), others), (7, vec![12]));
    // A job's process on its way from fork to exec.
    machine.stat(12, 'S', 7, 1012);
    let Found::RunnerManager(found, others) = machine.found() else {
        panic!("not found")
    };
    assert_eq!((found.pid(), others.len()), (7, 0));
}

#[test]
fn signal_reaches_the_process_and_never_a_later_one() {
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    let (_, started) = stat(&Path::new("/proc").join(pid.to_string())).unwrap();
    let this = |started| RunnerManager {
        proc: PathBuf::from("/proc"),
        pid,
        parent: 1,
        started,
        listen_address: None,
        wrapped: false,
    };
    let later = this(started + 1).signal(Signal::TERM);
    assert_eq!(later.unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(child.try_wait().unwrap().is_none());
    this(started).signal(Signal::TERM).unwrap();
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert!(this(started).signal(Signal::TERM).is_err());
}
