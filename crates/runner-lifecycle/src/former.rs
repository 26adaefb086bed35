//! Owns what earlier gitlab-runners knew and 19.4 does not: flags of `register` and `run` with their variables, the version in
//! which each went, and what took its place. Collected from the releases since 9.0. Pure.

use crate::environment::Environment;

/// A flag or variable that is gone.
#[derive(Clone, Copy, Debug)]
pub struct Former {
    /// The flag without dashes, where the flag itself is gone.
    pub flag: Option<&'static str>,
    /// The variable, if it had one.
    pub variable: Option<&'static str>,
    /// The first release without it.
    pub gone: &'static str,
    /// What to write in its place.
    pub instead: Instead,
}

/// What took the place of something that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Another flag, without dashes, and its variable.
    Flag(&'static str, &'static str),
    /// A table of `config.toml` for which `register` has no flag.
    Table(&'static str),
}

/// Every flag and variable that is gone.
pub const FORMER: &[Former] = &[
    renamed(
        "kubernetes-cpus",
        "KUBERNETES_CPUS",
        "9.4",
        Instead::Flag("kubernetes-cpu-limit", "KUBERNETES_CPU_LIMIT"),
    ),
    renamed(
        "kubernetes-memory",
        "KUBERNETES_MEMORY",
        "9.4",
        Instead::Flag("kubernetes-memory-limit", "KUBERNETES_MEMORY_LIMIT"),
    ),
    renamed(
        "kubernetes-service-cpus",
        "KUBERNETES_SERVICE_CPUS",
        "9.4",
        Instead::Flag(
            "kubernetes-service-cpu-limit",
            "KUBERNETES_SERVICE_CPU_LIMIT",
        ),
    ),
    renamed(
        "kubernetes-service-memory",
        "KUBERNETES_SERVICE_MEMORY",
        "9.4",
        Instead::Flag(
            "kubernetes-service-memory-limit",
            "KUBERNETES_SERVICE_MEMORY_LIMIT",
        ),
    ),
    renamed(
        "kubernetes-helper-cpus",
        "KUBERNETES_HELPER_CPUS",
        "9.4",
        Instead::Flag("kubernetes-helper-cpu-limit", "KUBERNETES_HELPER_CPU_LIMIT"),
    ),
    renamed(
        "kubernetes-helper-memory",
        "KUBERNETES_HELPER_MEMORY",
        "9.4",
        Instead::Flag(
            "kubernetes-helper-memory-limit",
            "KUBERNETES_HELPER_MEMORY_LIMIT",
        ),
    ),
    variable(
        "S3_SERVER_ADDRESS",
        "11.3",
        Instead::Flag("cache-s3-server-address", "CACHE_S3_SERVER_ADDRESS"),
    ),
    variable(
        "S3_ACCESS_KEY",
        "11.3",
        Instead::Flag("cache-s3-access-key", "CACHE_S3_ACCESS_KEY"),
    ),
    variable(
        "S3_SECRET_KEY",
        "11.3",
        Instead::Flag("cache-s3-secret-key", "CACHE_S3_SECRET_KEY"),
    ),
    variable(
        "S3_BUCKET_NAME",
        "11.3",
        Instead::Flag("cache-s3-bucket-name", "CACHE_S3_BUCKET_NAME"),
    ),
    variable(
        "S3_BUCKET_LOCATION",
        "11.3",
        Instead::Flag("cache-s3-bucket-location", "CACHE_S3_BUCKET_LOCATION"),
    ),
    variable(
        "S3_CACHE_INSECURE",
        "11.3",
        Instead::Flag("cache-s3-insecure", "CACHE_S3_INSECURE"),
    ),
    Former {
        flag: Some("cache-cache-shared"),
        variable: None,
        gone: "12.0",
        instead: Instead::Flag("cache-shared", "CACHE_SHARED"),
    },
    renamed(
        "cache-s3-cache-path",
        "S3_CACHE_PATH",
        "12.0",
        Instead::Flag("cache-path", "CACHE_PATH"),
    ),
    METRICS_SERVER,
    renamed(
        "docker-services",
        "DOCKER_SERVICES",
        "13.0",
        Instead::Table("[[runners.docker.services]]"),
    ),
    Former {
        flag: Some("kubernetes-services"),
        variable: None,
        gone: "13.1",
        instead: Instead::Table("[[runners.kubernetes.services]]"),
    },
    renamed(
        "machine-off-peak-periods",
        "MACHINE_OFF_PEAK_PERIODS",
        "14.0",
        AUTOSCALING,
    ),
    renamed(
        "machine-off-peak-timezone",
        "MACHINE_OFF_PEAK_TIMEZONE",
        "14.0",
        AUTOSCALING,
    ),
    renamed(
        "machine-off-peak-idle-count",
        "MACHINE_OFF_PEAK_IDLE_COUNT",
        "14.0",
        AUTOSCALING,
    ),
    renamed(
        "machine-off-peak-idle-time",
        "MACHINE_OFF_PEAK_IDLE_TIME",
        "14.0",
        AUTOSCALING,
    ),
    renamed(
        "pre-clone-script",
        "RUNNER_PRE_CLONE_SCRIPT",
        "17.0",
        Instead::Flag("pre-get-sources-script", "RUNNER_PRE_GET_SOURCES_SCRIPT"),
    ),
    renamed(
        "post-clone-script",
        "RUNNER_POST_CLONE_SCRIPT",
        "17.0",
        Instead::Flag("post-get-sources-script", "RUNNER_POST_GET_SOURCES_SCRIPT"),
    ),
    renamed(
        "kubernetes-terminationGracePeriodSeconds",
        "KUBERNETES_TERMINATIONGRACEPERIODSECONDS",
        "17.0",
        Instead::Flag(
            "kubernetes-pod_termination_grace_period_seconds",
            "KUBERNETES_POD_TERMINATION_GRACE_PERIOD_SECONDS",
        ),
    ),
];

