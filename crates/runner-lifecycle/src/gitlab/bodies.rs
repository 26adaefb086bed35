//! Owns what is sent: the bodies of the five calls, field for field in gitlab-runner's order. It reads nothing.

use serde::Serialize;

use super::{AccessLevel, Attributes, Creation, Error, RunnerInfo, RunnerType};
use crate::foreign::json::UNWRITABLE;

/// `POST /runners`.
#[derive(Serialize)]
pub(super) struct Register<'a> {
    #[serde(flatten)]
    attributes: Wishes<'a>,
    info: &'a RunnerInfo,
    token: &'a str,
}

/// `POST /user/runners`; the access token travels in a header.
#[derive(Serialize)]
pub(super) struct Create<'a> {
    runner_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<i64>,
    #[serde(flatten)]
    attributes: Wishes<'a>,
}

/// `POST /runners/verify`.
#[derive(Serialize)]
pub(super) struct Verify<'a> {
    pub(super) info: &'a RunnerInfo,
    pub(super) token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system_id: Option<&'a str>,
}

/// `DELETE /runners`.
#[derive(Serialize)]
pub(super) struct UnregisterRunner<'a> {
    pub(super) token: &'a str,
}

/// `DELETE /runners/managers`.
#[derive(Serialize)]
pub(super) struct UnregisterRunnerManager<'a> {
    pub(super) token: &'a str,
    pub(super) system_id: &'a str,
}

#[derive(Serialize)]
struct Wishes<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    maintenance_note: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    tag_list: &'a str,
    run_untagged: bool,
    locked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_level: Option<AccessLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_timeout: Option<i64>,
    paused: bool,
}

impl<'a> Wishes<'a> {
    fn of(attributes: &'a Attributes) -> Self {
        Self {
            description: &attributes.description,
            maintenance_note: &attributes.maintenance_note,
            tag_list: &attributes.tag_list,
            run_untagged: attributes.run_untagged,
            locked: attributes.locked,
            access_level: attributes.access_level,
            maximum_timeout: Some(attributes.maximum_timeout).filter(|seconds| *seconds != 0),
            paused: attributes.paused,
        }
    }
}

impl<'a> Register<'a> {
    pub(super) fn of(attributes: &'a Attributes, info: &'a RunnerInfo, token: &'a str) -> Self {
        Self {
            attributes: Wishes::of(attributes),
            info,
            token,
        }
    }
}

impl<'a> Create<'a> {
    pub(super) fn of(creation: &'a Creation) -> Self {
        let (runner_type, group_id, project_id) = match creation.runner_type {
            RunnerType::Instance => ("instance_type", None, None),
            RunnerType::Group(id) => ("group_type", Some(id), None),
            RunnerType::Project(id) => ("project_type", None, Some(id)),
        };
        let attributes = Wishes::of(&creation.attributes);
        Self {
            runner_type,
            group_id,
            project_id,
            attributes,
        }
    }
}

/// JSON as Go writes it: no blanks, no final newline, and what could end an HTML script escaped.
pub(super) fn json(body: &impl Serialize) -> Result<Vec<u8>, Error> {
    let text = serde_json::to_string(body).map_err(|_| Error::unusable(UNWRITABLE))?;
    // These five occur inside of strings only, where the escape means the same.
    let escaped = text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    Ok(escaped.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &impl Serialize) -> String {
        String::from_utf8(json(body).unwrap()).unwrap()
    }

    #[test]
    fn register_sends_what_the_recorded_runner_sent() {
        let attributes = Attributes {
            description: "container-builder".into(),
            tag_list: "docker".into(),
            locked: true,
            ..Attributes::default()
        };
        let sent = text(&Register::of(
            &attributes,
            &RunnerInfo::empty(),
            "gitlabtoken",
        ));
        let head = "{\"description\":\"container-builder\",\"tag_list\":\"docker\",\"run_untagged\":false,\
            \"locked\":true,\"paused\":false,\"info\":{\"name\":\"gitlab-runner\",\"version\":\"19.4.0\"";
        assert!(sent.starts_with(head), "{sent}");
        assert!(
            sent.ends_with("\"config\":{\"gpus\":\"\"}},\"token\":\"gitlabtoken\"}"),
            "{sent}"
        );
    }

    #[test]
    fn all_attributes_go_in_order() {
        let attributes = Attributes {
            description: "d".into(),
            maintenance_note: "n".into(),
            tag_list: "a,b".into(),
            run_untagged: true,
            locked: false,
            access_level: Some(AccessLevel::RefProtected),
            maximum_timeout: 600,
            paused: true,
        };
        let wishes = "\"description\":\"d\",\"maintenance_note\":\"n\",\"tag_list\":\"a,b\",\
            \"run_untagged\":true,\"locked\":false,\"access_level\":\"ref_protected\",\
            \"maximum_timeout\":600,\"paused\":true";
        let sent = text(&Register::of(&attributes, &RunnerInfo::empty(), "t"));
        assert!(sent.starts_with(&format!("{{{wishes},\"info\":")), "{sent}");
        let check = |runner_type, head: &str| {
            let creation = Creation {
                runner_type,
                attributes: attributes.clone(),
            };
            assert_eq!(text(&Create::of(&creation)), format!("{{{head},{wishes}}}"));
        };
        check(RunnerType::Instance, "\"runner_type\":\"instance_type\"");
        check(
            RunnerType::Group(7),
            "\"runner_type\":\"group_type\",\"group_id\":7",
        );
        check(
            RunnerType::Project(9),
            "\"runner_type\":\"project_type\",\"project_id\":9",
        );
    }

    #[test]
    fn verify_leaves_out_a_missing_system_id() {
        let info = RunnerInfo::empty();
        let sent = text(&Verify {
            info: &info,
            token: "t",
            system_id: None,
        });
        assert!(sent.starts_with("{\"info\":{"), "{sent}");
        assert!(sent.ends_with(",\"token\":\"t\"}"), "{sent}");
        let sent = text(&Verify {
            info: &info,
            token: "t",
            system_id: Some("s_123456789abc"),
        });
        assert!(
            sent.ends_with(",\"token\":\"t\",\"system_id\":\"s_123456789abc\"}"),
            "{sent}"
        );
    }

    #[test]
    fn unregister_bodies_are_gitlab_runners() {
        assert_eq!(text(&UnregisterRunner { token: "t" }), "{\"token\":\"t\"}");
        let body = UnregisterRunnerManager {
            token: "t",
            system_id: "r_1",
        };
        assert_eq!(text(&body), "{\"token\":\"t\",\"system_id\":\"r_1\"}");
    }

    #[test]
    fn go_escapes_are_kept() {
        assert_eq!(
            text(&"a<b>&\u{2028}\"\\\n"),
            "\"a\\u003cb\\u003e\\u0026\\u2028\\\"\\\\\\n\""
        );
    }
}
