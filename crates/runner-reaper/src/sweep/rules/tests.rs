//! What may go and what stays, by tables.

use super::*;

const HOUR: u64 = 3600;

fn ago(seconds: u64) -> SystemTime {
    now() - Duration::from_secs(seconds)
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn three_hours() -> Duration {
    Duration::from_secs(3 * HOUR)
}

#[test]
fn only_what_is_known_to_be_old_silent_and_idle_is_due() {
    type Contact = Option<Option<u64>>;
    fn check(
        made: Option<u64>,
        contact: Contact,
        busy: Option<bool>,
        want: Result<Due, KeepReason>,
    ) {
        let facts = Observed {
            created_at: made.map(ago),
            contacted_at: contact.map(|at| at.map(ago)),
            busy,
        };
        let got = facts.due(now(), three_hours());
        assert_eq!(got, want, "{made:?} {contact:?} {busy:?}");
    }
    let long = 3 * HOUR;
    let seen = |seconds| Some(Some(seconds));
    check(
        Some(9 * HOUR),
        seen(long),
        Some(false),
        Ok(Due::Silent(ago(long))),
    );
    check(None, seen(long), None, Ok(Due::Silent(ago(long))));
    check(
        Some(long),
        Some(None),
        Some(false),
        Ok(Due::Never(ago(long))),
    );
    let short = |seconds| Err(KeepReason::Contacted(Duration::from_secs(seconds)));
    check(Some(9 * HOUR), seen(long - 1), Some(false), short(long - 1));
    check(None, seen(0), None, short(0));
    check(
        Some(long - 1),
        Some(None),
        Some(false),
        Err(KeepReason::Young),
    );
    // GitLab's clock may have been put back.
    check(
        Some(long - 1),
        seen(long),
        Some(false),
        Err(KeepReason::Young),
    );
    check(
        Some(9 * HOUR),
        seen(long),
        Some(true),
        Err(KeepReason::RunningJob),
    );
    check(
        Some(9 * HOUR),
        Some(None),
        Some(true),
        Err(KeepReason::RunningJob),
    );
    check(
        Some(9 * HOUR),
        None,
        Some(false),
        Err(KeepReason::ContactUnknown),
    );
    check(None, Some(None), None, Err(KeepReason::AgeUnknown));
}

#[test]
fn what_lies_in_the_future_is_not_old() {
    let future = Some(now() + Duration::from_secs(9 * HOUR));
    let facts = |created_at, contacted_at| Observed {
        created_at,
        contacted_at,
        busy: Some(false),
    };
    let kept = |facts: Observed| facts.due(now(), three_hours()).unwrap_err();
    assert_eq!(
        kept(facts(None, Some(future))),
        KeepReason::Contacted(Duration::ZERO)
    );
    assert_eq!(kept(facts(future, Some(None))), KeepReason::Young);
}

#[test]
fn the_list_alone_keeps_what_lives_and_makes_nothing_due() {
    fn check(
        online: Option<bool>,
        status: &str,
        made: Option<u64>,
        job: &str,
        want: Option<KeepReason>,
    ) {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let row = RunnerRow {
            id: 1,
            online,
            status: text(status),
            created_at: made.map(ago),
            job_execution_status: text(job),
        };
        let got = kept_by_list(&row, now(), three_hours());
        assert_eq!(got, want, "{row:?}");
    }
    check(
        Some(true),
        "online",
        Some(9 * HOUR),
        "idle",
        Some(KeepReason::Online),
    );
    check(Some(true), "paused", None, "", Some(KeepReason::Online));
    check(None, "online", None, "", Some(KeepReason::Online));
    check(
        Some(false),
        "offline",
        Some(9 * HOUR),
        "active",
        Some(KeepReason::RunningJob),
    );
    check(
        None,
        "never_contacted",
        Some(HOUR),
        "idle",
        Some(KeepReason::Young),
    );
    check(Some(false), "offline", Some(9 * HOUR), "idle", None);
    check(Some(false), "offline", None, "", None);
    check(None, "never_contacted", None, "", None);
    check(None, "", None, "a new word", None);
}

#[test]
fn only_the_mark_of_the_fleet_counts() {
    fn check(note: Option<&str>, want: Result<&str, KeepReason>) {
        let fleet = "ci".parse().unwrap();
        let got = mark_of_fleet(note, &fleet).map(|mark| mark.pod());
        assert_eq!(got, want.map(str::to_owned), "{note:?}");
    }
    check(
        Some("runner-lifecycle pod=a namespace=n fleet=ci"),
        Ok("n/a"),
    );
    check(Some("runner-lifecycle host=a fleet=ci"), Ok("a"));
    check(
        Some("runner-lifecycle pod=a namespace=n"),
        Err(KeepReason::OtherFleet),
    );
    check(
        Some("runner-lifecycle pod=a fleet=ci-2"),
        Err(KeepReason::OtherFleet),
    );
    check(
        Some("runner-lifecycle pod=a fleet=CI"),
        Err(KeepReason::OtherFleet),
    );
    check(Some("fleet=ci"), Err(KeepReason::NoMark));
    check(
        Some("was runner-lifecycle pod=a fleet=ci"),
        Err(KeepReason::NoMark),
    );
    check(Some(" "), Err(KeepReason::NoNote));
    check(None, Err(KeepReason::NoNote));
}
