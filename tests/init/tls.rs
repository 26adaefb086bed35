//! Whom `runner-init` trusts: an own CA wherever it was put, a client certificate, nobody with a wrong name, out of date
//! or of an unknown issuer.

use std::process::Command;

use acceptance::stage::{Stage, run};
use gitlab_simulator::{Settings, Simulator, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

/// An authority, the GitLab whose certificate it signed, and a volume.
struct Scene {
    ca: CertifiedIssuer<'static, KeyPair>,
    gitlab: Simulator,
    stage: Stage,
    /// What is no part of the volume.
    aside: Stage,
}

fn named(name: &str) -> CertificateParams {
    let names: Vec<String> = Some(name.to_owned())
        .filter(|name| !name.is_empty())
        .into_iter()
        .collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "test");
    params
}

impl Scene {
    /// A GitLab with a certificate of these parameters, which may want one of its clients.
    fn of(server: &CertificateParams, wants_client: bool) -> Self {
        let mut params = named("");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let tls = Some(Tls {
            certificate_chain: server.signed_by(&key, &ca).unwrap().pem(),
            private_key: key.serialize_pem(),
            client_ca: wants_client.then(|| ca.pem()),
        });
        let gitlab = Simulator::start(Settings {
            tls,
            ..Settings::default()
        })
        .unwrap();
        let (stage, aside) = (Stage::new(), Stage::new());
        aside.put("ca.pem", &ca.pem());
        Self {
            ca,
            gitlab,
            stage,
            aside,
        }
    }

    fn usual() -> Self {
        Self::of(&named("localhost"), false)
    }

    fn ca_file(&self) -> String {
        format!("--tls-ca-file={}", self.aside.file("ca.pem").display())
    }

    /// `runner-init` where no CA certificate is installed.
    fn init(&self, url: &str, more: &[&str]) -> Command {
        let mut init = self
            .stage
            .init(&["register", "--non-interactive", "--executor=shell"]);
        init.args(["--url", url, "--description=tls"])
            .arg("--registration-token=gitlabtoken")
            .args(more);
        init.env("SSL_CERT_FILE", "/nonexistent/bundle.pem")
            .env("SSL_CERT_DIR", "/nonexistent");
        init
    }

    /// It registers one runner.
    #[track_caller]
    fn registers(&self, url: &str, more: &[&str]) {
        let ended = run(&mut self.init(url, more));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert_eq!(self.gitlab.runners().len(), 1, "{}", ended.output());
        assert_eq!(self.stage.entries(), 1);
    }

    /// It ends with 78 and one line that holds all of these, without a request.
    #[track_caller]
    fn refuses(&self, more: &[&str], named: &[&str]) {
        let ended = run(&mut self.init(&self.gitlab.url_of("localhost"), more));
        let at = ended.output();
        assert_eq!(ended.code(), 78, "{at}");
        let mut errors = ended.stderr.lines().filter(|line| line.contains(" ERROR "));
        let error = errors.next().unwrap_or_default();
        assert!(errors.next().is_none(), "more than one line: {at}");
        for name in named {
            assert!(error.contains(name), "{name} is not in: {at}");
        }
        assert!(self.gitlab.journal().is_empty(), "a request was sent: {at}");
        assert_eq!(self.stage.entries(), 0, "{at}");
    }
}

#[test]
fn own_ca_counts_by_flag_and_by_the_hosts_name_beside_the_config() {
    let scene = Scene::usual();
    scene.registers(&scene.gitlab.url_of("localhost"), &[&scene.ca_file()]);
    let scene = Scene::usual();
    std::fs::create_dir(scene.stage.file("certs")).unwrap();
    scene.stage.put("certs/localhost.crt", &scene.ca.pem());
    scene.registers(&scene.gitlab.url_of("localhost"), &[]);
}

#[test]
fn client_certificate_of_the_flags_is_shown() {
    let scene = Scene::of(&named("localhost"), true);
    let ca = scene.ca_file();
    scene.refuses(&[&ca], &["client certificate", "--tls-cert-file"]);
    let key = KeyPair::generate().unwrap();
    let own = named("").signed_by(&key, &scene.ca).unwrap();
    scene.aside.put("client.pem", &own.pem());
    scene.aside.put("client.key", &key.serialize_pem());
    let file = |name: &str| scene.aside.file(name).display().to_string();
    let cert = format!("--tls-cert-file={}", file("client.pem"));
    let key = format!("--tls-key-file={}", file("client.key"));
    scene.registers(&scene.gitlab.url_of("localhost"), &[&ca, &cert, &key]);
}

#[test]
fn plain_http_needs_no_ca() {
    let gitlab = Simulator::start(Settings::default()).unwrap();
    let scene = Scene {
        gitlab,
        ..Scene::usual()
    };
    scene.registers(&scene.gitlab.url(), &[]);
}

#[test]
fn wrong_name_old_certificate_and_unknown_issuer_are_each_called_so() {
    let unknown = Scene::usual();
    unknown.refuses(
        &[],
        &["unknown authority", "--tls-ca-file", "localhost.crt"],
    );
    let other = Scene::of(&named("other.example"), false);
    other.refuses(
        &[&other.ca_file()],
        &["not valid for localhost", "other.example"],
    );
    let mut old = named("localhost");
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let old = Scene::of(&old, false);
    old.refuses(&[&old.ca_file()], &["has expired"]);
}

/// As `openssl req -x509` makes it: its own authority, with a name.
#[test]
fn self_signed_certificate_counts_where_it_is_given_and_is_called_so_elsewhere() {
    let mut params = named("localhost");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let scene = || {
        let tls = Some(Tls {
            certificate_chain: pem.clone(),
            private_key: key.serialize_pem(),
            client_ca: None,
        });
        let gitlab = Simulator::start(Settings {
            tls,
            ..Settings::default()
        });
        Scene {
            gitlab: gitlab.unwrap(),
            ..Scene::usual()
        }
    };
    let own = scene();
    let wants = ["is self-signed", "--tls-ca-file", "certs/localhost.crt"];
    own.refuses(&[], &wants);
    // What was advised works.
    std::fs::create_dir(own.stage.file("certs")).unwrap();
    own.stage.put("certs/localhost.crt", &pem);
    own.registers(&own.gitlab.url_of("localhost"), &[]);
    let own = scene();
    own.aside.put("own.pem", &pem);
    let file = format!("--tls-ca-file={}", own.aside.file("own.pem").display());
    own.registers(&own.gitlab.url_of("localhost"), &[&file]);
}
