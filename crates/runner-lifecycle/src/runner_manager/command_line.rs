//! Owns how a `gitlab-runner` process is known by its arguments. The name it was started by does not count: images copy
//! and rename the program.

/// What a process with these arguments does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessRole {
    /// `gitlab-runner run`: the runner manager.
    Run,
    /// `gitlab-runner wrapper … run`: starts the runner manager and outlives it; it is none itself.
    Wrapper,
}

/// What the arguments of a gitlab-runner process say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessArguments {
    /// What it does.
    pub role: ProcessRole,
    /// Last part of the name it was started by.
    pub program: String,
    /// `--config`.
    pub config: Option<String>,
    /// `--listen-address`.
    pub listen_address: Option<String>,
}

/// gitlab-runner's options before the command that take a value.
const WITH_VALUE: [&str; 4] = ["log-level", "l", "log-format", "cpuprofile"];

impl ProcessArguments {
    /// Reads the bytes of `/proc/PID/cmdline`. Nothing, if the first word that is no option is neither `run` nor
    /// `wrapper`: under `dumb-init` that is the next program's name, under a shell its script.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let words: Vec<String> = bytes
            .split(|byte| *byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        let (program, rest) = words.split_first()?;
        let mut rest = rest.iter();
        let command = loop {
            let word = rest.next()?;
            match word
                .strip_prefix('-')
                .map(|option| option.trim_start_matches('-'))
            {
                None => break word,
                Some("") => return None,
                Some(option) if WITH_VALUE.contains(&option) => drop(rest.next()?),
                Some(_) => {}
            }
        };
        let role = match command.as_str() {
            "run" => ProcessRole::Run,
            "wrapper" => ProcessRole::Wrapper,
            _ => return None,
        };
        let arguments = rest.as_slice();
        Some(Self {
            role,
            program: program.rsplit('/').next().unwrap_or_default().to_owned(),
            config: value_of(arguments, &["config", "c"]),
            listen_address: value_of(arguments, &["listen-address"]),
        })
    }
}

/// The value of an option, the last one if it is repeated, as gitlab-runner takes it.
fn value_of(arguments: &[String], names: &[&str]) -> Option<String> {
    let mut found = None;
    for (at, word) in arguments.iter().enumerate() {
        let Some(option) = word.strip_prefix('-') else {
            continue;
        };
        let option = option.strip_prefix('-').unwrap_or(option);
        match option.split_once('=') {
            Some((name, value)) if names.contains(&name) => found = Some(value.to_owned()),
            None if names.contains(&option) => found = arguments.get(at + 1).cloned(),
            _ => {}
        }
    }
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<ProcessArguments> {
        let mut bytes = line.replace(' ', "\0").into_bytes();
        bytes.push(0);
        ProcessArguments::parse(&bytes)
    }

    #[test]
    fn runner_manager_is_known_by_its_first_word() {
        fn check(line: &str, want: Option<ProcessRole>) {
            assert_eq!(parse(line).map(|found| found.role), want, "{line}");
        }
        check(
            "gitlab-runner run --user=gitlab-runner --working-directory=/home/x",
            Some(ProcessRole::Run),
        );
        check(
            "/opt/copied --debug --log-level info run",
            Some(ProcessRole::Run),
        );
        check(
            "gitlab-runner -l info --log-format=json run",
            Some(ProcessRole::Run),
        );
        check(
            "gitlab-runner wrapper --grpc-listen x run --config y",
            Some(ProcessRole::Wrapper),
        );
        check("/usr/bin/dumb-init /entrypoint run --user=x", None);
        check("/usr/bin/dumb-init -- gitlab-runner run", None);
        check("/bin/bash /entrypoint run", None);
        check("gitlab-runner unregister --all-runners", None);
        check("gitlab-runner --version", None);
        check("gitlab-runner artifacts-downloader run", None);
        check("runner-reaper pre-stop", None);
        check("gitlab-runner --log-level run", None);
        check("", None);
    }

    #[test]
    fn config_and_address_are_read_in_every_form() {
        fn check(line: &str, config: Option<&str>, address: Option<&str>) {
            let found = parse(line).unwrap();
            assert_eq!(
                (found.config.as_deref(), found.listen_address.as_deref()),
                (config, address),
                "{line}"
            );
        }
        check("x run", None, None);
        check("x run --config /a", Some("/a"), None);
        check("x run -c /a --listen-address :1", Some("/a"), Some(":1"));
        check(
            "x run -config=/a -listen-address=:1",
            Some("/a"),
            Some(":1"),
        );
        check("x run --config /a --config /b", Some("/b"), None);
        check("x run --config", None, None);
        check("x run --config=", None, None);
    }
}
