//! What templates, shells and documents leave behind in the place of an address.

use super::*;

#[test]
fn slips_are_told_as_what_they_are_and_no_advice_is_refused_again() {
    fn check(text: &str, want: &str) {
        let error = Endpoint::parse(text).unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
    for text in [
        "\"https://gitlab.example\"",
        "'https://h'",
        "\"gitlab.example",
        "\u{201c}https://h\u{201d}",
    ] {
        check(text, "quotes");
    }
    for text in [
        "$CI_SERVER_URL",
        "${URL}",
        "$(URL)",
        "https://$HOST",
        "https://${HOST}/x",
        "{{ .Values.gitlabUrl }}",
        "https://{{ .Values.host }}/",
    ] {
        check(text, "a variable that was not replaced by its value");
    }
    for text in [
        "<your URL>",
        "https://<gitlab host>/",
        "\u{2039}URL\u{203a}",
    ] {
        check(text, "placeholder");
    }
    for text in ["http//h", "https//gitlab.example/", "https;//h"] {
        check(text, "has no :// after its scheme");
    }
    // What would be refused again is no advice.
    for text in [
        "git@gitlab.example:a/b.git",
        "a b",
        "h:x",
        "/etc/gitlab/url",
    ] {
        check(text, "has no scheme: write https://gitlab.example");
    }
    // A token without a prefix, in the place of the address.
    let error = Endpoint::parse("Sx3cretRegistration-1").unwrap_err();
    assert!(!error.to_string().contains("cret"), "{error}");
}
