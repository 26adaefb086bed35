//! What is said of each way to damage a PEM file.

use super::PemContent::{Certificate, Key};
use super::*;

const CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nTUlJQ2Nh\nbmFyeTEy\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nTUlJQ2Nh\nbmFyeTEy\n-----END PRIVATE KEY-----\n";

#[track_caller]
fn check(text: &str, wanted: PemContent, want: &str) {
    let said = fault(text.as_bytes(), wanted);
    assert!(said.contains(want), "{text:?}: {said}");
}

#[test]
fn lost_line_breaks_are_named_in_all_their_forms() {
    for (text, wanted) in [(CERTIFICATE, Certificate), (KEY, Key)] {
        let one_line = "on one line: keep its line breaks";
        check(&text.replace('\n', " "), wanted, one_line);
        check(&text.replace('\n', ""), wanted, one_line);
        check(&text.replace('\n', "\t"), wanted, one_line);
        check(&format!("{}\n", text.replace('\n', " ")), wanted, one_line);
        check(&text.replacen('\n', " ", 1), wanted, one_line);
        check(&text.replace('\n', "\\n"), wanted, "printf");
        check(&text.replace('\n', "\\r\\n"), wanted, "printf");
        check(&text.replace('\n', "\r"), wanted, "CR alone");
    }
    let bundle = format!("{CERTIFICATE}{KEY}");
    check(&bundle.replace('\n', " "), Certificate, "on one line");
    let half = format!("{CERTIFICATE}{}", KEY.replace('\n', " "));
    check(&half, Key, "on one line");
}

#[test]
fn what_stands_around_the_lines_is_named() {
    for (text, wanted) in [(CERTIFICATE, Certificate), (KEY, Key)] {
        check(&format!("\u{feff}{text}"), wanted, "byte order mark");
        check(&text.replace("-----", "  -----"), wanted, "indented");
        check(&format!("\"{text}\""), wanted, "start of a line");
        check(&format!("key: {text}"), wanted, "start of a line");
        check(
            &text.replace("-----BEGIN", "----BEGIN"),
            wanted,
            "damaged BEGIN",
        );
        check(&text.replace("-----", "\u{2014}"), wanted, "damaged BEGIN");
        let short = text.replacen("-----\n", "----\n", 1);
        check(&short, wanted, "damaged BEGIN");
        let rest = text.split_once('\n').unwrap().1;
        check(rest, wanted, "without its line -----BEGIN");
        let body: String = text.lines().filter(|line| !line.contains('-')).collect();
        check(&body, wanted, "without the lines");
        let cut = &text[..text.find("-----END").unwrap()];
        check(cut, wanted, "without its END line");
        check(&format!("{cut}{text}"), wanted, "without its END line");
        check(
            &text.replace("-----END", "----END"),
            wanted,
            "without its END line",
        );
    }
}

#[test]
fn damaged_contents_are_named() {
    for (text, wanted) in [(CERTIFICATE, Certificate), (KEY, Key)] {
        check(&text.replace("TUlJ", "TU!J"), wanted, "not base64");
        check(&text.replace("TUlJ", "TUl"), wanted, "incomplete base64");
        check(
            &text.replace("TUlJQ2Nh\nbmFyeTEy\n", ""),
            wanted,
            "nothing between",
        );
        check(text, wanted, "damaged");
        check("", wanted, "is empty");
        check(" \r\n", wanted, "is empty");
        check(
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==\n",
            wanted,
            "once more",
        );
        check("hello, world", wanted, "give a PEM file");
    }
    for (bytes, want) in [
        (&[0x30, 0x82, 0x01, 0x0a, 0x00][..], "DER"),
        (&[0xff, 0xfe, b'-', 0][..], "UTF-16"),
        (&[b'-', 0, b'-', 0][..], "binary"),
    ] {
        assert!(fault(bytes, Certificate).contains(want));
        assert!(fault(bytes, Key).contains(want));
    }
}

#[test]
fn something_else_than_what_is_wanted_is_named() {
    check(KEY, Certificate, "a private key but no certificate");
    check(CERTIFICATE, Key, "a certificate but no private key");
    let labelled = |label: &str| KEY.replace("PRIVATE KEY", label);
    check(&labelled("ENCRYPTED PRIVATE KEY"), Key, "passphrase");
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    check(old, Key, "passphrase");
    check(&labelled("OPENSSH PRIVATE KEY"), Key, "ssh-keygen");
    check(&labelled("PUBLIC KEY"), Key, "no private key");
    check(&labelled("PUBLIC KEY"), Certificate, "no certificate");
    check(
        &labelled("CERTIFICATE REQUEST"),
        Certificate,
        "a certificate request",
    );
    check(
        &labelled("TRUSTED CERTIFICATE"),
        Certificate,
        "OpenSSL's own",
    );
    check(&labelled("PKCS7"), Certificate, "PKCS#7");
    check(&labelled("EC PRIVATE KEY"), Key, "damaged");
}
