//! `cargo demo`: two pods of the 2021 article start and end on the simulator, with the real programs, and a third is worked on by
//! hand. No cluster, no Docker, no GitLab. It ends with 0 only if GitLab's list of runners is what it should be at each point.

mod by_hand;
mod pod;
mod programs;
mod timeline;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use clap::{Arg, ArgAction, Command, value_parser};
use gitlab_simulator::{JobStatus, Settings, Simulator};

use pod::Pod;
use programs::Programs;
use timeline::Timeline;

/// The article's `gitlab_rails['initial_shared_runners_registration_token']`.
const REGISTRATION_TOKEN: &str = "gitlabtoken";

/// How long any one thing may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a job goes on after its pod was deleted.
const JOB_GOES_ON: Duration = Duration::from_secs(3);

/// Of two pods one each, of the third two.
const RUNNERS: usize = 4;

fn main() -> anyhow::Result<()> {
    let matches = arguments().get_matches();
    let release = matches.get_flag("release");
    let helpers = matches.get_one::<PathBuf>("helpers");
    let manager = matches.get_one::<PathBuf>("runner-manager").cloned();
    timeline::before("building the programs (the first time takes a minute or two)");
    let programs = Programs::build(release, helpers.map(PathBuf::as_path), manager)?;
    // The story begins here: a build is no part of it.
    run(&programs, &mut Timeline::start())
}

fn arguments() -> Command {
    Command::new("cargo demo")
        .about("Two pods of the 2021 article start and end on a simulated GitLab")
        .arg(
            Arg::new("runner-manager")
                .long("runner-manager")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("A real gitlab-runner instead of the stand-in (jobs then run in its shell executor)"),
        )
        .arg(
            Arg::new("helpers")
                .long("helpers")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .conflicts_with("release")
                .help("DIR/runner-init and DIR/runner-reaper instead of those of this checkout"),
        )
        .arg(
            Arg::new("release")
                .long("release")
                .action(ArgAction::SetTrue)
                .help("Use the programs as they are released"),
        )
}

/// The story: birth of two pods, a second run, a busy death and an idle one; then a person at the shell of a third.
fn run(programs: &Programs, timeline: &mut Timeline) -> anyhow::Result<()> {
    let settings = Settings {
        registration_token: REGISTRATION_TOKEN.into(),
        ..Settings::default()
    };
    let gitlab = Simulator::start(settings).context("starting the simulator")?;
    timeline.say(&format!("GitLab (simulated) listens on {}", gitlab.url()));

    timeline.chapter("Birth: the article's init container, in two replicas");
    let mut busy = Pod::new("container-builder-1", programs, &gitlab)?;
    busy.init(timeline)?;
    // Both pods share this machine's ports, so the first one takes its own before the second looks for a free one.
    start(&mut busy, timeline, &gitlab)?;
    let mut idle = Pod::new("container-builder-2", programs, &gitlab)?;
    idle.init(timeline)?;
    start(&mut idle, timeline, &gitlab)?;
    show_list(timeline, &gitlab, &[&busy, &idle])?;

    timeline.chapter("The init container runs a second time");
    let before = busy.config()?;
    busy.init(timeline)?;
    ensure!(
        busy.config()? == before,
        "the second run changed config.toml"
    );
    timeline.say("config.toml has the same bytes");
    show_list(timeline, &gitlab, &[&busy, &idle])?;
    timeline.chapter("What the runner manager reads (tokens masked)");
    timeline.quote(&pod::masked(&before));

    timeline.chapter("A pod is deleted while it is busy");
    let job = run_job(&gitlab, &busy, timeline)?;
    let released = busy.release_in(JOB_GOES_ON);
    busy.delete(timeline)?;
    released
        .join()
        .map_err(|_| anyhow!("releasing the job panicked"))??;
    check_success(&gitlab, job)?;
    timeline.say(&format!(
        "job {job} ended with success before its runner was unregistered"
    ));
    show_list(timeline, &gitlab, &[&idle])?;

    timeline.chapter("A pod is deleted while it is idle");
    idle.delete(timeline)?;
    show_list(timeline, &gitlab, &[])?;

    by_hand::act(programs, &gitlab, timeline)?;
    check_journal(&gitlab)?;
    timeline.chapter("Nothing is left behind at GitLab, and no job was lost");
    Ok(())
}

