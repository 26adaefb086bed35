//! Owns the story of the hook: polling off, then unregister as soon as that harms nothing, and nothing polls after that.
//!
//! The hook dies with PID 1, so the runner manager must live until it has returned. After it the kubelet sends the
//! image's stop signal, and the runner manager finishes what is left by itself.

use std::time::Duration;

use runner_lifecycle::exit::Exit;
use runner_lifecycle::files::Config;
use runner_lifecycle::session::Session;
use rustix::process::Signal;

use crate::args::Options;
use crate::entries::Unregistration;
use crate::grace::Deadlines;
use crate::ledger::Ledger;
use crate::opening;
use crate::pause::{self, End, Paused};
use crate::rotation;
use crate::runner_manager::{self, Live};
use crate::stops::Stops;

mod decision;
mod farewell;
mod last_act;
mod waiting;

use decision::Circumstances;
use waiting::{RunningJobs, Waited, Waiting};

/// So many pauses: if polling resumes after that, somebody keeps making the runner manager load the file.
const MOST_PAUSES: u32 = 3;

/// What GitLab usually needs. If it needs more, jobs are looked after meanwhile.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Runs the hook.
///
/// Fails when the volume or its files cannot be used; nothing was unregistered then.
pub(crate) async fn run(
    options: &Options,
    deadlines: Deadlines,
    stops: &Stops,
) -> anyhow::Result<Exit> {
    let opened = opening::open_unless_stopped(options, deadlines.gitlab, stops).await?;
    let Some(session) = opened.into_session(options) else {
        return Ok(Exit::Done);
    };
    drain_and_unregister(session, options, deadlines, stops).await
}

/// The hook on a volume that is open already.
pub(crate) async fn drain_and_unregister(
    mut session: Session,
    options: &Options,
    deadlines: Deadlines,
    stops: &Stops,
) -> anyhow::Result<Exit> {
    session.take_over_pause();
    let mut ledger = Ledger::new(options, &session, stops);
    ledger.say_what_cannot_go(&session.config);
    // A runner manager whose file was removed goes on with what it had loaded.
    let nothing = session.config.is_missing() && ledger.unregistrations(&session.config).is_empty();
    let find = async || match nothing {
        true => None,
        false => {
            runner_manager::find(options, &session.files, &session.config, deadlines.jobs).await
        }
    };
    let live = match find().await {
        Some(live) => live,
        None => {
            log::info!(
                "no runner manager uses {}, so nothing polls",
                session.files.path().display()
            );
            let all = ledger.unregistrations(&session.config);
            let until = options.unregister_until(deadlines.gitlab);
            ledger.begin(all, until);
            ledger.settle(2, until).await;
            // A container that has just begun runs its entry point first, and a shell is no runner manager yet.
            match find().await {
                Some(live) if stops.count() < 2 => live,
                _ => {
                    if !session.end_pause(deadlines.gitlab).await {
                        ledger.note(Exit::Unusable);
                    }
                    return Ok(ledger.last_words(0));
                }
            }
        }
    };
    log::info!("runner manager found: {}", live.describe());
    ledger.may_be_back();
    let mut hook = Hook {
        ledger,
        config: rotation::waited_for(&session, &live, options, deadlines.jobs, stops).await?,
        loaded_again: 0,
        session: &session,
        live: &live,
        options,
        deadlines,
        stops,
    };
    let mut rounds = 0;
    // Each round but the last ends with polling that began again, and after the deadline there is no other one.
    loop {
        if let Some(exit) = hook.round().await? {
            return Ok(exit);
        }
        log::info!(
            "polling may have resumed, because config.toml was rewritten or reloaded: pausing again with its current tokens"
        );
        hook.ledger.may_be_back();
        rounds += 1;
        pause::rest(rounds, deadlines.jobs, stops).await;
    }
}

struct Hook<'a> {
    session: &'a Session,
    live: &'a Live,
    options: &'a Options,
    deadlines: Deadlines,
    stops: &'a Stops,
    ledger: Ledger<'a>,
    /// The `config.toml` whose tokens count.
    config: Config,
    /// How often it was loaded again without having been rewritten.
    loaded_again: u32,
}

impl Hook<'_> {
    /// One pass over the story. Nothing, if polling began again under it.
    async fn round(&mut self) -> anyhow::Result<Option<Exit>> {
        let (files, jobs_until) = (&self.session.files, self.deadlines.jobs);
        let paused = if self.loaded_again > MOST_PAUSES {
            log::warn!(
                "config.toml is reloaded after each pause, so polling continues until the end"
            );
            Paused::not_possible()
        } else if self.config.is_missing() {
            log::warn!(
                "config.toml is missing, so it cannot be paused, and polling continues until the end"
            );
            Paused::not_possible()
        } else {
            pause::end_polling(files, self.live, &self.config, jobs_until, self.stops).await?
        };
        if !paused.restored {
            self.ledger.note(Exit::Unusable);
        }
        if let Some(config) = files.config()? {
            self.config = config;
        }
        if let Some(shown) = self.live.system_id() {
            self.ledger.trust(shown);
        }
        let (shared, mut rest): (Vec<Unregistration>, Vec<Unregistration>) = self
            .ledger
            .unregistrations(&self.config)
            .into_iter()
            .partition(Unregistration::is_shared);
        let end = paused.end;
        if matches!(end, End::Stopped) {
            rest.extend(shared);
            self.ledger.give_up(&rest, "stopped by a second signal");
            return Ok(Some(self.ledger.last_words(0)));
        }
        let decision = decision::after(&end, self.facts(&rest));
        if decision.shared_now {
            // While jobs are waited for there is time.
            let until = match decision.jobs {
                decision::JobsDecision::Wait => self.deadlines.gitlab,
                _ => self.options.unregister_until(self.deadlines.gitlab),
            };
            self.ledger.begin(shared, until);
            self.ledger.settle_within(AT_ONCE).await;
        } else {
            rest.extend(shared);
        }
        if files.changed_since(&self.config) && !jobs_until.passed() {
            return Ok(None);
        }
        let told_to_drain = decision.drain_child && self.live.stop(Signal::QUIT);
        if told_to_drain {
            log::info!(
                "SIGQUIT sent to the runner manager, so that it drains: its wrapper keeps running"
            );
        }
        let busy = matches!(&end, End::Off(quiet, ..) if !quiet.idle);
        let mut waiting = Waiting {
            live: self.live,
            files,
            config: &self.config,
            stops: self.stops,
            until: jobs_until,
            ending_is_news: !matches!(end, End::WasEnding) && !told_to_drain,
            polls: matches!(end, End::On),
            shared_waits: !decision.shared_now,
            still: end.activity(),
            watch: end.watch(),
            last: Vec::new(),
        };
        let waited = match decision.jobs {
            decision::JobsDecision::Over => Waited::Idle,
            decision::JobsDecision::NoMatter if busy => Waited::NotNeeded(waiting.jobs().await),
            decision::JobsDecision::NoMatter => Waited::NotNeeded(RunningJobs::default()),
            decision::JobsDecision::Ending => Waited::Ending(waiting.jobs().await),
            decision::JobsDecision::Wait => {
                waiting
                    .for_jobs(&mut self.ledger, &mut rest, self.deadlines.gitlab)
                    .await
            }
        };
        self.finish(waited, rest).await
    }

    fn facts(&self, rest: &[Unregistration]) -> Circumstances {
        Circumstances {
            wrapped: self.live.is_wrapped(),
            others: self.live.has_others(),
            owned: !rest.is_empty(),
            told: self.options.grace.told,
        }
    }
}
