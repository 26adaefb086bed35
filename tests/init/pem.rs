//! Certificates and keys that are damaged in every way: both programs say in words of their own what is wrong and with
//! which file, and nothing of a key is in anything they say or write, in whatever form.

use acceptance::canary::form;
use acceptance::stage::{Ended, Stage, run};
use rcgen::{CertificateParams, KeyPair};

/// A certificate, its key, and what must never be shown of the key.
struct Pair {
    certificate: String,
    key: String,
    canaries: Vec<Vec<u8>>,
}

impl Pair {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        let pem = key.serialize_pem();
        let body: String = pem.lines().filter(|line| !line.contains('-')).collect();
        // Short pieces: a message that quotes only a part is caught too. The first bytes are those of every key.
        let pieces = |bytes: &[u8], length: usize| -> Vec<Vec<u8>> {
            let behind = &bytes[bytes.len() / 4..];
            behind.chunks_exact(length).map(<[u8]>::to_vec).collect()
        };
        let mut canaries = pieces(body.as_bytes(), 12);
        canaries.extend(pieces(key.serialized_der(), 8));
        Self {
            certificate,
            key: pem,
            canaries,
        }
    }

    #[track_caller]
    fn stays_secret(&self, said: &[u8], at: &str) {
        for canary in &self.canaries {
            assert_eq!(form(said, canary), None, "{at}");
        }
    }
}

/// Ways to damage PEM so that nothing in it can be read, and what is said then.
fn damages(pem: &str) -> Vec<(String, &'static str)> {
    let rest = pem.split_once('\n').unwrap().1;
    let end = pem.find("-----END").unwrap();
    let no_base64 = pem.replacen("\nM", "\n!", 1);
    let reversed: String = pem.chars().rev().collect();
    vec![
        (pem.replace('\n', " "), "on one line: keep its line breaks"),
        (pem.replace('\n', ""), "on one line: keep its line breaks"),
        (pem.replace('\n', "\\n"), "line breaks are written as"),
        (pem.replace('\n', "\r"), "CR alone"),
        (format!("\u{feff}{pem}"), "byte order mark"),
        (format!("\"{pem}\""), "start of a line"),
        (pem.replace("-----BEGIN", "  -----BEGIN"), "indented"),
        (pem.replace("-----BEGIN", "----BEGIN"), "damaged BEGIN"),
        (rest.to_owned(), "without its line -----BEGIN"),
        (pem[..end].to_owned(), "without its END line"),
        (pem[..end - 20].to_owned(), "without its END line"),
        (no_base64, "not base64"),
        (
            pem.lines().filter(|line| !line.contains('-')).collect(),
            "without the lines",
        ),
        (reversed, "PEM"),
        (String::new(), "is empty"),
    ]
}

/// How a file is given to a program.
#[derive(Clone, Copy, Debug)]
enum Way {
    Flag,
    Variable,
    /// In the certs directory, or for `runner-reaper` in the entry.
    Found,
    Entry,
}

const CA: usize = 0;
const CERTIFICATE: usize = 1;
const KEY: usize = 2;
const NAMES: [&str; 3] = ["ca", "cert", "key"];
const FOUND: [&str; 3] = ["localhost.crt", "localhost.auth.crt", "localhost.auth.key"];

/// A volume with a file of each kind, given to a program in one way.
struct Scene {
    stage: Stage,
    aside: Stage,
}

impl Scene {
    /// `files` are CA, certificate and key; what is `None` is not given.
    fn of(files: [Option<&str>; 3], way: Way) -> Self {
        let scene = Self {
            stage: Stage::new(),
            aside: Stage::new(),
        };
        std::fs::create_dir(scene.stage.file("certs")).unwrap();
        scene.aside.put("termination-log", "");
        for (kind, text) in files.into_iter().enumerate() {
            let Some(text) = text else { continue };
            match way {
                Way::Found => scene.stage.put(&format!("certs/{}", FOUND[kind]), text),
                _ => scene.aside.put(NAMES[kind], text),
            }
        }
        scene
    }

