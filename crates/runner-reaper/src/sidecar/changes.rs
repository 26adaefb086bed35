//! Owns the notice that the kernel gives when a file of the volume is replaced. Between two notices nothing wakes.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Room for a dozen notices; what does not fit comes with the next read.
const ROOM: usize = 1024;

/// Changes in one directory.
pub(super) struct Changes {
    notices: Option<AsyncFd<OwnedFd>>,
}

impl Changes {
    /// Changes in this directory. Where the kernel gives no notice, there are none: the file is read at the end anyway.
    pub(super) fn of(directory: &Path) -> Self {
        #[expect(
            deprecated,
            reason = "sound here: the descriptor is owned by the value and by nobody else"
        )]
        let open = || {
            let notices = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            let flags = WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
            inotify::add_watch(&notices, directory, flags)?;
            AsyncFd::with_interest(notices, Interest::READABLE)
        };
        let opened: std::io::Result<_> = open();
        if let Err(error) = &opened {
            log::debug!(
                "changes in {} cannot be watched: {error}",
                directory.display()
            );
        }
        Self {
            notices: opened.ok(),
        }
    }

    /// Waits until the file of this name was replaced or written.
    pub(super) async fn next(&mut self, name: &str) {
        loop {
            let Some(notices) = &self.notices else {
                return std::future::pending().await;
            };
            let Ok(mut ready) = notices.readable().await else {
                self.notices = None;
                continue;
            };
            let mut room = [std::mem::MaybeUninit::uninit(); ROOM];
            let mut reader = inotify::Reader::new(ready.get_inner(), &mut room);
            let mut ours = false;
            while let Ok(event) = reader.next() {
                ours |= event
                    .file_name()
                    .is_some_and(|file| file.to_bytes() == name.as_bytes());
            }
            ready.clear_ready();
            if ours {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn only_the_file_of_that_name_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let mut changes = Changes::of(directory.path());
        drop(File::create_new(directory.path().join("other")).unwrap());
        let soon = Duration::from_millis(50);
        assert!(
            tokio::time::timeout(soon, changes.next("config.toml"))
                .await
                .is_err()
        );
        drop(File::create_new(directory.path().join("new")).unwrap());
        std::fs::rename(
            directory.path().join("new"),
            directory.path().join("config.toml"),
        )
        .unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.next("config.toml"))
            .await
            .unwrap();
    }
}
