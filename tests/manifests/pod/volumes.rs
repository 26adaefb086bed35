//! Owns the volumes of a pod as the kubelet makes them: kind, size, owner, mode, first content.

use std::fs;
use std::os::unix::net::UnixListener;

use acceptance::programs::program;
use serde_json::Value;

use super::Pod;
use super::image::image;
use crate::container::{User, put};
use crate::render::{list, text};

impl Pod {
    pub(crate) fn prepare_volumes(&mut self) {
        let group = self.spec["securityContext"]["fsGroup"]
            .as_u64()
            .map(|group| u32::try_from(group).unwrap());
        let owner = User {
            uid: 0,
            gid: group.unwrap_or(0),
            groups: Vec::new(),
        };
        for volume in list(&self.spec["volumes"].clone()) {
            let name = format!("volumes/{}", text(&volume["name"]));
            if volume["hostPath"].is_object() {
                fs::create_dir_all(self.sandbox.path("volumes")).unwrap();
                self._sockets
                    .push(UnixListener::bind(self.sandbox.path(&name)).unwrap());
                continue;
            }
            let writable = volume["emptyDir"].is_object();
            let mode = if writable { 0o2777 } else { 0o755 };
            let limit = volume["emptyDir"]["sizeLimit"].as_str();
            let options = (volume["emptyDir"]["medium"] == "Memory").then(|| {
                let limit = limit.map(|limit| limit.strip_suffix("Mi").unwrap());
                let limit = limit.map(|limit| limit.parse::<u64>().unwrap() << 20);
                // Unlimited it is as large as the pod's memory limit, or half the node's.
                limit.map_or_else(String::new, |limit| {
                    format!("size={}", limit + extra_size())
                })
            });
            self.sandbox
                .directory(&name, (0, owner.gid), mode, options.as_deref());
            for (file, content, file_mode) in self.files(volume) {
                put(
                    &self.sandbox.seen(&format!("{name}/{file}")),
                    &content,
                    &owner,
                    file_mode,
                );
            }
        }
    }

    /// The files that a volume begins with.
    fn files(&self, volume: &Value) -> Vec<(String, Vec<u8>, u32)> {
        let mode = |source: &Value| {
            source["defaultMode"]
                .as_u64()
                .map_or(0o644, |mode| u32::try_from(mode).unwrap())
        };
        let given = |object: &Value, mode: u32| {
            let here = |((name, key), value): (&(String, String), &String)| {
                (name == text(object)).then(|| (key.clone(), value.clone().into_bytes(), mode))
            };
            let files: Vec<_> = self.given.iter().filter_map(here).collect();
            assert!(!files.is_empty(), "nobody made {object}");
            files
        };
        if volume["emptyDir"].is_object() {
            return Vec::new();
        }
        if let Some(secret) = volume.get("secret") {
            return given(&secret["secretName"], mode(secret));
        }
        if let Some(map) = volume.get("configMap") {
            return given(&map["name"], mode(map));
        }
        if let Some(image) = volume.get("image") {
            // Without an init container it is told here alone.
            if let Some(first) = list(&self.spec["initContainers"]).next() {
                assert_eq!(
                    image["reference"], first["image"],
                    "the image is told twice"
                );
            }
            let programs = self::image(text(&image["reference"])).programs;
            return programs
                .iter()
                .map(|(name, path)| {
                    (
                        name.trim_start_matches('/').to_owned(),
                        fs::read(path).unwrap(),
                        0o755,
                    )
                })
                .collect();
        }
        let projected = volume
            .get("projected")
            .unwrap_or_else(|| panic!("this kind of volume is not played: {volume}"));
        let mut files = Vec::new();
        for source in list(&projected["sources"]) {
            if let Some(token) = source.get("serviceAccountToken") {
                files.push((
                    text(&token["path"]).to_owned(),
                    b"token of the service account".to_vec(),
                    mode(projected),
                ));
            }
            for item in list(&source["downwardAPI"]["items"]) {
                let value = self.value_from(item);
                files.push((
                    text(&item["path"]).to_owned(),
                    value.into_bytes(),
                    mode(projected),
                ));
            }
        }
        files
    }
}

/// What copies of the programs take more here than released, where 3.5 MiB are the budget of each; twice, as they are published
/// by rename.
fn extra_size() -> u64 {
    let extra = |name| {
        let size = fs::metadata(program(name)).unwrap().len();
        2 * size.saturating_sub(3_670_016)
    };
    extra("runner-reaper") + extra("runner-init")
}
