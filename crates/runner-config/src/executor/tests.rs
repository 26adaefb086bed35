//! What each executor requires, adds and keeps.

use toml_edit::DocumentMut;

use super::*;
use crate::cases::rows;

fn settled(text: &str) -> Result<String, String> {
    let mut entry = text.parse::<DocumentMut>().unwrap().as_table().clone();
    settle(&mut entry)?;
    Ok(DocumentMut::from(entry).to_string())
}

#[test]
fn every_executor_keeps_its_own_sections() {
    fn check(executor: &str, keeps: &[&str]) {
        let mut text = format!("executor = {executor:?}\n[referees]\n[cache]\nType = \"s3\"\n");
        text.push_str(
            "[instance]\n[autoscaler]\n[monitoring]\n[machine]\n[kubernetes]\n[custom]\n",
        );
        text.push_str("[docker]\nimage = \"i\"\n[ssh]\nhost = \"h\"\nuser = \"u\"\n");
        text.push_str("[parallels]\nbase_name = \"b\"\n[virtualbox]\nbase_name = \"b\"\n");
        let text = settled(&text).unwrap();
        for section in SECTIONS {
            let wanted = keeps.contains(section);
            assert_eq!(
                text.contains(&format!("[{section}]")),
                wanted,
                "{executor} {section}\n{text}"
            );
        }
        for section in ["cache", "instance", "autoscaler", "monitoring"] {
            assert!(
                text.contains(&format!("[{section}]")),
                "{executor} {section}"
            );
        }
    }
    check("custom", &["custom"]);
    check("docker", &["docker"]);
    check("docker+machine", &["machine", "docker"]);
    check("docker-autoscaler", &["docker"]);
    check("docker-windows", &["docker"]);
    check("instance", &[]);
    check("kubernetes", &["kubernetes"]);
    check("parallels", &["ssh", "parallels"]);
    check("shell", &[]);
    check("ssh", &["ssh"]);
    check("virtualbox", &["ssh", "virtualbox"]);
}

#[test]
fn what_an_executor_needs_is_named_with_flag_and_variable() {
    fn check(text: &str, want: &str) {
        let message = settled(text).unwrap_err();
        assert!(message.contains(want), "{text}: {message}");
    }
    check("", "--executor is missing");
    for [text, want] in rows(
        r#"
        executor = "nope" │ "nope" is not one of custom, docker
        executor = "docker" │ --docker-image is missing (DOCKER_IMAGE)
        executor = "docker"↵[docker]↵image = " " │ --docker-image
        executor = "docker+machine" │ --docker-image
        executor = "ssh" │ --ssh-host
        executor = "ssh"↵ssh.host = "h" │ --ssh-user
        executor = "parallels" │ --parallels-base-name
        executor = "parallels"↵parallels.base_name = "b" │ --ssh-host
        executor = "virtualbox"↵virtualbox.base_name = "b" │ --ssh-user
    "#,
    ) {
        check(&text, &want);
    }
}

#[test]
fn docker_gets_a_cache_volume_unless_there_is_one() {
    fn check(docker: &str, want: &str) {
        let text = format!("executor = \"docker\"\n[docker]\nimage = \"i\"\n{docker}");
        let text = settled(&text).unwrap();
        let volumes = text
            .lines()
            .find(|line| line.starts_with("volumes"))
            .unwrap_or_default();
        assert_eq!(volumes, want, "{docker}");
    }
    check("", "volumes = [\"/cache\"]");
    check("disable_cache = true", "");
    for [text, want] in rows(
        r#"
        volumes = ["/cache"] │ volumes = ["/cache"]
        volumes = ["/my/cache:/cache"] │ volumes = ["/my/cache:/cache"]
        volumes = ["/x:/cache:rw"] │ volumes = ["/x:/cache:rw", "/cache"]
        volumes = ["/x"] │ volumes = ["/x", "/cache"]
    "#,
    ) {
        check(&text, &want);
    }
}

#[test]
fn docker_on_windows_gets_its_own_extras() {
    fn check(docker: &str, shell: &str, want: &[&str]) {
        let text =
            format!("executor = \"docker-windows\"\n{shell}\n[docker]\nimage = \"i\"\n{docker}");
        let text = settled(&text).unwrap();
        for line in want {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
    check("", "", &["shell = \"pwsh\"", "volumes = ['c:\\cache']"]);
    check("disable_cache = true", "", &["volumes = ['c:\\cache']"]);
    check(
        "volumes = ['d:\\x:c:\\cache']",
        "shell = \"powershell\"",
        &["shell = \"powershell\"", "volumes = ['d:\\x:c:\\cache']"],
    );
}

#[test]
fn info_names_the_shell_and_the_gpus() {
    let entry = "shell = \"zsh\"\n[docker]\ngpus = \" all \""
        .parse::<DocumentMut>()
        .unwrap();
    assert_eq!(
        (shell(entry.as_table()), gpus(entry.as_table())),
        ("zsh".to_owned(), "all".to_owned())
    );
    assert_eq!(shell(&Table::new()), "bash");
}
