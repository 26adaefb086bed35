//! Owns a pod together with its GitLab, and what holds for every pod: its secrets stay where they belong, its end is clean.

use std::fs;
use std::path::Path;

use acceptance::canary::form;
use acceptance::pod::{LIMIT, wait_for};
use acceptance::process::page;
use gitlab_simulator::{Job, JobStatus, NewRunner, Role, Settings, Simulator};

use crate::pod::{Given, Pod};
use crate::render::Objects;

const REGISTRATION_TOKEN: &str = "canary-registration-token";
/// Seen by the runner container through a volume; the job of the busy pods ends when it is there.
const JOB_MAY_END: &str = "job-may-end";

/// A pod and its GitLab.
pub(crate) struct Scene {
    pub(crate) pod: Pod,
    pub(crate) gitlab: Simulator,
    /// Tokens that can create runners: the runner container must not see them.
    creators: Vec<String>,
    /// A runner made by a person; every other one belongs to the pod.
    shared: Option<i64>,
}

impl Scene {
    /// `objects` with the operator's values; the secrets are made as the README says.
    pub(crate) fn of(objects: &Objects) -> Self {
        Self::with(objects, Settings::default())
    }

    pub(crate) fn with(objects: &Objects, settings: Settings) -> Self {
        let text = objects.pod().to_string();
        let pod = Pod::new(objects, "gitlab-runner-0");
        let gitlab = Simulator::start(Settings {
            registration_token: REGISTRATION_TOKEN.to_owned(),
            ..settings
        })
        .unwrap();
        let mut scene = Self {
            pod,
            gitlab,
            creators: vec![REGISTRATION_TOKEN.to_owned()],
            shared: None,
        };
        let mut given = Given::new();
        let mut make = |secret: &str, token: &str| {
            given.insert(
                (secret.to_owned(), "token".to_owned()),
                format!("{token}\n"),
            )
        };
        if text.contains("gitlab-runner-token") {
            let runner = scene.gitlab.add_runner(NewRunner::default());
            make("gitlab-runner-token", &runner.token);
            scene.shared = Some(runner.id);
        }
        if text.contains("gitlab-access-token") {
            let token = scene
                .gitlab
                .add_access_token(&["create_runner"], Role::admin());
            make("gitlab-access-token", &token);
            scene.creators.push(token);
        }
        make("gitlab-registration-token", REGISTRATION_TOKEN);
        given.insert(
            ("gitlab-ca".to_owned(), "ca.crt".to_owned()),
            certificate("127.0.0.1").certificate_chain,
        );
        scene.pod.given = given;
        let url = scene.gitlab.url();
        if objects.name == "article" {
            let host = url.trim_start_matches("http://");
            let values = [
                ("<gitlabのURLを入力>", host),
                (
                    "<gitlabから確認できるregister-tokenを入力>",
                    REGISTRATION_TOKEN,
                ),
            ];
            scene.pod.fill_in(&values);
        } else {
            scene
                .pod
                .fill_in(&[("https://gitlab.example.com/", &format!("{url}/"))]);
        }
        scene
    }

    pub(crate) fn is_article(&self) -> bool {
        self.pod.spec["nodeSelector"].is_object()
    }

    pub(crate) fn wait_until_it_polls(&self) {
        let polls = self
            .gitlab
            .wait_until(LIMIT, |state| state.count("POST /jobs/request") > 0);
        assert!(
            polls,
            "the runner manager does not poll:\n{}",
            self.pod.words()
        );
    }

