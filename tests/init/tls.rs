//! Whom `runner-init` trusts: an own CA wherever it was put, a client certificate, nobody with a wrong name, out of date
//! or of an unknown issuer.

use acceptance::pod::{Pod, Source, put};
use acceptance::stage::{Ended, run};
use gitlab_simulator::{Settings, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

/// An authority, and a pod at the GitLab whose certificate it signed.
struct Scene {
    ca: CertifiedIssuer<'static, KeyPair>,
    pod: Pod,
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

/// A GitLab with this certificate.
fn with_tls(certificate_chain: String, key: &KeyPair, client_ca: Option<String>) -> Pod {
    let tls = Some(Tls {
        certificate_chain,
        private_key: key.serialize_pem(),
        client_ca,
    });
    Pod::empty(Settings {
        tls,
        ..Settings::default()
    })
}

impl Scene {
    /// A GitLab with a certificate of these parameters, which may want one of its clients.
    fn of(server: &CertificateParams, wants_client: bool) -> Self {
        let mut params = named("");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let chain = server.signed_by(&key, &ca).unwrap().pem();
        let pod = with_tls(chain, &key, wants_client.then(|| ca.pem()));
        Self { ca, pod }
    }

    fn usual() -> Self {
        Self::of(&named("localhost"), false)
    }

    fn ca_file(&self) -> String {
        flag(&self.pod, "ca", &self.ca.pem())
    }
}

/// The flag with a file of this text, which is no part of the volume.
fn flag(pod: &Pod, kind: &str, text: &str) -> String {
    let path = pod.aside.path().join(kind);
    put(&path, text);
    format!("--tls-{kind}-file={}", path.display())
}

/// `runner-init` where no CA certificate is installed.
fn init(pod: &Pod, more: &[&str]) -> Ended {
    let mut words = pod.flags(Source::RegistrationToken);
    words.push(format!("--url={}", pod.gitlab.url_of("localhost")));
    let mut init = pod.init(&words);
    init.args(more)
        .env("SSL_CERT_FILE", "/nonexistent/bundle.pem")
        .env("SSL_CERT_DIR", "/nonexistent");
    run(&mut init)
}

/// It registers one runner.
#[track_caller]
fn registers(pod: &Pod, more: &[&str]) {
    let ended = init(pod, more);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(pod.gitlab.runners().len(), 1, "{}", ended.output());
    assert_eq!(pod.stage.entries(), 1);
}

/// It ends with 78 and one line that holds all of these, without a request.
#[track_caller]
fn refuses(pod: &Pod, more: &[&str], named: &[&str]) {
    let ended = init(pod, more);
    let at = ended.output();
    assert_eq!(ended.code(), 78, "{at}");
    let error = ended.one_error(&at);
    for name in named {
        assert!(error.contains(name), "{name} is not in: {at}");
    }
    assert!(pod.gitlab.journal().is_empty(), "a request was sent: {at}");
    assert_eq!(pod.stage.entries(), 0, "{at}");
}

/// Puts a certificate where it is found by the host's name.
fn install(pod: &Pod, text: &str) {
    std::fs::create_dir(pod.stage.file("certs")).unwrap();
    pod.stage.put("certs/localhost.crt", text);
}

#[test]
fn own_ca_counts_by_flag_and_by_the_hosts_name_beside_the_config() {
    let scene = Scene::usual();
    registers(&scene.pod, &[&scene.ca_file()]);
    let scene = Scene::usual();
    install(&scene.pod, &scene.ca.pem());
    registers(&scene.pod, &[]);
}

#[test]
fn client_certificate_of_the_flags_is_shown() {
    let scene = Scene::of(&named("localhost"), true);
    let (pod, ca) = (&scene.pod, scene.ca_file());
    refuses(pod, &[&ca], &["client certificate", "--tls-cert-file"]);
    let key = KeyPair::generate().unwrap();
    let own = named("").signed_by(&key, &scene.ca).unwrap();
    let cert = flag(pod, "cert", &own.pem());
    let key = flag(pod, "key", &key.serialize_pem());
    registers(pod, &[&ca, &cert, &key]);
}

#[test]
fn plain_http_needs_no_ca() {
    registers(&Pod::fresh(), &[]);
}

#[test]
fn wrong_name_old_certificate_and_unknown_issuer_are_each_called_so() {
    let unknown = ["unknown authority", "--tls-ca-file", "localhost.crt"];
    refuses(&Scene::usual().pod, &[], &unknown);
    let other = Scene::of(&named("other.example"), false);
    let names = ["not valid for localhost", "other.example"];
    refuses(&other.pod, &[&other.ca_file()], &names);
    let mut old = named("localhost");
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let old = Scene::of(&old, false);
    refuses(&old.pod, &[&old.ca_file()], &["has expired"]);
}

/// As `openssl req -x509` makes it: its own authority, with a name.
#[test]
fn self_signed_certificate_counts_where_it_is_given_and_is_called_so_elsewhere() {
    let mut params = named("localhost");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let pod = with_tls(pem.clone(), &key, None);
    let wants = ["is self-signed", "--tls-ca-file", "certs/localhost.crt"];
    refuses(&pod, &[], &wants);
    // What was advised works.
    install(&pod, &pem);
    registers(&pod, &[]);
    let pod = with_tls(pem.clone(), &key, None);
    registers(&pod, &[&flag(&pod, "ca", &pem)]);
}
