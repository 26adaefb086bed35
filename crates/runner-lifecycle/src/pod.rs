//! Owns who a volume belongs to: the pod, as far as the downward API and the host name tell.

use crate::exit::Failure;

/// What is known of a pod. Every part may be missing: plain manifests pass nothing on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: Option<String>,
    /// `metadata.uid`: the only part that no other pod can ever have.
    pub uid: Option<String>,
    /// The kernel's host name: the pod's name, or the node's with host networking.
    pub hostname: Option<String>,
}

impl Pod {
    /// Whether both are one pod, decided by the best that both sides know; `None` when they have nothing in common.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> Option<bool> {
        let name = |pod: &Self| {
            pod.name
                .as_ref()
                .map(|name| (pod.namespace.clone().unwrap_or_default(), name.clone()))
        };
        let compare = |one: Option<&String>, two: Option<&String>| Some(one? == two?);
        compare(self.uid.as_ref(), other.uid.as_ref())
            .or_else(|| {
                let (one, two) = (name(self)?, name(other)?);
                let namespaces = one.0.is_empty() || two.0.is_empty() || one.0 == two.0;
                Some(namespaces && one.1 == two.1)
            })
            .or_else(|| compare(self.hostname.as_ref(), other.hostname.as_ref()))
    }

    /// Whether [`Pod::is_same`] has nothing but the host names to go by.
    #[must_use]
    pub fn is_compared_by_host(&self, other: &Self) -> bool {
        let both =
            |part: fn(&Self) -> &Option<String>| part(self).is_some() && part(other).is_some();
        !both(|pod| &pod.uid) && !both(|pod| &pod.name)
    }

    /// Why a command by hand leaves the volume of this pod alone (exit 78).
    #[must_use]
    pub fn refuses_others(&self) -> Failure {
        let pod = self.describe();
        Failure::unusable(format!(
            "this volume belongs to another pod, {pod}: nothing was changed; run this in that pod, or with --other-pod; if that pod is \
             gone, runner-init register takes the volume over"
        ))
    }

    /// The pod in one short form for a log line.
    #[must_use]
    pub fn describe(&self) -> String {
        let name = self
            .name
            .as_deref()
            .or(self.hostname.as_deref())
            .unwrap_or("of unknown name");
        let mut text = match &self.namespace {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.to_owned(),
        };
        if let Some(uid) = &self.uid {
            text.push_str(&format!(" (uid {uid})"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(text: &str) -> Pod {
        let mut parts = text
            .split('/')
            .map(|part| (part != "-").then(|| part.to_owned()));
        let mut next = || parts.next().unwrap_or_default();
        Pod {
            namespace: next(),
            name: next(),
            uid: next(),
            hostname: next(),
        }
    }

    #[test]
    fn best_common_knowledge_decides() {
        fn check(one: &str, two: &str, want: Option<bool>) {
            assert_eq!(pod(one).is_same(&pod(two)), want, "{one} {two}");
            assert_eq!(pod(two).is_same(&pod(one)), want, "{two} {one}");
        }
        check("ci/a/u1/a", "ci/a/u1/a", Some(true));
        check("ci/a/u1/a", "ci/a/u2/a", Some(false));
        check("ci/a/-/a", "ci/a/u2/a", Some(true));
        check("ci/a/-/-", "qa/a/-/-", Some(false));
        check("-/a/-/-", "qa/a/-/-", Some(true));
        check("-/-/-/a", "ci/a/u1/a", Some(true));
        check("-/-/-/a", "-/-/-/b", Some(false));
        check("-/-/-/-", "ci/a/u1/a", None);
        check("-/-/u1/-", "ci/a/-/-", None);
    }

    #[test]
    fn describes_what_it_knows() {
        assert_eq!(pod("ci/a/u1/h").describe(), "ci/a (uid u1)");
        assert_eq!(pod("-/-/-/h").describe(), "h");
        assert_eq!(pod("-/-/-/-").describe(), "of unknown name");
    }
}
