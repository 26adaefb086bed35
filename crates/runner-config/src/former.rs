//! Owns what earlier gitlab-runners knew and 19.4 does not: flags of `register` and `run` with their variables, the version in
//! which each went, and what took its place. Collected from the releases since 9.0 in `former.tsv`, which is read at build time. Pure.

pub use crate::table::FORMER;

/// A flag or variable that is gone.
#[derive(Debug)]
pub struct Former {
    /// Whether it was one of `gitlab-runner run`: it concerns a running runner manager, and so `runner-reaper` too.
    pub is_of_run: bool,
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
pub fn variables(is_set: impl Fn(&str) -> bool) -> Vec<String> {
    said(FORMER.iter(), is_set)
}

/// The same of the variables that a runner manager itself read.
pub fn variables_of_a_runner_manager(is_set: impl Fn(&str) -> bool) -> Vec<String> {
    said(FORMER.iter().filter(|former| former.is_of_run), is_set)
}

fn said(rows: impl Iterator<Item = &'static Former>, is_set: impl Fn(&str) -> bool) -> Vec<String> {
    rows.filter(|former| former.variable.is_some_and(&is_set))
        .filter_map(said_of_variable)
        .collect()
}

fn said_of_variable(former: &Former) -> Option<String> {
    let name = former.variable?;
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
        let is_set = |name: &str| ["METRICS_SERVER", "S3_ACCESS_KEY"].contains(&name);
        let said = variables(is_set);
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
        assert_eq!(variables_of_a_runner_manager(is_set).concat(), *metrics);
        assert!(variables_of_a_runner_manager(|_| false).is_empty());
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
