//! One job from its start to GitLab's last word about it. It only takes time; it never asks for another.

use std::path::Path;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::builds::Progress;
use crate::config::Entry;
use crate::log_line;
use crate::payload::{Payload, Time};
use crate::process::Process;
use crate::stop::Phase;
use crate::trace::Trace;

/// gitlab-runner's rhythm while nobody watches the log, and its word that the job lives.
const TRACE_EVERY: Duration = Duration::from_secs(3);
const ALIVE_EVERY: Duration = Duration::from_secs(30);
const LOOK_FOR_FILE_EVERY: Duration = Duration::from_millis(20);
/// The last word is repeated: a job whose end GitLab never hears of stays "running" there.
const LAST_WORD_ATTEMPTS: u32 = 10;

/// How a job ended here.
enum End {
    Success,
    Failed(&'static str),
    /// GitLab ended it; there is nothing left to say.
    TakenBack,
}

/// Works until the job is over, its final state delivered. True when it succeeded.
pub(crate) async fn run(process: &Process, entry: &Entry, payload: &Payload) -> bool {
    let mut trace = Trace::default();
    trace.line("Running with gitlab-runner (stand-in)");
    step(process, payload, "running", "prepare_executor");
    let work = payload.work();
    step(process, payload, "running", "step_script");
    let end = tokio::select! {
        biased;
        () = take_time(&work.time) => if work.succeeds { End::Success } else { End::Failed("script_failure") },
        () = process.stop.reached(Phase::Forceful) => End::Failed(payload.failure_reason("runner_interrupted")),
        end = keep_in_touch(process, entry, payload, &mut trace) => end,
    };
    match end {
        End::Success => {
            step(process, payload, "success", "step_script");
            trace.line("Job succeeded");
            last_word(process, entry, payload, &mut trace, "success", None).await;
            true
        }
        End::Failed(reason) => {
            step(
                process,
                payload,
                if reason == "script_failure" {
                    "failed"
                } else {
                    "terminated"
                },
                "step_script",
            );
            trace.line(&format!("ERROR: Job failed: {reason}"));
            last_word(process, entry, payload, &mut trace, "failed", Some(reason)).await;
            false
        }
        End::TakenBack => {
            log_line::warning(&format!("Job was ended by GitLab  job={}", payload.id));
            false
        }
    }
}

/// Whether GitLab has closed the job.
pub(crate) fn is_over(job_status: &str) -> bool {
    matches!(job_status, "failed" | "canceled")
}

fn step(process: &Process, payload: &Payload, state: &'static str, stage: &'static str) {
    process.builds.progress(
        payload.id,
        Progress {
            state,
            stage,
            executor_stage: "prepare",
        },
    );
}

async fn take_time(time: &Time) {
    match time {
        Time::For(duration) => sleep(*duration).await,
        Time::UntilFile(file) => until_there(file).await,
    }
}

async fn until_there(file: &Path) {
    while !file.exists() {
        sleep(LOOK_FOR_FILE_EVERY).await;
    }
}

/// Sends the log and signs of life; ends only when GitLab does not want the job any more.
async fn keep_in_touch(
    process: &Process,
    entry: &Entry,
    payload: &Payload,
    trace: &mut Trace,
) -> End {
    let mut alive_at = Instant::now() + ALIVE_EVERY;
    loop {
        sleep(TRACE_EVERY).await;
        let mut answer = trace.send(&process.gitlab, entry, payload).await;
        if answer.is_none() && Instant::now() >= alive_at {
            answer = process
                .gitlab
                .update_job(entry, payload, "running", &json!({}))
                .await
                .ok();
        }
        if let Some(answer) = answer {
            alive_at = Instant::now() + ALIVE_EVERY;
            match answer.job_status() {
                "canceling" => return End::Failed("job_canceled"),
                status if is_over(status) => return End::TakenBack,
                _ => {}
            }
        }
    }
}

/// The rest of the log, then the final state, until GitLab has it.
async fn last_word(
    process: &Process,
    entry: &Entry,
    payload: &Payload,
    trace: &mut Trace,
    state: &str,
    failure_reason: Option<&str>,
) {
    let checksum = trace.checksum();
    let mut more = json!({
        "output": {"checksum": checksum, "bytesize": trace.size()},
        "checksum": checksum,
    });
    if let (Some(more), Some(reason)) = (more.as_object_mut(), failure_reason) {
        more.insert("failure_reason".to_owned(), Value::from(reason));
        more.insert("exit_code".to_owned(), Value::from(1));
    }
    let mut wait = Duration::from_millis(100);
    for _ in 0..LAST_WORD_ATTEMPTS {
        // Twice: the first may only learn how much GitLab has already.
        let _ = trace.send(&process.gitlab, entry, payload).await;
        let _ = trace.send(&process.gitlab, entry, payload).await;
        match process
            .gitlab
            .update_job(entry, payload, state, &more)
            .await
        {
            Ok(answer) if answer.status == StatusCode::OK => return,
            Ok(answer)
                if matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) =>
            {
                break;
            }
            Ok(_) | Err(_) => {}
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(5));
    }
    log_line::error(&format!(
        "Submitting job to coordinator... failed  job={}",
        payload.id
    ));
}
