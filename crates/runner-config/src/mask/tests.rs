//! What a dry run may show.

use super::*;

fn check(text: &str, want: &str) {
    let document: DocumentMut = text.parse().unwrap();
    assert_eq!(masked(&document), want, "{text}");
}

#[test]
fn secrets_are_known_by_their_keys_wherever_they_stand() {
    check(
        "sentry_dsn = \"https://a@b/1\" # ours\n",
        "sentry_dsn = \"[MASKED]\" # ours\n",
    );
    check(
        "[[Runners]]\nToken = \"x\"\n",
        "[[Runners]]\nToken = \"[MASKED]\"\n",
    );
    check(
        "runners = [{ token = \"x\", limit = 2 }]\n",
        "runners = [{ token = \"[MASKED]\", limit = 2 }]\n",
    );
    check(
        "[[runners]]\ncache.s3.AccessKey = \"x\"\n",
        "[[runners]]\ncache.s3.AccessKey = \"[MASKED]\"\n",
    );
    check(
        "[other.deep]\nApi_Token = 5\nPASSWORD = 'x'\n",
        "[other.deep]\nApi_Token = \"[MASKED]\"\nPASSWORD = \"[MASKED]\"\n",
    );
    check(
        "[secrets]\na = \"x\"\nb = [\"y\"]\n",
        "[secrets]\na = \"[MASKED]\"\nb = [\"[MASKED]\"]\n",
    );
    check("other = \"glrt-x\"\n", "other = \"***\"\n");
}

#[test]
fn values_of_assignments_are_masked_and_their_names_stay() {
    check(
        "[[runners]]\nenvironment = [\"A=x\", \"y\"]\nmachine.MachineOptions = [\"e-secret=x\"]\n",
        "[[runners]]\nenvironment = [\"A=[MASKED]\", \"[MASKED]\"]\nmachine.MachineOptions = [\"e-secret=[MASKED]\"]\n",
    );
}

#[test]
fn user_info_of_a_url_is_masked() {
    check(
        "[[runners]]\nurl = \"https://u:p@h/x\"\n",
        "[[runners]]\nurl = \"https://[MASKED]@h/x\"\n",
    );
    check(
        "a = [\"b http://u@h c://d@e\"]\n",
        "a = [\"b http://[MASKED]@h c://[MASKED]@e\"]\n",
    );
    check("a = \"https://h/x@y\"\n", "a = \"https://h/x@y\"\n");
}

#[test]
fn line_that_is_commented_out_is_masked_too() {
    check(
        "# token = \"x\"\n  #password=x\n# the key = of it\n",
        "# token = [MASKED]\n  #password= [MASKED]\n# the key = of it\n",
    );
    check(
        "a = 1 # why\n# see https://u:p@h/\n",
        "a = 1 # why\n# see https://[MASKED]@h/\n",
    );
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "[[runners]]\ntls-key-file = \"/k\"\ntoken_obtained_at = 2026-01-01T00:00:00Z\n",
        "[runners.cache.gcs]\nCredentialsFile = \"/c\"\n",
        "[[runners.kubernetes.volumes.secret]]\nname = \"n\"\nmount_path = \"/m\"\n",
        "automount_service_account_token = true\nconcurrent = 4\n",
        "[runners.autoscaler.connector_config]\nkey_path = \"/k\"\n",
    ] {
        check(text, text);
    }
}
