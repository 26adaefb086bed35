//! Files that somebody or a broken disk has damaged: taken or refused whole, with one line that says which and where, and
//! never half written.

use acceptance::known::STATE;
use acceptance::pod::{Pod, Source};
use acceptance::stage::run;

const CONFIG: &str = "config.toml";
/// What takes the place of what was cut out.
const PIECES: [&str; 7] = [
    "",
    "\u{0}",
    "= =",
    "\"",
    "[[runners]\n",
    "\nrunners = 5\n",
    "\u{e4}[",
];

/// Every volume that comes of a piece cut out of this file and another put in; the steps are odd, so that they meet every
/// kind of place.
fn damaged(text: &str) -> impl Iterator<Item = String> {
    let ends = (0..text.len())
        .step_by(17)
        .filter(|at| text.is_char_boundary(*at));
    ends.enumerate().map(move |(number, start)| {
        let end = (start + number % 5 * 9).min(text.len());
        format!(
            "{}{}{}",
            &text[..start],
            PIECES[number % PIECES.len()],
            &text[end..]
        )
    })
}

/// Runs on this text. Whether it was refused.
fn refuses(pod: &Pod, words: &[String], name: &str, text: &str) -> bool {
    pod.stage.put(name, text);
    let before = pod.stage.snapshot();
    let calls = pod.gitlab.journal().len();
    let ended = run(&mut pod.init(words));
    let at = format!("{name} is {text:?}: {}", ended.output());
    assert!(!ended.output().contains("panicked"), "{at}");
    if ended.code() == 0 {
        assert!(pod.stage.entries() > 0, "{at}");
        return false;
    }
    assert_eq!(ended.code(), 78, "{at}");
    let error = ended.one_error(&at);
    let place = ["line ", "runner entry", "incomplete", "version"];
    assert!(error.contains(name), "which file: {at}");
    assert!(
        place.iter().any(|place| error.contains(place)),
        "where: {at}"
    );
    let after = pod.stage.snapshot();
    assert_eq!(after, before, "changed though refused: {at}");
    assert_eq!(pod.gitlab.journal().len(), calls, "GitLab was asked: {at}");
    true
}

/// Damages a file of a volume as `runner-init` leaves it.
fn check(name: &str) {
    let pod = Pod::fresh();
    let words = pod.flags(Source::RegistrationToken);
    pod.registers(&words);
    let good = pod.stage.snapshot();
    let text = pod.stage.text(name).unwrap();
    let mut refused = 0;
    for damaged in damaged(&text) {
        for (file, (_, bytes)) in &good {
            pod.stage.put(file, std::str::from_utf8(bytes).unwrap());
        }
        refused += usize::from(refuses(&pod, &words, name, &damaged));
    }
    assert!(refused > 8, "only {refused} were refused");
}

#[test]
fn damaged_config_is_refused_by_name_and_line_and_left_as_it_is() {
    check(CONFIG);
}

#[test]
fn damaged_state_is_refused_by_name_and_line_and_left_as_it_is() {
    check(STATE);
}