    fn paths(&self) -> Vec<(&'static str, String)> {
        let path = |name: &&'static str| (*name, self.aside.file(name));
        let paths = NAMES.iter().map(path);
        let there = paths.filter(|(_, path)| path.exists());
        there
            .map(|(name, path)| (name, path.display().to_string()))
            .collect()
    }

    fn init(&self, way: Way) -> Ended {
        let mut init = self.stage.init(&["register", "--non-interactive"]);
        init.args([
            "--url=https://localhost:1",
            "--executor=shell",
            "--log-level=debug",
        ])
        .args(["--registration-token=R", "--description=pem", "--dry-run"]);
        for (name, path) in self.paths() {
            match way {
                Way::Flag => init.arg(format!("--tls-{name}-file={path}")),
                _ => init.env(format!("CI_SERVER_TLS_{}_FILE", name.to_uppercase()), path),
            };
        }
        let message = self.aside.file("termination-log");
        run(init.env("RUNNER_INIT_TERMINATION_MESSAGE_PATH", message))
    }

    fn reaper(&self, way: Way) -> Ended {
        let mut entry = "[[runners]]\nname = \"pem\"\nurl = \"https://localhost:1\"\nid = 7\n\
            token = \"glrt-pem\"\nexecutor = \"shell\"\n"
            .to_owned();
        let mut reaper = self.stage.command("runner-reaper");
        reaper.args(["unregister", "--all-runners", "--log-level=debug"]);
        for (name, path) in self.paths() {
            match way {
                Way::Flag => drop(reaper.arg(format!("--tls-{name}-file={path}"))),
                Way::Variable => {
                    let name = name.to_uppercase();
                    reaper.env(format!("RUNNER_REAPER_TLS_{name}_FILE"), path);
                }
                _ => entry.push_str(&format!("tls-{name}-file = {path:?}\n")),
            }
        }
        self.stage.put("config.toml", &entry);
        self.stage.put(".runner_system_id", "r_123456789abc");
        let message = self.aside.file("termination-log");
        run(reaper.env("RUNNER_REAPER_TERMINATION_MESSAGE_PATH", message))
    }

    /// Nothing of the key is said, or in a file that was not given.
    #[track_caller]
    fn look(&self, pair: &Pair, ended: &Ended, at: &str) {
        let at = format!("{at}: {}", ended.output());
        pair.stays_secret(ended.output().as_bytes(), &at);
        let message = self.aside.text("termination-log").unwrap_or_default();
        pair.stays_secret(message.as_bytes(), &at);
        for (name, (_, bytes)) in self.stage.snapshot() {
            if !name.starts_with("certs/") {
                pair.stays_secret(&bytes, &format!("{name}: {at}"));
            }
        }
    }
}

/// Both programs end with 78 and the words, in every way in which the files can be given.
#[track_caller]
fn check(pair: &Pair, files: [Option<&str>; 3], want: &str) {
    for way in [Way::Flag, Way::Variable, Way::Found] {
        let scene = Scene::of(files, way);
        let ended = scene.init(way);
        let at = format!("init, {way:?}, {want}");
        assert_eq!(ended.code(), 78, "{at}: {}", ended.output());
        assert!(
            ended.one_error(&at).contains(want),
            "{at}: {}",
            ended.output()
        );
        scene.look(pair, &ended, &at);
    }
    for way in [Way::Flag, Way::Variable, Way::Found, Way::Entry] {
        let scene = Scene::of(files, way);
        let ended = scene.reaper(way);
        let at = format!("reaper, {way:?}, {want}");
        assert_eq!(ended.code(), 78, "{at}: {}", ended.output());
        assert!(ended.output().contains(want), "{at}: {}", ended.output());
        scene.look(pair, &ended, &at);
    }
}

#[test]
fn damaged_authority_is_named_and_nothing_of_a_key_beside_it_shown() {
    let pair = Pair::new();
    for (damaged, want) in damages(&pair.certificate) {
        let mut files = [None; 3];
        files[CA] = Some(damaged.as_str());
        check(&pair, files, want);
    }
    // A key where an authority is wanted, whole and damaged, and both in one file.
    check(
        &pair,
        [Some(&pair.key), None, None],
        "a private key but no certificate",
    );
    for (damaged, _) in damages(&pair.key) {
        check(&pair, [Some(&damaged), None, None], "");
    }
    let bundle = format!("{}{}", pair.certificate, pair.key).replace('\n', " ");
    check(&pair, [Some(&bundle), None, None], "on one line");
}

