//! Owns the refusal of the commands by hand on the volume of another pod: there they change nothing, unless that is asked for. Pure.

use runner_lifecycle::environment::Environment;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::state::State;

/// Refuses the volume of another pod (exit 78).
pub(crate) fn refuse(
    state: Option<&State>,
    ours: &Pod,
    environment: &Environment,
) -> Result<(), Failure> {
    match state.and_then(|state| state.other_pod(ours, environment)) {
        Some(theirs) => Err(theirs.refuses_others()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_is_another_pods_by_what_both_know_and_by_the_host_alone_only_in_kubernetes() {
        fn check(theirs: Option<&str>, ours: &str, in_kubernetes: bool, refused: bool) {
            let pod = |text: &str| {
                let (uid, host) = text.split_once('/').unwrap();
                Pod {
                    uid: Some(uid.to_owned()).filter(|uid| !uid.is_empty()),
                    hostname: Some(host.to_owned()),
                    ..Pod::default()
                }
            };
            let state = State {
                pod: theirs.map(pod),
                ..State::default()
            };
            let here = match in_kubernetes {
                true => Environment::of([("KUBERNETES_SERVICE_HOST", "10.96.0.1")]),
                false => Environment::default(),
            };
            let result = refuse(Some(&state), &pod(ours), &here);
            assert_eq!(
                result.is_err(),
                refused,
                "{theirs:?} {ours} {in_kubernetes}"
            );
            if let Err(failure) = result {
                assert_eq!(failure.exit.code(), 78);
                assert!(failure.message.contains("--other-pod"), "{failure}");
            }
        }
        for in_kubernetes in [true, false] {
            check(None, "u-1/a", in_kubernetes, false);
            check(Some("u-1/a"), "u-1/b", in_kubernetes, false);
            check(Some("u-1/a"), "u-2/a", in_kubernetes, true);
            // A shell is told no uid.
            check(Some("u-1/a"), "/a", in_kubernetes, false);
            check(Some("u-1/a"), "/b", in_kubernetes, in_kubernetes);
        }
        assert!(refuse(None, &Pod::default(), &Environment::default()).is_ok());
    }
}
