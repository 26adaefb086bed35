//! The one home of gitlab-runner's config: every key of `config.toml` and every flag of `register` that gitlab-runner 19.4
//! knows, read at build time from `gitlab-runner-19.4.tsv` (a new release is a new table), and what earlier ones had
//! (`former.tsv`).
//!
//! By them a file is read and changed as a document ([`config_toml`], [`place`], [`globals`]), explained where it is no TOML
//! ([`fault`]), checked as gitlab-runner would load it ([`load_check`], [`template`], [`executor`]), and brought to what is
//! asked for ([`three_way`]). It also knows what a token is ([`token`]) and what of a text may be shown ([`shown`], [`harmless`],
//! [`mask`]). It knows no clock, disk or socket, and no exit code: what is wrong is a line, or an error with its place.

pub mod canonical;
#[cfg(test)]
mod cases;
pub mod config_toml;
pub mod diff;
pub mod elements;
pub mod executor;
pub mod fault;
mod field;
mod flag;
pub mod former;
pub mod globals;
pub mod go_duration;
pub mod harmless;
pub mod layout;
mod leaves;
mod lines;
pub mod listen_address;
pub mod load_check;
pub mod mask;
pub mod moment;
pub mod place;
pub mod sameness;
pub mod shown;
mod statements;
pub mod template;
pub mod three_way;
pub mod token;
pub mod zeros;

pub use field::{Emit, Field, Shape, at, field};
pub use flag::{Flag, Purpose, ValueType};
pub use table::{CONFIG, FLAGS, RUNNER};

/// What the build script makes of the table.
mod table {
    use super::former::{Former, Instead};
    use super::{Emit, Field, Flag, Purpose, Shape, ValueType};

    include!(concat!(env!("OUT_DIR"), "/table.rs"));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_flag_leads_to_a_field_and_no_key_stands_twice() {
        fn check(fields: &[Field], seen: &mut usize) {
            let names: BTreeSet<String> = fields
                .iter()
                .map(|field| field.name.to_lowercase())
                .collect();
            assert_eq!(names.len(), fields.len(), "{fields:?}");
            *seen += fields.len();
            fields
                .iter()
                .for_each(|field| check(field.shape.inside(), seen));
        }
        let mut seen = 0;
        check(CONFIG, &mut seen);
        assert_eq!(
            seen,
            include_str!("../gitlab-runner-19.4.tsv")
                .lines()
                .filter(|l| !l.starts_with(['#', '(']))
                .count()
                - 1
        );
        for flag in FLAGS {
            if let Purpose::Key(path) = flag.purpose {
                assert!(at(path).is_some(), "--{}", flag.name);
            }
        }
    }
}
