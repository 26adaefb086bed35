//! What is remembered of an entry when it is written, and what is found in the file afterwards.

use runner_config::three_way::{Scope, follow, written};

use super::*;

/// Comments everywhere, values in every spelling, tables that are laid out anew, zero values and keys that nobody knows.
const TEMPLATE: &str = "# top
[[runners]] # the one
  # last of all
  builds_dir = '/b' # why
  own_key = [1, # one
    2]
  limit = 0x3
  unhealthy_interval = '90s'
  clean_git_config = false
  environment = []
  # behind the keys
  [runners.own]
  a.b = 1
  # before the cache
  [runners.cache] # beside it
    Shared = true
    # S3
    [runners.cache.s3]
      BucketName = 'b'
      Insecure = false
  [[runners.docker.services]]
    # first
    Name = 'x'
    alias = ''
  # between
  [[runners.docker.services]]
    name = 'y'
  [runners.docker]
    pull_policy = 'always'
    sysctls = { \"net.a\" = '1', A = '2' }
    tmpfs.\"/x\" = ''
# bottom
";

#[test]
fn second_run_finds_an_entry_as_it_was_written() {
    let words = [
        "--executor=docker",
        "--docker-image=i",
        "--docker-privileged",
        "--docker-sysctls=B:3",
        "--limit=4",
    ];
    for template in ["", TEMPLATE] {
        let wish = wished(&words, template);
        let text = file(&wish, None);
        let mut document: DocumentMut = text.parse().unwrap();
        let found = written(entry_of(&mut document), Scope::Entry);
        assert_eq!(found, rendered(&wish), "{text}");
        let followed = follow(
            entry_of(&mut document),
            Scope::Entry,
            Some(&found),
            &wish.asked_with_zeros(None),
            &|_| false,
        );
        assert!(!followed.changed, "{text}\n{document}");
        assert_eq!(followed.written, found, "{text}");
        // The same where a run was killed before it could remember.
        let asked = wish.asked(None);
        let unknown = follow(entry_of(&mut document), Scope::Entry, None, &asked, &|_| {
            false
        });
        assert_eq!(unknown.written, found, "{text}");
        assert_eq!(followed.kept, []);
        assert_eq!(document.to_string(), text);
        assert!(found.len() >= 5, "{found:?}");
        // Everything is ours and nobody edited it: with nothing asked, only keys by which it is an entry are left.
        let nothing = Table::new();
        let entry = entry_of(&mut document);
        follow(entry, Scope::Entry, Some(&found), &nothing, &|_| false);
        let text = document.to_string();
        assert!(
            written(entry_of(&mut document), Scope::Entry).is_empty(),
            "{text}"
        );
        for ours in ["# why", "# between", "# S3", "[runners."] {
            assert!(!text.contains(ours), "{text}");
        }
        assert!(text.contains("[[runners]]"), "{text}");
    }
}

fn rendered(wish: &EntryWish) -> runner_config::three_way::Written {
    written(&rendered_entry(wish, None), Scope::Entry)
}
