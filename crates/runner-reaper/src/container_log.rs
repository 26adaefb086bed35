//! Owns writing a hook's log lines to the container's log: a hook's own stderr is not kept.

use std::fs::{File, Metadata};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

use rustix::fs::OFlags;

/// Standard output of PID 1, which the container runtime collects; nothing where that is ourselves, where it may not be
/// written, or where our stderr leads there anyway.
pub(crate) fn open() -> Option<File> {
    if std::process::id() == 1 {
        return None;
    }
    // Without O_NONBLOCK opening a pipe that nobody reads would hang the hook.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).ok()?;
    let file = File::options()
        .append(true)
        .custom_flags(flags)
        .open("/proc/1/fd/1")
        .ok()?;
    let stderr = File::from(std::io::stderr().as_fd().try_clone_to_owned().ok()?);
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino(), metadata.rdev());
    let same = stderr.metadata().ok().map(identity) == file.metadata().ok().map(identity);
    (!same).then_some(file)
}
