//! Owns what is known about the two images: ours from its Containerfile, the runner's from its documents.

use std::collections::BTreeMap;
use std::path::PathBuf;

use acceptance::programs::program;

/// What the image of a container brings.
pub(super) struct Image {
    pub(super) programs: Vec<(&'static str, PathBuf)>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) user: (u32, u32),
    /// Entry point and command: what runs where the manifest says neither.
    pub(super) command: Vec<String>,
}

/// The image of this reference.
pub(super) fn image(reference: &str) -> Image {
    // The second is the first with one program more, as manifests/helm/README.md makes it.
    let with_reaper = reference.contains("/gitlab-runner-with-reaper:");
    if reference.starts_with("gitlab/gitlab-runner:") || with_reaper {
        let command = [
            "gitlab-runner",
            "run",
            "--user=gitlab-runner",
            "--working-directory=/home/gitlab-runner",
        ];
        let mut programs = vec![("/usr/bin/gitlab-runner", program("runner-manager-stand-in"))];
        if with_reaper {
            programs.push((
                "/opt/runner-lifecycle/runner-reaper",
                program("runner-reaper"),
            ));
        }
        return Image {
            programs,
            environment: BTreeMap::from([(
                "PATH".to_owned(),
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            )]),
            user: if reference.contains(":ubi-fips") {
                (1001, 0)
            } else {
                (0, 0)
            },
            command: command.map(str::to_owned).to_vec(),
        };
    }
    assert!(
        reference.contains("runner-lifecycle:"),
        "an image that nobody knows: {reference}"
    );
    let containerfile = include_str!("../../../images/Containerfile");
    let told = |instruction: &'static str| {
        containerfile
            .lines()
            .filter_map(move |line| line.strip_prefix(instruction))
            .map(str::trim)
    };
    let variables = told("ENV ")
        .flat_map(str::split_whitespace)
        .map(|pair| pair.split_once('=').unwrap());
    let (uid, gid) = told("USER ")
        .next()
        .and_then(|user| user.split_once(':'))
        .unwrap();
    Image {
        programs: vec![
            ("/runner-init", program("runner-init")),
            ("/runner-reaper", program("runner-reaper")),
        ],
        environment: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        user: (uid.parse().unwrap(), gid.parse().unwrap()),
        command: serde_json::from_str(told("ENTRYPOINT ").next().unwrap()).unwrap(),
    }
}
