//! Owns copying the two programs to the volume, so that a preStop hook, and a person's shell, can run them in the unchanged
//! runner image.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::volume::Volume;
use runner_lifecycle::volume::names::{INIT, REAPER};

use super::plan::Plan;
use crate::args::Install;

/// Copies `runner-reaper` where it is beside this program, and this program itself. A path that was named must work; the
/// default may be missing.
pub(super) fn programs(plan: &Plan<'_>, volume: &Volume) -> anyhow::Result<()> {
    let this = std::env::current_exe().ok();
    let reaper = this.as_ref().map(|this| this.with_file_name(REAPER));
    // The hook's first: where one of them has no room, its line is the one to read.
    for (program, flag, asked, source) in [
        (
            REAPER,
            "--install-reaper",
            &plan.options.install_reaper,
            reaper,
        ),
        (INIT, "--install-init", &plan.options.install_init, this),
    ] {
        let source = source.filter(|source| source.is_file());
        if let Some(path) = install(program, flag, asked, source.as_deref(), volume)?
            && program == REAPER
            && forbids_execution(&path)
        {
            // The hook would fail in the kubelet, before any program of ours could say why.
            log::warn!(
                "{}: the volume is mounted noexec, so no preStop hook can run it; mount an emptyDir without noexec, mount the \
                 image as a volume (manifests: component image-volume) or use the sidecar",
                path.display()
            );
        }
    }
    Ok(())
}

/// Copies one program; where it is then.
fn install(
    program: &str,
    flag: &str,
    asked: &Install,
    source: Option<&Path>,
    volume: &Volume,
) -> anyhow::Result<Option<PathBuf>> {
    let (directory, name) = match asked {
        Install::No => return Ok(None),
        Install::BesideConfig => (volume.directory(), program),
        Install::To(path) if path.is_dir() => (path.as_path(), program),
        Install::To(path) => (
            path.parent().unwrap_or_else(|| Path::new("")),
            path.file_name()
                .and_then(|name| name.to_str())
                .unwrap_or(program),
        ),
    };
    let Some(source) = source else {
        return match asked {
            Install::To(path) => Err(Failure::unusable(format!(
                "{flag} {}: there is no {program} beside this program",
                path.display()
            ))
            .into()),
            _ => Ok(None),
        };
    };
    let target = Volume::at(directory);
    let copied = target
        .copy_executable(source, name)
        .with_context(|| format!("installing {program} ({flag}=none skips it)"))?;
    let path = target.path(name);
    if copied {
        target.sync()?;
        log::info!("{} installed", path.display());
    }
    Ok(Some(path))
}

fn forbids_execution(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|volume| {
        volume
            .f_flag
            .contains(rustix::fs::StatVfsMountFlags::NOEXEC)
    })
}
