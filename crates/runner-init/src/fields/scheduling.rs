//! Fields of `[runners.kubernetes.affinity]`.

use super::{Emit, Field, Shape};

const SELECTOR_REQUIREMENT: &[Field] = fields! {
    "key" Text IfNotZero;
    "operator" Text IfNotZero;
    "values" Texts IfNotZero;
};

const NODE_SELECTOR_TERM: &[Field] = fields! {
    "match_expressions" Tables(SELECTOR_REQUIREMENT) IfNotZero;
    "match_fields" Tables(SELECTOR_REQUIREMENT) IfNotZero;
};

const NODE_SELECTOR: &[Field] = fields! {
    "node_selector_terms" Tables(NODE_SELECTOR_TERM) IfNotZero;
};

const PREFERRED_NODE: &[Field] = fields! {
    "weight" SmallInteger Always;
    "preference" Table(NODE_SELECTOR_TERM) IfNotZero;
};

const NODE_AFFINITY: &[Field] = fields! {
    "required_during_scheduling_ignored_during_execution" Table(NODE_SELECTOR) IfNotZero;
    "preferred_during_scheduling_ignored_during_execution" Tables(PREFERRED_NODE) IfNotZero;
};

const LABEL_SELECTOR: &[Field] = fields! {
    "match_labels" TextMap IfNotZero;
    "match_expressions" Tables(SELECTOR_REQUIREMENT) IfNotZero;
};

const POD_AFFINITY_TERM: &[Field] = fields! {
    "label_selector" Table(LABEL_SELECTOR) IfNotZero;
    "namespaces" Texts IfNotZero;
    "topology_key" Text IfNotZero;
    "namespace_selector" Table(LABEL_SELECTOR) IfNotZero;
    "match_label_keys" Texts IfNotZero;
    "mismatch_label_keys" Texts IfNotZero;
};

const PREFERRED_POD: &[Field] = fields! {
    "weight" SmallInteger Always;
    "pod_affinity_term" Table(POD_AFFINITY_TERM) IfNotZero;
};

const POD_AFFINITY: &[Field] = fields! {
    "required_during_scheduling_ignored_during_execution" Tables(POD_AFFINITY_TERM) IfNotZero;
    "preferred_during_scheduling_ignored_during_execution" Tables(PREFERRED_POD) IfNotZero;
};

pub(super) const AFFINITY: &[Field] = fields! {
    "node_affinity" Table(NODE_AFFINITY) IfNotZero;
    "pod_affinity" Table(POD_AFFINITY) IfNotZero;
    "pod_anti_affinity" Table(POD_AFFINITY) IfNotZero;
};
