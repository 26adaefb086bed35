//! Lines that are broken and hold a secret.

use toml_edit::DocumentMut;

use super::super::fault;

#[test]
fn no_token_comes_out_of_a_broken_line() {
    for line in [
        "token = CANARY",
        "token CANARY",
        "token: CANARY",
        "CANARY",
        "CANARY = 1",
        "CANARY = x",
        "[CANARY",
        "[CANARY]]",
        "[a CANARY]",
        "name = CANARY",
        "name = n1 token = CANARY",
        "name CANARY",
        "name: CANARY",
        "token = \"CANARY",
        "token = [\"CANARY\"",
        "token = { a = CANARY",
        "a = \"CANARY\" \"CANARY\"",
        "CANARY.a = 1\nCANARY.a = 2",
        "[CANARY]\n[CANARY]",
        "CANARY = 1\n[CANARY]",
        "token = 'CANARY\\q\"",
        "export TOKEN=CANARY",
        "export CANARY=1",
        "https://x:CANARY@h/",
        "url = https://x:CANARY@h/",
        "password = CANARY",
        "\"CANARY\": 1",
        "- CANARY",
        "<CANARY",
        "{ CANARY",
        "; CANARY",
    ] {
        for canary in [
            "glrt-Ab1_cd",
            "glpat-Ab1",
            "Xk3vQ9_mPz7-LtRw2bNc",
            "GR1348941abc",
        ] {
            let text = format!("a = 1\n{}\n", line.replace("CANARY", canary));
            let Err(error) = text.parse::<DocumentMut>() else {
                continue;
            };
            let shown = fault(&text, &error).to_string();
            assert!(!shown.contains(canary), "{line}: {shown}");
            assert!(shown.starts_with("line "), "{shown}");
        }
    }
}

#[test]
fn the_rest_of_a_value_is_taken_for_no_key() {
    // The end of a string that lost its beginning, and the last line of base64.
    for text in [
        "SecretWords\"\n",
        "SecretWords', 'b'\n",
        "SecretWords\"]\n",
        "SecretWords=\n",
        "SecretWords==\n",
        "token =\nSecretWords\"\n",
    ] {
        let error = text.parse::<DocumentMut>().unwrap_err();
        let shown = fault(text, &error).to_string();
        assert!(!shown.contains("SecretWords"), "{shown}");
    }
}
