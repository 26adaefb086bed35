//! Owns what a wrong name may have meant, and the warning for a variable that means nothing. Pure.

use crate::environment::Environment;

/// The known name that is nearest to a wrong one, if any is near: of five letters one may be wrong, else it is a guess.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(5);
    // A word that is no name at all, such as a token, is not compared.
    let distances = known
        .filter(|_| limit <= 16)
        .map(|known| (strsim::osa_distance(name, known), known));
    let nearest = distances.min_by_key(|(distance, _)| *distance);
    nearest
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, known)| known)
}

/// A line for each variable that begins with `prefix` and is none of `known`, which hold no prefix: misspelt, a variable of
/// ours would be ignored without a word.
#[must_use]
pub fn variables(environment: &Environment, prefix: &str, known: &[&str]) -> Vec<String> {
    let program = prefix
        .trim_end_matches('_')
        .to_lowercase()
        .replace('_', "-");
    let ours = environment
        .names()
        .filter_map(|name| name.strip_prefix(prefix));
    ours.filter(|name| !known.contains(name) && !is_of_service(name))
        .map(|name| match nearest(name, known.iter().copied()) {
            Some(near) => {
                format!(
                    "{prefix}{name} is not a variable of {program}: did you mean {prefix}{near}?"
                )
            }
            None => format!("{prefix}{name} is not a variable of {program} and is ignored"),
        })
        .collect()
}

/// Whether Kubernetes made the variable, for a Service that is called like the program.
fn is_of_service(name: &str) -> bool {
    let begins = ["SERVICE_HOST", "SERVICE_PORT", "PORT"];
    let holds = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"];
    begins.iter().any(|begin| name.starts_with(begin))
        || holds.iter().any(|part| name.contains(part))
        || name.ends_with("_PORT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_variable_is_told_with_what_it_may_have_meant() {
        fn check(name: &str, want: Option<&str>) {
            let environment = Environment::of([(name, "1")]);
            let lines = variables(&environment, "RUNNER_X_", &["TIMEOUT", "POD_NAME"]);
            assert_eq!(lines.first().map(String::as_str), want, "{name}");
        }
        check("RUNNER_X_TIMEOUT", None);
        check("RUNNER_Y_TIMEOT", None);
        let near = "RUNNER_X_TIMOEUT is not a variable of runner-x: did you mean RUNNER_X_TIMEOUT?";
        check("RUNNER_X_TIMOEUT", Some(near));
        let far = "RUNNER_X_HOST is not a variable of runner-x and is ignored";
        check("RUNNER_X_HOST", Some(far));
        check("RUNNER_X_SERVICE_HOST", None);
        check("RUNNER_X_SERVICE_PORT_HTTP", None);
        check("RUNNER_X_PORT_80_TCP_ADDR", None);
        // Of a Service that is called like the program and more.
        check("RUNNER_X_MORE_SERVICE_HOST", None);
        check("RUNNER_X_MORE_PORT", None);
        check("RUNNER_X_MORE_PORT_80_TCP", None);
    }
}
