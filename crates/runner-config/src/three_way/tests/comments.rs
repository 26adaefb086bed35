//! Comments that stay, those that go with their key, and lists with comments in them.

use super::*;

#[test]
fn comment_of_an_operator_stays_and_ours_goes_with_its_key() {
    let ours = "# ours\nlimit = 1 # too\n";
    entry(
        ours,
        "builds_dir = '/b'\n# ours\nlimit = 1 # too\n",
        "builds_dir = '/b'",
        "builds_dir = '/b'\n",
        &[],
    );
    entry(
        ours,
        "# ours\nlimit = 1 # too\n",
        "limit = 2",
        "# ours\nlimit = 2 # too\n",
        &[],
    );
    entry(
        ours,
        "# top\n\n# ours\nlimit = 1\nbuilds_dir = '/b'\n",
        "",
        "# top\n\n# ours\nbuilds_dir = '/b'\n",
        &[],
    );
    entry(
        "limit = 1",
        "output_limit = 1\n  limit = 1 # why\n",
        "",
        "output_limit = 1\n  # why\n",
        &[],
    );
    entry(
        "",
        "  builds_dir = '/b'\n",
        ours,
        "  # ours\n  limit = 1 # too\n  builds_dir = '/b'\n",
        &[],
    );
    entry(
        "docker.image = 'i'\n# ours\ndocker.privileged = true",
        "docker.image = 'i'\n# theirs\ndocker.privileged = true\n",
        "docker.image = 'i'",
        "docker.image = 'i'\n# theirs\n",
        &[],
    );
}

#[test]
fn comment_stays_in_an_entry_without_other_keys() {
    let mut document =
        parse("[[runners]] # first\n  limit = 1 # why\n[runners.docker]\nimage = 'i'\n");
    let now = document["runners"][0].as_table_mut().unwrap();
    let last = written(&parse("limit = 1"), Scope::Entry);
    follow(now, Scope::Entry, Some(&last), &parse(""), &|_| false);
    let want = "[[runners]] # first\n  # why\n[runners.docker]\nimage = 'i'\n";
    assert_eq!(document.to_string(), want);
}

#[test]
fn list_keeps_its_comments_and_its_form() {
    let now = "builds_dir = '/b'\n[docker]\nvolumes = [\n  '/a', # first\n  # second\n  '/b',\n  '/c', # third\n]\n";
    let volumes = |list: &str| format!("builds_dir = '/b'\n[docker]\nvolumes = [\n{list}]\n");
    let last = "builds_dir = '/b'\ndocker.volumes = ['/a', '/b', '/c']";
    let check = |asked: &str, want: &str| {
        let asked = format!("builds_dir = '/b'\ndocker.volumes = {asked}");
        entry(last, now, &asked, &volumes(want), &[]);
    };
    check(
        "['/a', '/b', '/c', '/d']",
        "  '/a', # first\n  # second\n  '/b',\n  '/c', # third\n  '/d',\n",
    );
    check(
        "['/a', '/c']",
        "  '/a', # first\n  # second\n  '/c', # third\n",
    );
    check(
        "['/b', '/c']",
        "  # first\n  # second\n  '/b',\n  '/c', # third\n",
    );
    check(
        "['/a', '/x', '/c']",
        "  '/a', # first\n  # second\n  '/x',\n  '/c', # third\n",
    );
    check("['/a']", "  '/a', # first\n  # second\n  # third\n");
    entry(
        "environment = ['a', 'b']",
        "environment = [ \"a\", 'b' ]\n",
        "environment = ['a', 'b', 'c']",
        "environment = [ \"a\", 'b', 'c' ]\n",
        &[],
    );
    let services = "[docker]\nimage = 'i'\n# one\n[[docker.services]]\nname = 'a' # a\n\n[[docker.services]]\nname = 'b'\nalias = 'x'\n";
    let last = "[docker]\nimage = 'i'\nservices = [{ name = 'a' }, { name = 'b', alias = 'x' }]";
    let check = |asked: &str, want: &str| {
        let asked = format!("docker.image = 'i'\ndocker.services = {asked}");
        entry(
            last,
            services,
            &asked,
            &format!("[docker]\nimage = 'i'\n{want}"),
            &[],
        );
    };
    check(
        "[{ name = 'a', alias = 'y' }, { name = 'b', alias = 'x' }]",
        "# one\n[[docker.services]]\nname = 'a' # a\nalias = 'y'\n\n[[docker.services]]\nname = 'b'\nalias = 'x'\n",
    );
    check(
        "[{ name = 'b', alias = 'x' }, { name = 'a' }]",
        "\n[[docker.services]]\nname = 'b'\nalias = 'x'\n# one\n[[docker.services]]\nname = 'a' # a\n",
    );
    check(
        "[{ name = 'a' }, { name = 'b', alias = 'x' }, { name = 'c' }]",
        "# one\n[[docker.services]]\nname = 'a' # a\n\n[[docker.services]]\nname = 'b'\nalias = 'x'\n\n[[docker.services]]\n  name = 'c'\n",
    );
    check("[]", "# one\n");
    entry(
        "docker.services = [{ name = 'a' }]",
        "docker = { services = [{ name = 'a' }] }\n",
        "[[docker.services]]\nname = 'b'\n",
        "docker = { services = [{ name = 'b' }] }\n",
        &[],
    );
}
