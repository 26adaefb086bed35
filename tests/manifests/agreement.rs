//! What stands in two places of the rendered objects and must agree: the grace period, and the way to GitLab.

use crate::render::{COMBINATIONS, OVERLAYS, Objects, all, list, text};

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn grace_period_is_the_same_wherever_it_is_told() {
    let mut told = 0;
    let changed = ["pre-stop", "sidecar"].map(|end| {
        Objects::combined(
            &["authentication-token", "kubernetes-executor", end],
            Some(7200),
        )
    });
    for objects in all().iter().chain(&changed) {
        let grace = &objects.pod()["terminationGracePeriodSeconds"];
        for container in objects.containers() {
            for variable in list(&container["env"])
                .filter(|variable| variable["name"] == "RUNNER_REAPER_GRACE_PERIOD")
            {
                assert_eq!(
                    text(&variable["value"]),
                    grace.to_string(),
                    "{}, {}",
                    objects.name,
                    container["name"]
                );
                told += 1;
            }
        }
    }
    assert_eq!(
        told,
        OVERLAYS.len() - 1 + COMBINATIONS.len() + changed.len(),
        "each helper at the end is told, but the article's"
    );
}
