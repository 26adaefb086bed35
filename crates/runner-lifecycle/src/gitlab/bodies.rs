//! Owns what is sent: the bodies of the calls, field for field in gitlab-runner's order. It reads nothing.

use super::json::Object;
use super::{Attributes, Creation, RunnerInfo, RunnerType};

/// `POST /runners`.
pub(super) fn register(attributes: &Attributes, info: &RunnerInfo, token: &str) -> String {
    attributes
        .written(Object::new())
        .object("info", info.written())
        .text("token", token)
        .end()
}

/// `POST /user/runners`; the access token travels in a header.
pub(super) fn create(creation: &Creation) -> String {
    let body = Object::new();
    let body = match creation.runner_type {
        RunnerType::Instance => body.text("runner_type", "instance_type"),
        RunnerType::Group(id) => body
            .text("runner_type", "group_type")
            .number("group_id", id),
        RunnerType::Project(id) => body
            .text("runner_type", "project_type")
            .number("project_id", id),
    };
    creation.attributes.written(body).end()
}

/// `POST /runners/verify`.
pub(super) fn verify(info: Option<&RunnerInfo>, token: &str, system_id: Option<&str>) -> String {
    let object = match info {
        Some(info) => Object::new().object("info", info.written()),
        None => Object::new(),
    };
    object
        .text("token", token)
        .any_text("system_id", system_id)
        .end()
}

/// `DELETE /runners`.
pub(super) fn unregister_runner(token: &str) -> String {
    Object::new().text("token", token).end()
}

/// `DELETE /runners/managers`.
pub(super) fn unregister_runner_manager(token: &str, system_id: &str) -> String {
    Object::new()
        .text("token", token)
        .text("system_id", system_id)
        .end()
}

/// `POST /runners/reset_authentication_token`.
pub(super) fn reset(token: &str, system_id: Option<&str>) -> String {
    Object::new()
        .text("token", token)
        .any_text("system_id", system_id)
        .end()
}

#[cfg(test)]
mod tests {
    use super::super::AccessLevel;
    use super::*;

    #[test]
    fn register_sends_what_the_recorded_runner_sent() {
        let attributes = Attributes {
            description: "container-builder".into(),
            tag_list: "docker".into(),
            locked: true,
            ..Attributes::default()
        };
        let sent = register(&attributes, &RunnerInfo::empty(), "gitlabtoken");
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
        let sent = register(&attributes, &RunnerInfo::empty(), "t");
        assert!(sent.starts_with(&format!("{{{wishes},\"info\":")), "{sent}");
        let check = |runner_type, head: &str| {
            let creation = Creation {
                runner_type,
                attributes: attributes.clone(),
            };
            assert_eq!(create(&creation), format!("{{{head},{wishes}}}"));
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
        let sent = verify(Some(&info), "t", None);
        assert!(sent.starts_with("{\"info\":{"), "{sent}");
        assert!(sent.ends_with(",\"token\":\"t\"}"), "{sent}");
        let sent = verify(Some(&info), "t", Some("s_123456789abc"));
        assert!(
            sent.ends_with(",\"token\":\"t\",\"system_id\":\"s_123456789abc\"}"),
            "{sent}"
        );
    }

    #[test]
    fn verify_of_a_look_says_nothing_about_itself() {
        let sent = verify(None, "t", Some("s_123456789abc"));
        assert_eq!(sent, "{\"token\":\"t\",\"system_id\":\"s_123456789abc\"}");
    }

    #[test]
    fn unregister_bodies_are_gitlab_runners() {
        assert_eq!(unregister_runner("t"), "{\"token\":\"t\"}");
        assert_eq!(
            unregister_runner_manager("t", "r_1"),
            "{\"token\":\"t\",\"system_id\":\"r_1\"}"
        );
    }
}
