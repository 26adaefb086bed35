//! Owns the way of `runner-reaper` into the volume, so that a preStop hook can run in the unchanged runner image.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::volume::Volume;
use runner_lifecycle::volume::names::REAPER;

use super::plan::Plan;
use crate::args::InstallReaper;

/// Copies `runner-reaper` where it is beside this program. A path that was named must work; the default may be missing.
pub(super) fn install(plan: &Plan<'_>, volume: &Volume) -> anyhow::Result<()> {
    let source = beside_this_program();
    let (directory, name) = match &plan.options.install_reaper {
        InstallReaper::No => return Ok(()),
        InstallReaper::BesideConfig => (volume.directory().to_owned(), REAPER.to_owned()),
        InstallReaper::To(path) if path.is_dir() => (path.clone(), REAPER.to_owned()),
        InstallReaper::To(path) => {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(REAPER);
            (
                path.parent().unwrap_or_else(|| Path::new("")).to_owned(),
                name.to_owned(),
            )
        }
    };
    let Some(source) = source else {
        return match &plan.options.install_reaper {
            InstallReaper::To(path) => Err(Failure::unusable(format!(
                "--install-reaper {}: there is no runner-reaper beside this program",
                path.display()
            ))
            .into()),
            _ => Ok(()),
        };
    };
    let target = Volume::at(directory);
    let copied = target
        .copy_executable(&source, &name)
        .with_context(|| format!("installing {REAPER} (--install-reaper=none leaves it out)"))?;
    let path = target.path(&name);
    if copied {
        target.sync()?;
        log::info!("{} installed", path.display());
    }
    if forbids_execution(&path) {
        // The hook would fail in the kubelet, before any program of ours could say why.
        log::warn!(
            "{}: the volume is mounted noexec, so no preStop hook can run it; mount an emptyDir without noexec, mount the \
             image as a volume (manifests: component image-volume) or use the sidecar",
            path.display()
        );
    }
    Ok(())
}

fn forbids_execution(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|volume| {
        volume
            .f_flag
            .contains(rustix::fs::StatVfsMountFlags::NOEXEC)
    })
}

fn beside_this_program() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name(REAPER);
    path.is_file().then_some(path)
}
