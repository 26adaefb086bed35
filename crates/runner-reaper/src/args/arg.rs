//! Owns the two shapes of a flag: one with a value, and a switch.

use clap::{Arg, ArgAction};
use runner_lifecycle::command_line;

pub(super) fn valued(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    // As with gitlab-runner the last one counts.
    Arg::new(name)
        .long(name)
        .value_name(value)
        .help(help)
        .overrides_with(name)
}

pub(super) fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("true|false")
        .help(help)
        .action(ArgAction::Set)
        .value_parser(|text: &str| command_line::boolean(text).ok_or("it is not true or false"))
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .default_missing_value("true")
        .hide_default_value(true)
        .hide_possible_values(true)
        .overrides_with(name)
}