/// Of `gitlab-runner run`: the only one that concerns a running runner manager, and so `runner-reaper` too.
const METRICS_SERVER: Former = renamed(
    "metrics-server",
    "METRICS_SERVER",
    "12.0",
    Instead::Flag("listen-address", "LISTEN_ADDRESS"),
);

const AUTOSCALING: Instead = Instead::Table("[[runners.machine.autoscaling]]");

const fn renamed(
    flag: &'static str,
    variable: &'static str,
    gone: &'static str,
    instead: Instead,
) -> Former {
    Former {
        flag: Some(flag),
        variable: Some(variable),
        gone,
        instead,
    }
}

/// The flag is still there; only its variable got another name.
const fn variable(variable: &'static str, gone: &'static str, instead: Instead) -> Former {
    Former {
        flag: None,
        variable: Some(variable),
        gone,
        instead,
    }
}

/// What to say to somebody who gives a flag of an earlier gitlab-runner; `None` if there never was one.
#[must_use]
pub fn flag(name: &str) -> Option<String> {
    let former = FORMER.iter().find(|former| former.flag == Some(name))?;
    let instead = match former.instead {
        Instead::Flag(flag, _) => format!("--{flag}"),
        Instead::Table(table) => in_a_template(table),
    };
    Some(format!(
        "--{name} was removed in gitlab-runner {}: use {instead}",
        former.gone
    ))
}

/// A line for each variable of an earlier gitlab-runner that is set: nobody reads it any more, and nobody else says so.
#[must_use]
pub fn variables(environment: &Environment) -> Vec<String> {
    FORMER
        .iter()
        .filter_map(|former| said_of_variable(former, environment))
        .collect()
}

/// The same for what a runner manager's own variables say.
#[must_use]
pub fn variables_of_a_runner_manager(environment: &Environment) -> Vec<String> {
    said_of_variable(&METRICS_SERVER, environment)
        .into_iter()
        .collect()
}

fn said_of_variable(former: &Former, environment: &Environment) -> Option<String> {
    let name = former.variable?;
    environment.get(name)?;
    let instead = match former.instead {
        Instead::Flag(_, variable) => variable.to_owned(),
        Instead::Table(table) => in_a_template(table),
    };
    Some(format!(
        "{name} was removed in gitlab-runner {} and is ignored: use {instead}",
        former.gone
    ))
}

fn in_a_template(table: &str) -> String {
    format!("{table} in a file given with --template-config")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_flag_is_told_since_when_and_what_to_use() {
        fn check(name: &str, want: Option<&str>) {
            assert_eq!(flag(name).as_deref(), want);
        }
        check(
            "pre-clone-script",
            Some(
                "--pre-clone-script was removed in gitlab-runner 17.0: use --pre-get-sources-script",
            ),
        );
        check(
            "docker-services",
            Some(
                "--docker-services was removed in gitlab-runner 13.0: use [[runners.docker.services]] in a file given with --template-config",
            ),
        );
        check("docker-image", None);
    }

    #[test]
    fn former_variable_is_told_as_its_flag_is() {
        let environment = Environment::of([
            ("METRICS_SERVER", ":9252"),
            ("S3_ACCESS_KEY", "canary"),
            ("DOCKER_SERVICES", ""),
        ]);
        let said = variables(&environment);
        let [key, metrics] = &said[..] else {
            panic!("{said:?}")
        };
        assert!(
            key.ends_with("11.3 and is ignored: use CACHE_S3_ACCESS_KEY"),
            "{key}"
        );
        assert!(
            metrics.ends_with("12.0 and is ignored: use LISTEN_ADDRESS"),
            "{metrics}"
        );
        assert_eq!(
            variables_of_a_runner_manager(&environment).concat(),
            *metrics
        );
        assert!(!said.concat().contains("canary"));
    }

    #[test]
    fn no_row_says_what_another_says() {
        for (index, former) in FORMER.iter().enumerate() {
            assert!(former.flag.is_some() || former.variable.is_some());
            for other in &FORMER[index + 1..] {
                assert!(
                    former.flag.is_none() || former.flag != other.flag,
                    "{former:?}"
                );
                assert!(
                    former.variable.is_none() || former.variable != other.variable,
                    "{former:?}"
                );
            }
        }
    }
}
