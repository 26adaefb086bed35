//! Owns what a container is told: command, environment, mounts and user out of its manifest and its image.

use std::collections::BTreeMap;

use serde_json::Value;

use super::image::image;
use super::{Pod, strings};
use crate::container::{Mount, Order, User};
use crate::render::{list, text};

impl Pod {
    pub(super) fn order(&self, container: &Value) -> Order {
        let image = image(text(&container["image"]));
        let name = text(&container["name"]).to_owned();
        let mut mounts: Vec<Mount> = image
            .programs
            .iter()
            .map(|(target, source)| Mount {
                source: source.clone(),
                target: (*target).to_owned(),
                read_only: true,
            })
            .collect();
        mounts.extend(list(&container["volumeMounts"]).map(|mount| {
            Mount {
                source: self
                    .sandbox
                    .path(&format!("volumes/{}", text(&mount["name"]))),
                target: text(&mount["mountPath"]).to_owned(),
                read_only: mount["readOnly"] == true,
            }
        }));
        let mut command = strings(&container["command"]);
        let arguments = strings(&container["args"]);
        if command.is_empty() {
            command = if arguments.is_empty() {
                image.command.clone()
            } else {
                image.command[..1].to_vec()
            };
        }
        command.extend(arguments);
        assert!(
            !command.iter().any(|word| word.contains("$(")),
            "{name}: $(…) is not played"
        );
        Order {
            name,
            command,
            environment: self.environment(container, image.environment),
            mounts,
            user: self.user(container, image.user),
            read_only_root: container["securityContext"]["readOnlyRootFilesystem"] == true,
        }
    }

    /// The image's variables, then the manifest's; the later wins.
    fn environment(
        &self,
        container: &Value,
        mut environment: BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        for (name, value) in self.objects.environment(container) {
            let value = match value {
                Value::Object(_) => self.value_from(value),
                value => text(value).to_owned(),
            };
            environment.insert(name.to_owned(), value);
        }
        environment
    }

    pub(super) fn value_from(&self, from: &Value) -> String {
        if let Some(field) = from["fieldRef"]["fieldPath"].as_str() {
            return self
                .identity
                .get(field)
                .unwrap_or_else(|| panic!("fieldPath {field} is not played"))
                .clone();
        }
        let (reference, rendered) = match (&from["secretKeyRef"], &from["configMapKeyRef"]) {
            (Value::Null, map) => (
                map,
                map["name"]
                    .as_str()
                    .and_then(|name| self.objects.config_map(name)),
            ),
            (secret, _) => (secret, None),
        };
        let (name, key) = (text(&reference["name"]), text(&reference["key"]));
        match rendered.and_then(|data| data[key].as_str()) {
            Some(value) => value.to_owned(),
            None => self.given(name, key),
        }
    }

    fn given(&self, object: &str, key: &str) -> String {
        let value = self.given.get(&(object.to_owned(), key.to_owned()));
        value
            .unwrap_or_else(|| panic!("nobody made {object} with the key {key}"))
            .clone()
    }

    fn user(&self, container: &Value, of_image: (u32, u32)) -> User {
        let pod = &self.spec["securityContext"];
        let number = |key: &str| {
            let value = container["securityContext"][key]
                .as_u64()
                .or_else(|| pod[key].as_u64());
            value.map(|number| u32::try_from(number).unwrap())
        };
        let mut groups: Vec<u32> = list(&pod["supplementalGroups"])
            .map(|group| u32::try_from(group.as_u64().unwrap()).unwrap())
            .collect();
        groups.extend(number("fsGroup"));
        let uid = number("runAsUser");
        // Another user than the image's is in the group that the image's /etc/passwd names for it, else in root's.
        let gid = uid.map_or(of_image.1, |_| 0);
        User {
            uid: uid.unwrap_or(of_image.0),
            gid: number("runAsGroup").unwrap_or(gid),
            groups,
        }
    }
}