#[test]
fn damaged_client_certificate_and_key_are_named_and_not_shown() {
    let pair = Pair::new();
    let (certificate, key) = (pair.certificate.as_str(), pair.key.as_str());
    for (damaged, want) in damages(certificate) {
        let mut files = [None, None, Some(key)];
        files[CERTIFICATE] = Some(&damaged);
        check(&pair, files, want);
    }
    for (damaged, want) in damages(key) {
        let mut files = [None, Some(certificate), None];
        files[KEY] = Some(&damaged);
        check(&pair, files, want);
    }
    check(
        &pair,
        [None, Some(key), Some(certificate)],
        "a private key but no certificate",
    );
    check(
        &pair,
        [None, Some(certificate), Some(certificate)],
        "a certificate but no private key",
    );
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    check(
        &pair,
        [None, Some(certificate), Some(&encrypted)],
        "passphrase",
    );
    let bundle = format!("{certificate}{key}").replace('\n', " ");
    check(&pair, [None, Some(&bundle), Some(key)], "on one line");
}

/// Numbers that look thrown and are the same in each run.
struct Thrown(u64);

impl Thrown {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn whatever_is_done_to_the_bytes_nothing_of_the_key_is_shown() {
    let pair = Pair::new();
    let bundle = format!("{}{}", pair.certificate, pair.key);
    let mut thrown = Thrown(7);
    let mut refused = 0;
    for round in 0..120 {
        let mut text = bundle.clone();
        for _ in 0..=thrown.below(4) {
            let at = thrown.below(text.len());
            match thrown.below(6) {
                0 => drop(text.remove(at)),
                1 => text.insert(at, ['-', '!', '\t', '\n', 'A', '='][thrown.below(6)]),
                2 => text.truncate(at.max(1)),
                3 => text = text.replacen('\n', " ", thrown.below(12)),
                4 => text = text.replacen("-----", "----", thrown.below(3)),
                _ => text = format!("{}{}", &text[at..], &text[..at]),
            }
        }
        let files = match round % 3 {
            0 => [Some(text.as_str()), None, None],
            1 => [None, Some(text.as_str()), Some(pair.key.as_str())],
            _ => [None, Some(pair.certificate.as_str()), Some(text.as_str())],
        };
        let scene = Scene::of(files, Way::Flag);
        let ended = scene.init(Way::Flag);
        let at = format!("round {round}, {text:?}");
        assert!([0, 78].contains(&ended.code()), "{at}: {}", ended.output());
        scene.look(&pair, &ended, &at);
        refused += usize::from(ended.code() == 78);
    }
    assert!(refused > 40, "only {refused} were damaged");
}

#[test]
fn files_content_in_place_of_its_path_is_not_shown() {
    let pair = Pair::new();
    for text in [
        pair.key.clone(),
        pair.key.replace('\n', " "),
        pair.key.replace('\n', "\\n"),
    ] {
        for name in NAMES {
            let scene = Scene::of([None; 3], Way::Flag);
            let mut init =
                scene
                    .stage
                    .init(&["register", "--dry-run", "--url=https://localhost:1"]);
            init.args([
                "--registration-token=R",
                "--executor=shell",
                "--log-level=debug",
            ]);
            let ended = run(init.arg(format!("--tls-{name}-file={text}")));
            assert_eq!(ended.code(), 78, "{}", ended.output());
            scene.look(&pair, &ended, name);
            let mut reaper = scene.stage.command("runner-reaper");
            scene.stage.put(
                "config.toml",
                "[[runners]]\nurl = \"https://localhost:1\"\ntoken = \"glrt-pem\"\n",
            );
            reaper.args(["unregister", "--all-runners"]);
            let ended = run(reaper.arg(format!("--tls-{name}-file={text}")));
            assert_eq!(ended.code(), 78, "{}", ended.output());
            scene.look(&pair, &ended, name);
        }
    }
}
