//! The two keys that let a runner manager be paused and watched, as they are asked for, and as an older version marked them.

use toml_edit::DocumentMut;

use super::super::*;
use super::{entry_of, wished};

#[test]
fn limit_of_ours_is_asked_for_with_a_comment_where_nobody_told_one() {
    for (words, template, tells) in [
        (&["--executor=shell"][..], "", false),
        (&["--executor=shell", "--limit=2"], "", true),
        // There is to be none, as somebody says.
        (&["--executor=shell", "--limit=0"], "", true),
        (&["--executor=shell"], "[[runners]]\nlimit = 3", true),
        (&["--executor=shell"], "[[runners]]\nlimit = 0", false),
        (&["--executor=shell"], "[[runners]]\nlimit = 0 # none", true),
    ] {
        let wish = wished(words, template);
        assert_eq!(wish.tells_limit(), tells, "{words:?} {template}");
    }
    let asked = wished(&["--executor=shell"], "").asked(Some(4));
    let text = asked.to_string();
    assert!(
        text.contains("# Written by runner-init: with a limit"),
        "{text}"
    );
    assert!(text.contains("\nlimit = 4\n"), "{text}");
    assert!(is_marked_limit(&asked, 4) && !is_marked_limit(&asked, 5));
}

#[test]
fn comment_of_ours_goes_where_the_operator_gives_the_same() {
    let text = "[[runners]]\n  name = \"n\"\n  # mine\n  # Written by runner-init: with a limit runner-reaper can pause a busy runner manager.\n  # It has no effect while it equals \"concurrent\": raise both together. To turn it off: --drain-ready=false.\n  limit = 4\n";
    let mut document: DocumentMut = text.parse().unwrap();
    assert!(is_marked_limit(entry_of(&mut document), 4));
    assert!(limit_is_the_operators(entry_of(&mut document)));
    assert!(!limit_is_the_operators(entry_of(&mut document)));
    let want = "[[runners]]\n  name = \"n\"\n  # mine\n  limit = 4\n";
    assert_eq!(document.to_string(), want);
}

#[test]
fn listen_address_is_known_by_its_comment_while_it_is_on_loopback() {
    let mut asked = Table::new();
    put_listen_address(&mut asked, "127.0.0.1:9252");
    assert!(is_marked_listen_address(&asked));
    let text = asked.to_string();
    assert!(text.starts_with("# Written by runner-init: runner-reaper watches"));
    let moved: DocumentMut = text.replace("127.0.0.1:9252", ":9300").parse().unwrap();
    assert!(!is_marked_listen_address(moved.as_table()));
    assert!(listen_address_is_the_operators(&mut asked));
    assert_eq!(asked.to_string(), "listen_address = \"127.0.0.1:9252\"\n");
}
