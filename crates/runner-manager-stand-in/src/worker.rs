//! A worker: takes entries, asks for a job, works on it. As many of them live as `concurrent` says; it never reads the file.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;

use crate::config::Entry;
use crate::exposition::Name;
use crate::gitlab::JobAnswer;
use crate::job;
use crate::log_line;
use crate::payload::Payload;
use crate::process::Process;
use crate::short_token::short;
use crate::stop::Phase;

/// gitlab-runner builds the job's directories here: the request is over, the job not yet counted.
const BETWEEN_REQUEST_AND_JOB: Duration = Duration::from_millis(3);

/// Works until it is told to stop, by a lowered `concurrent` or by the end of the process; a job is finished first.
pub(crate) async fn work(process: Arc<Process>) {
    process
        .counters
        .add(Name::WorkerSlotOperations, &[("operation", "started")], 1);
    while !process.stop.begun() {
        let mut dismissal = process.dismissals.take();
        // Go picks at random between a held entry and a dismissal that are both there.
        if coin() && dismissal.try_recv().is_ok() {
            break;
        }
        let mut taking = process.handover.take();
        tokio::select! {
            biased;
            () = process.stop.reached(Phase::Graceful) => break,
            Ok(entry) = &mut taking => {
                // A worker at work cannot be dismissed; one that was dismissed at this very moment takes the entry along.
                dismissal.close();
                let dismissed = dismissal.try_recv().is_ok();
                ask_for_job(&process, &entry).await;
                if dismissed {
                    break;
                }
            }
            Ok(()) = &mut dismissal => break,
        }
    }
    process
        .counters
        .add(Name::WorkerSlotOperations, &[("operation", "stopped")], 1);
}

fn coin() -> bool {
    RandomState::new().hash_one(0_u8).is_multiple_of(2)
}

async fn ask_for_job(process: &Arc<Process>, entry: &Arc<Entry>) {
    // The limit is looked at here and not by the feeder: that is what lets a raised `concurrent` shake off a held entry.
    if !process.builds.acquire_slot(entry) {
        return;
    }
    if process.builds.acquire_request(entry) {
        let taken = request(process, entry).await;
        process.builds.release_request(entry);
        if let Some(payload) = taken {
            tokio::time::sleep(BETWEEN_REQUEST_AND_JOB).await;
            run_job(process, entry, payload).await;
        }
    }
    process.builds.release_slot(entry);
}

/// The request for a job and, with a job, the word that it runs. None too when GitLab takes the job back at once.
async fn request(process: &Process, entry: &Entry) -> Option<Box<Payload>> {
    let answer = tokio::select! {
        // A stop cuts the request off; what GitLab hands out at that moment is lost.
        () = process.stop.reached(Phase::Graceful) => JobAnswer::None,
        answer = process.gitlab.request_job(entry) => answer,
    };
    let healthy = !matches!(answer, JobAnswer::Unhealthy);
    process.health.mark(entry, healthy);
    let JobAnswer::Job(payload) = answer else {
        if !healthy {
            log_line::error(&format!(
                "Checking for jobs... forbidden  runner={}",
                short(&entry.token)
            ));
            process.count(Name::WorkerHealthCheckFailures, entry);
        }
        return None;
    };
    log_line::info(&format!(
        "Checking for jobs... received  job={} runner={}",
        payload.id,
        short(&entry.token)
    ));
    let running = process
        .gitlab
        .update_job(entry, &payload, "running", &json!({}))
        .await;
    let refused = running.is_ok_and(|answer| {
        matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
            || job::is_over(answer.job_status())
    });
    if refused {
        log_line::warning(&format!(
            "Submitting job to coordinator... job failed  job={}",
            payload.id
        ));
        return None;
    }
    Some(payload)
}

async fn run_job(process: &Arc<Process>, entry: &Arc<Entry>, payload: Box<Payload>) {
    process.builds.add_job(payload.id, entry, payload.url());
    process.count(Name::JobsTotal, entry);
    log_line::info(&format!(
        "Added job to processing list  job={} builds={}",
        payload.id,
        process.builds.job_count()
    ));
    if !entry.strict_check_interval.unwrap_or_default() {
        // Where there is one job there may be another: the same entry goes to a worker that is free at this moment.
        let _ = process.handover.offer(entry.clone());
    }
    let succeeded = job::run(process, entry, &payload).await;
    process.builds.remove_job(payload.id);
    log_line::info(&format!(
        "Removed job from processing list  job={}",
        payload.id
    ));
    if !succeeded {
        process.count_failure("job_failure", entry);
    }
}
