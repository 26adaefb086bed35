//! Owns what the containers of a pod share, and starts them: a mount namespace with the volumes, a network, and for each a root
//! of its own with nothing but the image's programs. Knows no manifest.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;

use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, geteuid};
use tempfile::TempDir;

use crate::container::{Container, Mount, Order, User, put};

const TOOLS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
pub(crate) const LOUD: &str = "pods are played in mount, PID and network namespaces: run this as root on a machine that allows `unshare --mount --net`, \
                    with util-linux, coreutils and iproute2";

/// What a container runtime does, in the shell's words. First line of its stdout: the PID of PID 1, as seen from outside.
const RUNTIME: &str = r#"
set -eu
umask 022
read -r pid rest </proc/self/stat
log=$1 root=$2 read_only=$3 path=$4 setpriv=$(command -v setpriv) chroot=$(command -v chroot)
shift 4
echo "$pid"
exec >>"$log" 2>&1
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    mount --bind "$1" "$root$2"
    [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
    shift 3
done
shift
mount -t proc proc "$root/proc"
[ "$read_only" = no ] || mount -o remount,bind,ro "$root"
PATH=$path exec "$setpriv" --no-new-privs "$chroot" "$@"
"#;

/// What the containers of a pod share: a place for volumes that goes with the process, and loopback.
pub(crate) struct Sandbox {
    directory: TempDir,
    holder: Child,
    _alive: ChildStdin,
}

impl Sandbox {
    /// Also moves the calling thread, and so what it starts from now on, into a network of its own: port 9252 is free there.
    pub(crate) fn new() -> Self {
        assert!(geteuid().is_root(), "{LOUD}");
        unshare(CloneFlags::CLONE_NEWNET).unwrap_or_else(|error| panic!("{LOUD}: {error}"));
        successful(Command::new("ip").args(["link", "set", "lo", "up"]));
        // A node's, whatever that of whoever runs the tests: other users enter these directories.
        umask(Mode::from_bits_truncate(0o022));
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--propagation=private",
            "sh",
            "-c",
            "echo ready; exec cat",
        ]);
        let mut holder = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(LOUD);
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line, "ready\n", "{LOUD}");
        let alive = holder.stdin.take().unwrap();
        Self {
            directory,
            holder,
            _alive: alive,
        }
    }

    /// A place below this pod's directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The same place as seen from outside, with what is mounted there.
    pub(crate) fn seen(&self, name: &str) -> PathBuf {
        let inside = self.path(name);
        Path::new("/proc")
            .join(self.holder.id().to_string())
            .join("root")
            .join(inside.strip_prefix("/").unwrap())
    }

    /// An empty directory, on a file system of its own where options are given.
    pub(crate) fn directory(
        &self,
        name: &str,
        owner: (u32, u32),
        mode: u32,
        tmpfs: Option<&str>,
    ) -> PathBuf {
        let path = self.path(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&path)
            .unwrap();
        if let Some(options) = tmpfs {
            successful(
                self.inside("mount")
                    .args(["-t", "tmpfs", "-o", options, "tmpfs"])
                    .arg(&path),
            );
        }
        let seen = self.seen(name);
        chown(&seen, Some(owner.0), Some(owner.1)).unwrap();
        fs::set_permissions(&seen, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    /// Changes the options of a volume's file system.
    pub(crate) fn remount(&self, name: &str, options: &str) {
        let options = format!("remount,{options}");
        successful(
            self.inside("mount")
                .args(["-o", &options])
                .arg(self.path(name)),
        );
    }

    /// A command that sees the pod's mounts.
    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new(tool("nsenter"));
        command
            .arg(format!("--mount=/proc/{}/ns/mnt", self.holder.id()))
            .arg(tool(program));
        command
    }

    /// Starts a container; returns when it has its PID.
    pub(crate) fn start(&self, order: Order) -> Container {
        let root = self.path(&format!("roots/{}", order.name));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(root.join("proc"))
            .unwrap();
        let log = self.path(&format!("{}.log", order.name));
        let termination = self.path(&format!("{}.termination", order.name));
        for path in [&log, &termination] {
            // The container's own: a runtime hands the pipes of a container to its user.
            put(path, b"", &order.user, 0o600);
        }
        let mut command = self.inside("unshare");
        command.args([
            "--mount",
            "--propagation=private",
            "--pid",
            "--fork",
            "--kill-child=SIGKILL",
            "sh",
            "-c",
            RUNTIME,
            "runtime",
        ]);
        command
            .arg(&log)
            .arg(&root)
            .arg(if order.read_only_root { "yes" } else { "no" });
        command.arg(order.environment.get("PATH").expect("PATH of the image"));
        let devices =
            ["/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"].map(|device| Mount {
                source: device.into(),
                target: device.to_owned(),
                read_only: false,
            });
        let own = Mount {
            source: termination,
            target: "/dev/termination-log".to_owned(),
            read_only: false,
        };
        for mount in order.mounts.iter().chain(&devices).chain([&own]) {
            let target = root.join(mount.target.trim_start_matches('/'));
            let is_directory = self
                .seen("")
                .join(
                    mount
                        .source
                        .strip_prefix(self.directory.path())
                        .unwrap_or(&mount.source),
                )
                .is_dir();
            let directory = if is_directory {
                target.as_path()
            } else {
                target.parent().unwrap()
            };
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(directory)
                .unwrap();
            if !is_directory {
                OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(&target)
                    .unwrap();
            }
            command
                .arg(&mount.source)
                .arg(mount.target.trim_end_matches('/'))
                .arg(if mount.read_only { "ro" } else { "rw" });
        }
        let User { uid, gid, groups } = &order.user;
        let groups: Vec<String> = groups.iter().chain([gid]).map(u32::to_string).collect();
        command.args([
            "--",
            &format!("--userspec={uid}:{gid}"),
            &format!("--groups={}", groups.join(",")),
        ]);
        command.arg(&root).args(&order.command);
        command
            .env_clear()
            .envs(&order.environment)
            .env("PATH", TOOLS)
            .current_dir("/");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(OpenOptions::new().append(true).open(&log).unwrap());
        let mut child = command.spawn().expect(LOUD);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let pid = line
            .trim()
            .parse()
            .unwrap_or_else(|_| panic!("{LOUD}: {}", fs::read_to_string(&log).unwrap_or_default()));
        let (tell, ended) = channel();
        std::thread::spawn(move || tell.send(child.wait().unwrap()));
        Container {
            name: order.name,
            pid: Pid::from_raw(pid),
            ended,
            log,
            user: order.user,
            environment: order.environment,
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

pub(crate) fn tool(name: &str) -> PathBuf {
    let found = TOOLS
        .split(':')
        .map(|directory| Path::new(directory).join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not here; {LOUD}"))
}

fn successful(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; {LOUD}"));
    assert!(
        output.status.success(),
        "{command:?}: {}; {LOUD}",
        String::from_utf8_lossy(&output.stderr)
    );
}
