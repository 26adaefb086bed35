//! Where the URL comes from, and who is told that it is wrong.

use super::*;

#[test]
fn url_may_come_from_the_template_and_must_come_from_somewhere() {
    let environment = Environment::default().on_host("host");
    let options = registration(["--token=glrt-1", "--executor=shell"], &environment)
        .unwrap()
        .options;
    let template = Template::parse("[[runners]]\nurl = 'https://theirs/'", "t", &|_| None).unwrap();
    assert_eq!(
        wish(&options, Some(&template)).unwrap().url,
        "https://theirs/"
    );
    assert!(
        wish(&options, None)
            .unwrap_err()
            .message
            .contains("--url is missing")
    );
}

#[test]
fn wrong_url_names_who_gave_it() {
    fn check(
        words: &[&str],
        variables: &[(&str, &str)],
        template: Option<&str>,
        exit: Exit,
        want: &str,
    ) {
        let environment = Environment::of(variables.iter().copied()).on_host("host");
        let words = [&["--token=glrt-1", "--executor=shell"], words].concat();
        let mut options = registration(words, &environment).unwrap().options;
        options.template = template.map(|_| "t.toml".into());
        let template = template.map(|text| Template::parse(text, "t", &|_| None).unwrap());
        let failure = wish(&options, template.as_ref())
            .unwrap()
            .endpoint()
            .unwrap_err();
        assert_eq!(failure.exit, exit, "{}", failure.message);
        assert!(failure.message.starts_with(want), "{}", failure.message);
        assert!(!failure.message.contains("canary"), "{}", failure.message);
    }
    let theirs = Some("[[runners]]\nurl = 'gitlab.example'");
    check(
        &["--url=gitlab.example"],
        &[],
        theirs,
        Exit::Usage,
        "--url: the URL of GitLab has no scheme",
    );
    check(
        &["-u", "glrt-canary"],
        &[],
        None,
        Exit::Usage,
        "-u: the URL of GitLab is a token",
    );
    check(
        &[],
        &[("CI_SERVER_URL", "ftp://h")],
        None,
        Exit::Usage,
        "CI_SERVER_URL: the URL",
    );
    check(
        &[],
        &[],
        theirs,
        Exit::Unusable,
        "url of the template t.toml: the URL",
    );
}