    /// Gives the runner manager a job that ends when told so.
    pub(crate) fn take_a_job(&self) -> i64 {
        let (_, directory) = self.pod.config();
        let until = format!("{directory}/{JOB_MAY_END}");
        let tags = if self.is_article() {
            vec!["docker".to_owned()]
        } else {
            Vec::new()
        };
        let job = Job {
            variables: vec![("STAND_IN_UNTIL_FILE".to_owned(), until)],
            tags,
            ..Job::default()
        };
        let id = self.gitlab.queue_job(job);
        let running = self.gitlab.wait_until(LIMIT, |state| {
            state
                .job(id)
                .is_some_and(|job| job.status == JobStatus::Running)
        });
        assert!(running, "nobody took the job:\n{}", self.pod.words());
        // At GitLab it runs as soon as it is handed out; a stop signal in the middle of the answer would lose it.
        wait_for("the runner manager to work on the job", || {
            get("/debug/jobs/list").filter(|list| list.contains("url="))
        });
        id
    }

    pub(crate) fn let_the_job_end(pod: &Pod) {
        let path = pod.config_volume().join(JOB_MAY_END);
        #[expect(
            clippy::disallowed_methods,
            reason = "the end of a job, not a helper's file"
        )]
        fs::write(path, "").unwrap();
    }

    /// What only the init container may know is not in sight of the runner container, and in nobody's words.
    pub(crate) fn check_secrets(&self) {
        let words = self.pod.words();
        let main = self.pod.main.as_ref().expect("runs");
        let process = Path::new("/proc").join(main.pid.to_string());
        let mut seen = fs::read(process.join("environ")).unwrap();
        let mut queue = vec![process.join("root")];
        while let Some(directory) = queue.pop() {
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                if kind.is_dir() && !path.ends_with("root/proc") {
                    queue.push(path);
                } else if fs::metadata(&path).is_ok_and(|file| file.is_file())
                    && !path.ends_with("usr/bin/gitlab-runner")
                {
                    seen.extend(fs::read(&path).unwrap());
                }
            }
        }
        assert!(
            contains(&seen, "[[runners]]"),
            "config.toml is not among what was searched"
        );
        for secret in &self.creators {
            assert_eq!(
                form(&words, secret),
                None,
                "a secret is in the log:\n{words}"
            );
            let found = form(&seen, secret);
            assert_eq!(
                found, None,
                "a token that can create runners is in the runner container"
            );
        }
    }

    /// The promises about every pod's end.
    pub(crate) fn check_end(&self) {
        let words = self.pod.words();
        for ended in &self.pod.ended {
            assert_eq!(
                ended.code, 0,
                "{} ended with {}:\n{words}",
                ended.name, ended.code
            );
        }
        // An unknown flag is exit 2; an unknown variable or a setting that makes no sense is a warning.
        assert!(
            !words.contains(" WARN "),
            "a helper was not content with the manifest:\n{words}"
        );
        let runners = self.gitlab.runners();
        match self.shared {
            Some(id) => {
                assert_eq!(
                    runners.iter().map(|runner| runner.id).collect::<Vec<_>>(),
                    [id],
                    "{words}"
                );
                assert!(
                    runners[0].managers.is_empty(),
                    "a runner manager is left: {:?}\n{words}",
                    runners[0].managers
                );
            }
            None => assert!(runners.is_empty(), "left at GitLab: {runners:?}\n{words}"),
        }
        let farewell = self
            .gitlab
            .journal()
            .into_iter()
            .find(|call| call.method == "DELETE")
            .expect("a farewell");
        let later: Vec<_> = self
            .gitlab
            .calls("POST /jobs/request")
            .into_iter()
            .filter(|call| call.number > farewell.number)
            .collect();
        assert!(
            later.is_empty(),
            "polled after the farewell: {later:?}\n{words}"
        );
    }
}

/// A page of the runner manager; none where nobody listens. This thread is in the pod's network.
pub(crate) fn get(path: &str) -> Option<String> {
    page("127.0.0.1:9252", path)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// A server's certificate that is its own CA.
pub(crate) fn certificate(host: &str) -> gitlab_simulator::Tls {
    let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
    gitlab_simulator::Tls {
        certificate_chain: made.cert.pem(),
        private_key: made.signing_key.serialize_pem(),
        client_ca: None,
    }
}
