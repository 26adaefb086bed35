//! Flags that older gitlab-runners knew: a manifest that still has one is told since when it is gone and what to write.

/// Name, the version that no longer knows it, and what to use instead.
const FORMER: &[(&str, &str, &str)] = &[
    (
        "docker-services",
        "14.0",
        "[[runners.docker.services]] in a file given with --template-config",
    ),
    (
        "kubernetes-services",
        "14.0",
        "[[runners.kubernetes.services]] in a file given with --template-config",
    ),
    ("machine-off-peak-periods", "14.0", AUTOSCALING),
    ("machine-off-peak-timezone", "14.0", AUTOSCALING),
    ("machine-off-peak-idle-count", "14.0", AUTOSCALING),
    ("machine-off-peak-idle-time", "14.0", AUTOSCALING),
    ("pre-clone-script", "17.0", "--pre-get-sources-script"),
    ("post-clone-script", "17.0", "--post-get-sources-script"),
    (
        "kubernetes-terminationGracePeriodSeconds",
        "17.0",
        "--kubernetes-pod-termination-grace-period-seconds",
    ),
];

const AUTOSCALING: &str = "[[runners.machine.autoscaling]] in a file given with --template-config";

/// What to say to somebody who gives a flag of an older gitlab-runner; `None` if there never was one.
#[must_use]
pub fn former(name: &str) -> Option<String> {
    let (_, since, instead) = FORMER.iter().find(|(former, _, _)| *former == name)?;
    Some(format!(
        "--{name} is gone since gitlab-runner {since}: use {instead}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_flag_is_told_what_to_use_instead() {
        let message = former("pre-clone-script").unwrap();
        assert!(message.contains("17.0") && message.contains("--pre-get-sources-script"));
        assert_eq!(former("docker-image"), None);
    }

    #[test]
    fn no_former_flag_is_in_the_table() {
        for (name, _, _) in FORMER {
            assert!(super::super::find(name).is_none(), "{name}");
        }
    }
}
