//! Entries of two instances of GitLab: what one of them does is nothing to the other.

use gitlab_simulator::{Fault, Job, NewRunner, Settings, Simulator};
use rustix::process::Signal;

use crate::pod::{Kind, LIMIT, Pod};
use crate::running::Running;
use crate::versions::{ENDS, each};

#[test]
fn owned_runner_goes_after_its_job_while_another_gitlab_does_not_answer() {
    each(&ENDS, || {
        let head = "concurrent = 2\ncheck_interval = 1";
        let pod = Pod::new(Settings::default(), &[Kind::Shared], head, "  limit = 2");
        let second = Simulator::start(Settings::default()).unwrap();
        let owned = second.add_runner(NewRunner::default());
        let (url, id, token) = (second.url(), owned.id, owned.token);
        pod.put_config(&format!(
        "{}\n[[runners]]\n  name = \"second\"\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  limit = 2\n  executor = \"shell\"\n",
        pod.text("config.toml")
    ));
        pod.put(
            ".runner-lifecycle.toml",
            &format!(
                "{}[[entry]]\nurl = \"{url}\"\nid = {id}\nsource = \"access-token\"\n",
                pod.text(".runner-lifecycle.toml")
            ),
        );
        second.queue_job(Job {
            script: vec!["sleep 3".into()],
            variables: vec![("STAND_IN_DURATION".into(), "3s".into())],
            ..Job::default()
        });
        let mut pod = pod.with_port().started();
        // Its first word about the job: the answer has arrived.
        let works = second.wait_until(LIMIT, |state| {
            state.journal.iter().any(|call| call.method == "PUT")
        });
        assert!(works, "{}", pod.text("log"));
        let silent = Fault::on("DELETE /runners/managers").hang();
        pod.gitlab.fault(silent.forever());
        let mut sidecar = Running::sidecar(&pod, &["--grace-period=12"]);
        pod.signal(Signal::QUIT);
        sidecar.stop();
        pod.exited();
        let gone = second.wait_until(LIMIT, |state| state.runners.is_empty());
        assert!(gone, "{}", sidecar.ended().words);
        let ended = sidecar.ended();
        assert_eq!(ended.code, 69, "{}", ended.words);
        assert!(
            ended
                .words
                .contains("1 left behind at GitLab, 1 unregistered"),
            "{}",
            ended.words
        );
    });
}
