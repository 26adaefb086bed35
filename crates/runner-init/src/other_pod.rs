//! Owns the rule that a volume belongs to one pod at a time, as the commands by hand keep to it: elsewhere they change nothing, unless
//! that is asked for. Pure.

use runner_lifecycle::environment::Environment;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::state::State;

/// Whether this process runs in a pod: Kubernetes sets this variable in every container, with and without links to services.
pub(crate) fn is_in_kubernetes(environment: &Environment) -> bool {
    environment.get("KUBERNETES_SERVICE_HOST").is_some()
}

/// The pod that the volume belongs to, if it is another than ours. Outside Kubernetes every container has a host name of its own, and
/// all that work on one volume count as one pod.
pub(crate) fn of<'a>(state: &'a State, ours: &Pod, is_in_kubernetes: bool) -> Option<&'a Pod> {
    let theirs = state.other_pod(ours);
    theirs.filter(|theirs| is_in_kubernetes || !theirs.is_compared_by_host(ours))
}

/// Refuses the volume of another pod (exit 78).
pub(crate) fn refuse(
    state: Option<&State>,
    ours: &Pod,
    is_in_kubernetes: bool,
) -> Result<(), Failure> {
    match state.and_then(|state| of(state, ours, is_in_kubernetes)) {
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
            let result = refuse(Some(&state), &pod(ours), in_kubernetes);
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
        assert!(refuse(None, &Pod::default(), true).is_ok());
    }
}
