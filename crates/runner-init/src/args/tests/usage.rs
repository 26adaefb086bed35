//! Command lines that are refused, and what is said of them.

use runner_lifecycle::exit::Exit;

use super::failure;

#[test]
fn usage_errors_say_what_is_wrong_in_one_line() {
    fn check(words: &[&str], variables: &[(&'static str, &'static str)], want: &str) {
        let failure = failure(words, variables);
        assert_eq!(failure.exit, Exit::Usage, "{words:?}");
        assert!(
            failure.message.contains(want),
            "{words:?}: {}",
            failure.message
        );
        assert!(!failure.message.contains('\n'), "{}", failure.message);
        assert!(!failure.message.contains("SECRET"), "{}", failure.message);
    }
    check(
        &["--limit", "many"],
        &[],
        "--limit: \"many\" is not a whole number",
    );
    check(&[], &[("RUNNER_LIMIT", "many")], "RUNNER_LIMIT: \"many\"");
    check(&["--docker-privileged=maybe"], &[], "true or false");
    check(
        &["--kubernetes-node-selector", "disk=ssd"],
        &[],
        "key:value",
    );
    check(&["--limit"], &[], "--limit needs a value");
    check(
        &["--kubernetes-privileged"],
        &[],
        "--kubernetes-privileged=true",
    );
    check(
        &["--kubernetes-privileged", "--limit"],
        &[],
        "--kubernetes-privileged=true",
    );
    check(&["--locked", "false"], &[], "write --locked=false");
    check(
        &["--non-interactive", "glrt-SECRET"],
        &[],
        "argument 2 (it may be",
    );
    check(&["--limit=1", "register"], &[], "\"register\" (argument 2)");
    check(&["register", "register"], &[], "\"register\" (argument 2)");
    let stray = [
        "register",
        "--url",
        "X",
        "--token",
        "T",
        "--limit=1",
        "stray",
    ];
    check(
        &stray,
        &[],
        "\"stray\" (argument 7) does not belong to a flag",
    );
    check(
        &["--ssh-password", "a", "SECRET"],
        &[],
        "argument 3 (it may be",
    );
    check(&["--debug", "--", "stray"], &[], "\"stray\" (argument 3)");
    check(&["---limit=1"], &[], "not a flag");
    check(
        &["--name=a", "--description=b"],
        &[],
        "--name and --description are the same flag",
    );
    check(&["--docker-imgae=a"], &[], "did you mean --docker-image?");
    check(&["--docker-services=a"], &[], "--template-config");
    check(&["--token=glrt-1", "--name= "], &[], "name is empty");
    check(&["--token=old", "--name= "], &[], "name is empty");
    check(&["--token=glrt-1", "--concurrent=0"], &[], "is less than 1");
    check(&["--token=glrt-1", "--log-format=xml"], &[], "text or json");
    check(&["--token=SECRET SECRET"], &[], "space");
    check(&[], &[], "no token");
    check(
        &["--registration-token=R", "--access-level=wrong"],
        &[],
        "ref_protected",
    );
    check(
        &["--access-token-file=/f", "--runner-type=group"],
        &[],
        "--group-id",
    );
    check(
        &["--access-token-file=/f", "--runner-type=team"],
        &[],
        "instance, group or project",
    );
    check(
        &["--access-token-file=/f", "--group-id=1", "--project-id=2"],
        &[],
        "cannot be used together",
    );
    check(
        &["--token=glrt-SECRET", "--token-file=/f"],
        &[],
        "--token and --token-file",
    );
}
