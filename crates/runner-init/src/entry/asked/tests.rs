//! An entry of which nobody knows what was written there, and what was asked for since.

use runner_config::three_way::{Scope, follow};
use toml_edit::DocumentMut;

use super::super::tests::{entry_of, wished};

/// An entry after flags were applied to it; the second time must change nothing.
fn applied(existing: &str, words: &[&str]) -> String {
    let wish = wished(words, "");
    let asked = wish.asked_with_zeros(None);
    let mut document: DocumentMut = existing.parse().unwrap();
    let mut once = |last: Option<&_>| {
        let entry = entry_of(&mut document);
        let told = wish.told(entry);
        let followed = follow(entry, Scope::Entry, last, &asked, &|path| told.has(path));
        (followed, document.to_string())
    };
    let (first, text) = once(None);
    assert_eq!(first.changed, text != existing, "{text}");
    for last in [None, Some(&first.written)] {
        let (again, same) = once(last);
        assert!(!again.changed, "twice:\n{text}\n{same}");
        assert_eq!((same, again.written), (text.clone(), first.written.clone()));
    }
    text
}

#[test]
fn flags_of_now_are_applied_where_they_differ() {
    fn check(entry: &str, words: &[&str], want: &str) {
        let words = [&["--executor=docker", "--docker-image=i"], words].concat();
        let entry = format!("[[runners]]\nexecutor = \"docker\"\n{entry}");
        let want = format!("[[runners]]\nexecutor = \"docker\"\n{want}");
        assert_eq!(applied(&entry, &words), want, "{words:?}");
    }
    let docker = "[runners.docker]\nimage = 'i' # theirs\n";
    check(docker, &[], docker);
    check(
        docker,
        &["--docker-privileged"],
        "[runners.docker]\nimage = 'i' # theirs\nprivileged = true\n",
    );
    check(
        "docker.image = 'j' # why\n",
        &[],
        "docker.image = \"i\" # why\n",
    );
    check(
        "docker = { image = 'j' }\n",
        &[],
        "docker = { image = \"i\" }\n",
    );
    check(
        "docker = { image = 'i' }\n",
        &["--docker-sysctls=a:1"],
        "docker = { image = 'i' , sysctls = { a = \"1\" } }\n",
    );
    check(
        "limit = 3\ndocker.image = 'i'\n",
        &["--limit=0"],
        "limit = 0\ndocker.image = 'i'\n",
    );
    check(
        "limit = 0x3\ndocker.image = 'i'\n",
        &["--limit=3"],
        "limit = 0x3\ndocker.image = 'i'\n",
    );
    check(
        "unhealthy_interval = '90s'\ndocker.image = 'i'\n",
        &["--unhealthy-interval=1m30s"],
        "unhealthy_interval = '90s'\ndocker.image = 'i'\n",
    );
    check(
        "docker.image = 'i'\ndocker.pull_policy = 'a'\n",
        &["--docker-pull-policy=a"],
        "docker.image = 'i'\ndocker.pull_policy = 'a'\n",
    );
    check(
        "feature_flags.B = true\ndocker.image = 'i'\n",
        &["--feature-flags=A:true"],
        "feature_flags.B = true\nfeature_flags.A = true\ndocker.image = 'i'\n",
    );
    check(
        "docker.image = 'i'\n",
        &["--ssh-host=h"],
        "docker.image = 'i'\n",
    );
    check("Docker.Image = 'i'\n", &[], "Docker.Image = 'i'\n");
}

#[test]
fn section_that_is_missing_comes_whole() {
    let text = applied(
        "[[runners]]\nexecutor = \"shell\"\n",
        &["--executor=docker", "--docker-image=i"],
    );
    assert_eq!(
        text,
        "[[runners]]\nexecutor = \"docker\"\n[runners.docker]\n  image = \"i\"\n  volumes = [\"/cache\"]\n"
    );
}
