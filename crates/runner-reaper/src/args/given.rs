//! Owns what was given by a flag or its variable; the flag counts, and an empty variable is unset.

use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;
use runner_lifecycle::duration::parse_duration;
use runner_lifecycle::environment::Environment;
use runner_lifecycle::exit::Failure;

pub(super) struct GivenFlags<'a> {
    pub(super) matches: &'a ArgMatches,
    pub(super) environment: &'a Environment,
}

impl GivenFlags<'_> {
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }

    /// What was said of a switch on the command line; nothing where it was not mentioned.
    pub(super) fn switch(&self, flag: &str) -> Option<bool> {
        let given = self.matches.value_source(flag) == Some(ValueSource::CommandLine);
        given.then(|| self.matches.get_flag(flag))
    }

    /// Nothing of a flag that the command does not have, whatever its variable says: a pod's variables are for all commands.
    pub(super) fn text(&self, flag: &str, variables: &[&str]) -> Option<String> {
        let from_flag = self.matches.try_get_one::<String>(flag).ok()?;
        let from_flag = from_flag.filter(|text| !text.is_empty()).cloned();
        from_flag.or_else(|| {
            variables
                .iter()
                .find_map(|name| self.environment.get(name))
                .map(str::to_owned)
        })
    }

    pub(super) fn duration(&self, flag: &str, variable: &str) -> Result<Option<Duration>, Failure> {
        let text = self.text(flag, &[variable]);
        text.map(|text| parse_duration(&text))
            .transpose()
            .map_err(|error| Failure::usage(format!("--{flag} or {variable}: {error}")))
    }
}