/// Starts a pod's runner manager and waits for its first poll, which puts it on GitLab's list.
fn start(pod: &mut Pod<'_>, timeline: &Timeline, gitlab: &Simulator) -> anyhow::Result<()> {
    let id = pod.runner_id()?;
    pod.start_runner_manager()?;
    let polls = gitlab.wait_until(PATIENCE, |state| {
        state
            .runner(id)
            .is_some_and(|runner| !runner.managers.is_empty())
    });
    ensure!(polls, "the runner manager of {} does not poll", pod.name());
    timeline.say(&format!(
        "{}: runner manager started, it polls GitLab",
        pod.name()
    ));
    Ok(())
}

/// Queues a job for this pod, and waits until its runner manager works on it.
fn run_job(gitlab: &Simulator, pod: &Pod<'_>, timeline: &Timeline) -> anyhow::Result<i64> {
    let job = gitlab.queue_job(pod.job(pod.runner_id()?));
    ensure!(is_running(gitlab, job, PATIENCE), "nobody took the job");
    wait_for_jobs(pod, 1)?;
    timeline.say(&format!("job {job} runs on {}", pod.name()));
    Ok(job)
}

/// Waits until GitLab counts the job as running.
fn is_running(gitlab: &Simulator, job: i64, limit: Duration) -> bool {
    gitlab.wait_until(limit, |state| {
        state
            .job(job)
            .is_some_and(|job| job.status == JobStatus::Running)
    })
}

/// Waits until the runner manager itself says that so many jobs run: GitLab knows of a beginning earlier, and of an end later.
fn wait_for_jobs(pod: &Pod<'_>, jobs: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    while pod.jobs()? != Some(jobs) {
        let name = pod.name();
        ensure!(
            began.elapsed() < PATIENCE,
            "{name} does not come to {jobs} jobs"
        );
    }
    Ok(())
}

fn check_success(gitlab: &Simulator, job: i64) -> anyhow::Result<()> {
    let status = gitlab.look(|state| state.job(job).map(|job| job.status));
    ensure!(
        status == Some(JobStatus::Success),
        "job {job} ended as {status:?}"
    );
    Ok(())
}

/// GitLab's list of runners, as its page would show it: the runners of these pods, as the article's arguments describe
/// them, and no other.
fn show_list(timeline: &Timeline, gitlab: &Simulator, pods: &[&Pod<'_>]) -> anyhow::Result<()> {
    let runners = gitlab.runners();
    timeline.say(&format!("GitLab lists {} runner(s)", runners.len()));
    for runner in &runners {
        let system_ids: Vec<&str> = runner
            .managers
            .iter()
            .map(|manager| manager.system_id.as_str())
            .collect();
        timeline.quote(&format!(
            "#{:<3} {:<20} tags: {:<12} runner managers: {}",
            runner.id,
            runner.description.as_deref().unwrap_or("-"),
            runner.tags.join(","),
            if system_ids.is_empty() {
                "-".to_owned()
            } else {
                system_ids.join(", ")
            }
        ));
    }
    ensure!(
        runners.len() == pods.len(),
        "GitLab lists {} runners, not {}",
        runners.len(),
        pods.len()
    );
    for pod in pods {
        let id = pod.runner_id()?;
        let runner = runners.iter().find(|runner| runner.id == id);
        let runner =
            runner.with_context(|| format!("GitLab does not list the runner of {}", pod.name()))?;
        ensure!(
            runner.description.as_deref() == Some(pod::DESCRIPTION) && runner.tags == pod.tags(),
            "runner {id} is {:?} with the tags {:?}, not {:?} with {:?}",
            runner.description,
            runner.tags,
            pod::DESCRIPTION,
            pod.tags()
        );
        ensure!(
            runner.managers.len() == 1,
            "runner {id} has {} runner managers, not the one of {}",
            runner.managers.len(),
            pod.name()
        );
    }
    Ok(())
}

/// No poll with a token after its runner was unregistered, and one unregistration for each runner.
fn check_journal(gitlab: &Simulator) -> anyhow::Result<()> {
    let journal = gitlab.journal();
    let deletions: Vec<_> = journal
        .iter()
        .filter(|call| call.method == "DELETE")
        .collect();
    ensure!(
        deletions.len() == RUNNERS,
        "{} deletions were asked for, not {RUNNERS}",
        deletions.len()
    );
    for deletion in deletions {
        let token = &deletion.body["token"];
        let later = journal
            .iter()
            .filter(|call| call.number > deletion.number && &call.body["token"] == token);
        ensure!(
            later.count() == 0,
            "a token was used after its runner was unregistered"
        );
    }
    Ok(())
}
