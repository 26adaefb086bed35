//! Templates that can be used, and the line that is said of the others.

use proptest::prelude::*;
use toml_edit::Item;

use super::*;
use crate::cases::rows;

fn parse(text: &str) -> Result<Template, String> {
    let variable = |name: &str| (name == "HOST").then(|| "gitlab.example".to_owned());
    Template::parse(text, "t.toml", &variable)
}

#[test]
fn template_that_cannot_be_used_is_explained_in_one_line() {
    fn check(text: &str, want: &str) {
        let said = parse(text).unwrap_err();
        assert!(said.starts_with("template t.toml"), "{said}");
        assert!(said.contains(want), "{text}: {said}");
        assert!(!said.contains('\n'), "{said}");
    }
    check("", "exactly one [[runners]]");
    for [text, want] in rows(
        r#"
        concurrent = 3 │ exactly one [[runners]]
        [[runners]]↵[[runners]] │ exactly one [[runners]]
        [runners]↵limit = 1 │ exactly one [[runners]]
        runners = [] │ exactly one [[runners]]
        a = 1↵- , ; │ template t.toml, line 2
        [[runners↵ │ line 1
        [[runners]]↵  limit = "three"↵ │ line 2: runners.limit: expected a whole number, found a string
        [[runners]]↵[runners.docker]↵image = 1 │ line 3: runners.docker.image: expected a string
        [[runners]]↵docker = 3 │ docker: expected a table
        [[runners]]↵[runners.docker]↵volumes = [1] │ docker.volumes: expected a list of strings
        [[runners]]↵unhealthy_interval = "soon" │ expected a duration
        concurrent = "two"↵[[runners]] │ line 1: concurrent: expected a whole number
        [labels]↵a = "b"↵[[runners]] │ line 2: labels: a label's name
        [[runners]]↵[runners.docker.sysctls]↵a = 1 │ line 3: runners.docker.sysctls.a: expected a string, found a whole number
        [[runners]]↵[[runners.docker.services]]↵name = 1 │ docker.services.name
        [[runners]]↵[runners.cache]↵shared = 1 │ cache.shared: expected true or false
    "#,
    ) {
        check(&text, &want);
    }
}

#[test]
fn url_is_expanded_and_identity_is_left_behind() {
    let template =
        parse("[[runners]]\nurl = \"https://$HOST/\"\nid = 3\ntoken = \"t\"\nlimit = 2\n").unwrap();
    assert_eq!(template.url(), "https://gitlab.example/");
    assert!(!template.entry().contains_key("token") && !template.entry().contains_key("id"));
    assert_eq!(
        template.entry().get("limit").and_then(Item::as_integer),
        Some(2)
    );
}

#[test]
fn inline_entries_and_either_case_of_letters_are_read() {
    let template = parse("runners = [{ limit = 2, Docker = { image = \"i\" } }]").unwrap();
    assert_eq!(place::text(template.entry(), "docker.image"), Some("i"));
}

#[test]
fn what_loading_changes_is_written_as_loaded() {
    fn check(line: &str, path: &str, want: &str) {
        let template = parse(&format!("[[runners]]\n{line} # why\n")).unwrap();
        let item = place::get(template.entry(), path).unwrap();
        assert_eq!(item.to_string().trim(), want, "{line}");
    }
    check(
        "unhealthy_interval = \"90s\"",
        "unhealthy_interval",
        "\"1m30s\" # why",
    );
    check(
        "unhealthy_interval = 90000000000",
        "unhealthy_interval",
        "\"1m30s\" # why",
    );
    check(
        "docker.pull_policy = \"always\"",
        "docker.pull_policy",
        "[\"always\"] # why",
    );
    check(
        "docker.pull_policy = [ \"a\" ]",
        "docker.pull_policy",
        "[ \"a\" ] # why",
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_template_or_a_line_of_explanation(text in "(\\[\\[runners\\]\\]\n)?\\PC{0,60}\n?\\PC{0,20}") {
        if let Err(said) = parse(&text) {
            prop_assert!(!said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn any_toml_like_text_is_a_template_or_a_line_of_explanation(
        lines in proptest::collection::vec("(\\[\\[?|)(runners|docker|limit|cache|volumes|\"\"|a b)(\\.[a-z]{1,3})?(\\]\\]?|)( ?= ?(1|\"x\"|\\[|\\{|\\]|\\}|'''|true))?( #.{0,5})?", 0..8),
    ) {
        if let Err(said) = parse(&lines.join("\n")) {
            prop_assert!(!said.contains('\n'), "{said}");
        }
    }
}
