//! Flags of the Kubernetes executor: `[runners.kubernetes]` and its security contexts.

use super::{Flag, Kind, Place};

/// `[runners.kubernetes]`
pub(super) const KUBERNETES: &[Flag] = entry_flags! {
    "kubernetes-" "KUBERNETES_" "kubernetes." {
        "host" ["HOST"] Text "host";
        "cert-file" ["CERT_FILE"] Text "cert_file";
        "key-file" ["KEY_FILE"] Text "key_file";
        "ca-file" ["CA_FILE"] Text "ca_file";
        "bearer_token_overwrite_allowed" ["BEARER_TOKEN_OVERWRITE_ALLOWED"] Bool "bearer_token_overwrite_allowed";
        "bearer_token" ["BEARER_TOKEN"] Text "bearer_token";
        "image" ["IMAGE"] Text "image" "image of jobs that name none";
        "namespace" ["NAMESPACE"] Text "namespace" "namespace of the job pods";
        "namespace_overwrite_allowed" ["NAMESPACE_OVERWRITE_ALLOWED"] Text "namespace_overwrite_allowed";
        "namespace_per_job" ["NAMESPACE_PER_JOB"] Bool "namespace_per_job";
        "privileged" ["PRIVILEGED"] NullableBool "privileged" "give job containers all privileges (true or false)";
        "runtime-class-name" ["RUNTIME_CLASS_NAME"] Text "runtime_class_name";
        "allow-privilege-escalation" ["ALLOW_PRIVILEGE_ESCALATION"] NullableBool "allow_privilege_escalation";
        "cpu-limit" ["CPU_LIMIT"] Text "cpu_limit" "CPU that a job may use";
        "cpu-limit-overwrite-max-allowed" ["CPU_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "cpu_limit_overwrite_max_allowed";
        "cpu-request" ["CPU_REQUEST"] Text "cpu_request" "CPU that a job asks for, such as 500m";
        "cpu-request-overwrite-max-allowed" ["CPU_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "cpu_request_overwrite_max_allowed";
        "memory-limit" ["MEMORY_LIMIT"] Text "memory_limit" "memory that a job may use";
        "memory-limit-overwrite-max-allowed" ["MEMORY_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "memory_limit_overwrite_max_allowed";
        "memory-request" ["MEMORY_REQUEST"] Text "memory_request" "memory that a job asks for, such as 1Gi";
        "memory-request-overwrite-max-allowed" ["MEMORY_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "memory_request_overwrite_max_allowed";
        "ephemeral-storage-limit" ["EPHEMERAL_STORAGE_LIMIT"] Text "ephemeral_storage_limit";
        "ephemeral-storage-limit-overwrite-max-allowed" ["EPHEMERAL_STORAGE_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "ephemeral_storage_limit_overwrite_max_allowed";
        "ephemeral-storage-request" ["EPHEMERAL_STORAGE_REQUEST"] Text "ephemeral_storage_request";
        "ephemeral-storage-request-overwrite-max-allowed" ["EPHEMERAL_STORAGE_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "ephemeral_storage_request_overwrite_max_allowed";
        "service-cpu-limit" ["SERVICE_CPU_LIMIT"] Text "service_cpu_limit";
        "service-cpu-limit-overwrite-max-allowed" ["SERVICE_CPU_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "service_cpu_limit_overwrite_max_allowed";
        "service-cpu-request" ["SERVICE_CPU_REQUEST"] Text "service_cpu_request";
        "service-cpu-request-overwrite-max-allowed" ["SERVICE_CPU_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "service_cpu_request_overwrite_max_allowed";
        "service-memory-limit" ["SERVICE_MEMORY_LIMIT"] Text "service_memory_limit";
        "service-memory-limit-overwrite-max-allowed" ["SERVICE_MEMORY_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "service_memory_limit_overwrite_max_allowed";
        "service-memory-request" ["SERVICE_MEMORY_REQUEST"] Text "service_memory_request";
        "service-memory-request-overwrite-max-allowed" ["SERVICE_MEMORY_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "service_memory_request_overwrite_max_allowed";
        "service-ephemeral_storage-limit" ["SERVICE_EPHEMERAL_STORAGE_LIMIT"] Text "service_ephemeral_storage_limit";
        "service-ephemeral_storage-limit-overwrite-max-allowed" ["SERVICE_EPHEMERAL_STORAGE_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "service_ephemeral_storage_limit_overwrite_max_allowed";
        "service-ephemeral_storage-request" ["SERVICE_EPHEMERAL_STORAGE_REQUEST"] Text "service_ephemeral_storage_request";
        "service-ephemeral_storage-request-overwrite-max-allowed" ["SERVICE_EPHEMERAL_STORAGE_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "service_ephemeral_storage_request_overwrite_max_allowed";
        "helper-cpu-limit" ["HELPER_CPU_LIMIT"] Text "helper_cpu_limit";
        "helper-cpu-limit-overwrite-max-allowed" ["HELPER_CPU_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "helper_cpu_limit_overwrite_max_allowed";
        "helper-cpu-request" ["HELPER_CPU_REQUEST"] Text "helper_cpu_request";
        "helper-cpu-request-overwrite-max-allowed" ["HELPER_CPU_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "helper_cpu_request_overwrite_max_allowed";
        "helper-memory-limit" ["HELPER_MEMORY_LIMIT"] Text "helper_memory_limit";
        "helper-memory-limit-overwrite-max-allowed" ["HELPER_MEMORY_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "helper_memory_limit_overwrite_max_allowed";
        "helper-memory-request" ["HELPER_MEMORY_REQUEST"] Text "helper_memory_request";
        "helper-memory-request-overwrite-max-allowed" ["HELPER_MEMORY_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "helper_memory_request_overwrite_max_allowed";
        "helper-ephemeral_storage-limit" ["HELPER_EPHEMERAL_STORAGE_LIMIT"] Text "helper_ephemeral_storage_limit";
        "helper-ephemeral_storage-limit-overwrite-max-allowed" ["HELPER_EPHEMERAL_STORAGE_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "helper_ephemeral_storage_limit_overwrite_max_allowed";
        "helper-ephemeral_storage-request" ["HELPER_EPHEMERAL_STORAGE_REQUEST"] Text "helper_ephemeral_storage_request";
        "helper-ephemeral_storage-request-overwrite-max-allowed" ["HELPER_EPHEMERAL_STORAGE_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "helper_ephemeral_storage_request_overwrite_max_allowed";
        "pod-cpu-limit" ["POD_CPU_LIMIT"] Text "pod_cpu_limit";
        "pod-cpu-limit-overwrite-max-allowed" ["POD_CPU_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "pod_cpu_limit_overwrite_max_allowed";
        "pod-cpu-request" ["POD_CPU_REQUEST"] Text "pod_cpu_request";
        "pod-cpu-request-overwrite-max-allowed" ["POD_CPU_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "pod_cpu_request_overwrite_max_allowed";
        "pod-memory-limit" ["POD_MEMORY_LIMIT"] Text "pod_memory_limit";
        "pod-memory-limit-overwrite-max-allowed" ["POD_MEMORY_LIMIT_OVERWRITE_MAX_ALLOWED"] Text "pod_memory_limit_overwrite_max_allowed";
        "pod-memory-request" ["POD_MEMORY_REQUEST"] Text "pod_memory_request";
        "pod-memory-request-overwrite-max-allowed" ["POD_MEMORY_REQUEST_OVERWRITE_MAX_ALLOWED"] Text "pod_memory_request_overwrite_max_allowed";
        "allowed-images" ["ALLOWED_IMAGES"] List "allowed_images";
        "allowed-pull-policies" ["ALLOWED_PULL_POLICIES"] List "allowed_pull_policies";
        "allowed-services" ["ALLOWED_SERVICES"] List "allowed_services";
        "allowed-users" ["ALLOWED_USERS"] List "allowed_users";
        "allowed-groups" ["ALLOWED_GROUPS"] List "allowed_groups";
        "pull-policy" ["PULL_POLICY"] CommaList "pull_policy" "always, if-not-present, never; several with commas";
        "node-selector" ["NODE_SELECTOR"] TextMap "node_selector" "label:value of the nodes for job pods; repeat for more";
        "node_selector_overwrite_allowed" ["NODE_SELECTOR_OVERWRITE_ALLOWED"] Text "node_selector_overwrite_allowed";
        "node-tolerations" ["NODE_TOLERATIONS"] TextMap "node_tolerations";
        "node_tolerations_overwrite_allowed" ["NODE_TOLERATIONS_OVERWRITE_ALLOWED"] Text "node_tolerations_overwrite_allowed";
        "image-pull-secrets" ["IMAGE_PULL_SECRETS"] List "image_pull_secrets";
        "use-service-account-image-pull-secrets" ["USE_SERVICE_ACCOUNT_IMAGE_PULL_SECRETS"] Bool "use_service_account_image_pull_secrets";
        "helper-image" ["HELPER_IMAGE"] Text "helper_image";
        "helper-image-flavor" ["HELPER_IMAGE_FLAVOR"] Text "helper_image_flavor";
        "helper-image-autoset-arch-and-os" ["HELPER_IMAGE_AUTOSET_ARCH_AND_OS"] Bool "helper_image_autoset_arch_and_os";
        "pod_termination_grace_period_seconds" ["POD_TERMINATION_GRACE_PERIOD_SECONDS"] Integer "pod_termination_grace_period_seconds";
        "cleanup_grace_period_seconds" ["CLEANUP_GRACE_PERIOD_SECONDS"] Integer "cleanup_grace_period_seconds";
        "cleanup_resources_timeout" ["CLEANUP_RESOURCES_TIMEOUT"] GoDuration "cleanup_resources_timeout";
        "poll-interval" ["POLL_INTERVAL"] Integer "poll_interval";
        "poll-timeout" ["POLL_TIMEOUT"] Integer "poll_timeout";
        "resource-availability-check-max-attempts" ["RESOURCE_AVAILABILITY_CHECK_MAX_ATTEMPTS"] Integer "resource_availability_check_max_attempts";
        "retry-limit" ["REQUEST_RETRY_LIMIT"] Integer "retry_limit";
        "retry-backoff-max" ["REQUEST_RETRY_BACKOFF_MAX"] Integer "retry_backoff_max";
        "retry-limits" ["RETRY_LIMITS"] IntegerMap "retry_limits";
        "pod-labels" [] TextMap "pod_labels";
        "pod_labels_overwrite_allowed" ["POD_LABELS_OVERWRITE_ALLOWED"] Text "pod_labels_overwrite_allowed";
        "scheduler-name" ["SCHEDULER_NAME"] Text "scheduler_name";
        "service-account" ["SERVICE_ACCOUNT"] Text "service_account" "service account of the job pods";
        "service_account_overwrite_allowed" ["SERVICE_ACCOUNT_OVERWRITE_ALLOWED"] Text "service_account_overwrite_allowed";
        "automount-service-account-token" ["AUTOMOUNT_SERVICE_ACCOUNT_TOKEN"] NullableBool "automount_service_account_token";
        "pod-annotations" [] TextMap "pod_annotations";
        "pod_annotations_overwrite_allowed" ["POD_ANNOTATIONS_OVERWRITE_ALLOWED"] Text "pod_annotations_overwrite_allowed";
        "host_aliases" [] HostAliases "host_aliases" "JSON list such as [{\"ip\":\"10.0.0.1\",\"hostnames\":[\"a\"]}]";
        "cap-add" ["CAP_ADD"] List "cap_add";
        "cap-drop" ["CAP_DROP"] List "cap_drop";
        "suspend-pvc-size" ["SUSPEND_PVC_SIZE"] Text "suspend_pvc_size";
        "suspend-pvc-storage-class" ["SUSPEND_PVC_STORAGE_CLASS"] Text "suspend_pvc_storage_class";
        "dns-policy" ["DNS_POLICY"] Text "dns_policy";
        "priority_class_name" ["PRIORITY_CLASS_NAME"] Text "priority_class_name";
        "logs-base-dir" ["LOGS_BASE_DIR"] Text "logs_base_dir";
        "scripts-base-dir" ["SCRIPTS_BASE_DIR"] Text "scripts_base_dir";
        "print-pod-warning-events" ["PRINT_POD_WARNING_EVENTS"] NullableBool "print_pod_warning_events";
        "pod-disruption-budget" ["POD_DISRUPTION_BUDGET"] NullableBool "pod_disruption_budget";
    }
};

/// The one whose variable is named after kubectl.
pub(super) const CONTEXT: &[Flag] = entry_flags! {
    "" "" "" {
        "kubernetes-context" ["KUBECTL_CONTEXT"] Text "kubernetes.context";
    }
};

/// `[runners.kubernetes.pod_security_context]`
pub(super) const POD_SECURITY: &[Flag] = entry_flags! {
    "kubernetes-pod-security-context-" "KUBERNETES_POD_SECURITY_CONTEXT_" "kubernetes.pod_security_context." {
        "fs-group" ["FS_GROUP"] Integer "fs_group";
        "run-as-group" ["RUN_AS_GROUP"] Integer "run_as_group";
        "run-as-non-root" ["RUN_AS_NON_ROOT"] NullableBool "run_as_non_root";
        "run-as-user" ["RUN_AS_USER"] Integer "run_as_user";
        "supplemental-groups" [] IntegerList "supplemental_groups";
        "selinux-type" [] Text "selinux_type";
        "seccomp_profile-type" ["SECCOMP_PROFILE_TYPE"] Text "seccomp_profile.type";
        "seccomp_profile-localhost-profile" ["SECCOMP_PROFILE_LOCALHOST_PROFILE"] Text "seccomp_profile.localhost_profile";
        "app_armor_profile-type" ["APP_ARMOR_PROFILE_TYPE"] Text "app_armor_profile.type";
        "app_armor_profile-localhost-profile" ["APP_ARMOR_PROFILE_LOCALHOST_PROFILE"] Text "app_armor_profile.localhost_profile";
    }
};

/// The flags that all four container security contexts have.
macro_rules! container_security {
    ($flag:literal $variable:literal $path:literal) => {
        entry_flags! {
            $flag $variable $path {
                "capabilities-add" ["CAPABILITIES_ADD"] List "capabilities.add";
                "capabilities-drop" ["CAPABILITIES_DROP"] List "capabilities.drop";
                "privileged" ["PRIVILEGED"] NullableBool "privileged";
                "run-as-user" ["RUN_AS_USER"] Integer "run_as_user";
                "run-as-group" ["RUN_AS_GROUP"] Integer "run_as_group";
                "run-as-non-root" ["RUN_AS_NON_ROOT"] NullableBool "run_as_non_root";
                "read-only-root-filesystem" ["READ_ONLY_ROOT_FILESYSTEM"] NullableBool "read_only_root_filesystem";
                "allow-privilege-escalation" ["ALLOW_PRIVILEGE_ESCALATION"] NullableBool "allow_privilege_escalation";
                "selinux-type" [] Text "selinux_type";
                "proc-mount" ["PROC_MOUNT"] Text "proc_mount";
                "seccomp_profile-type" ["SECCOMP_PROFILE_TYPE"] Text "seccomp_profile.type";
                "seccomp_profile-localhost-profile" ["SECCOMP_PROFILE_LOCALHOST_PROFILE"] Text "seccomp_profile.localhost_profile";
                "app_armor_profile-type" ["APP_ARMOR_PROFILE_TYPE"] Text "app_armor_profile.type";
                "app_armor_profile-localhost-profile" ["APP_ARMOR_PROFILE_LOCALHOST_PROFILE"] Text "app_armor_profile.localhost_profile";
            }
        }
    };
}

/// `[runners.kubernetes.init_permissions_container_security_context]`
pub(super) const INIT_PERMISSIONS_SECURITY: &[Flag] = container_security! {
    "kubernetes-init_permissions_container_security_context-" "KUBERNETES_INIT_PERMISSIONS_CONTAINER_SECURITY_CONTEXT_" "kubernetes.init_permissions_container_security_context."
};

/// `[runners.kubernetes.build_container_security_context]`
pub(super) const BUILD_SECURITY: &[Flag] = container_security! {
    "kubernetes-build_container_security_context-" "KUBERNETES_BUILD_CONTAINER_SECURITY_CONTEXT_" "kubernetes.build_container_security_context."
};

/// `[runners.kubernetes.helper_container_security_context]`
pub(super) const HELPER_SECURITY: &[Flag] = container_security! {
    "kubernetes-helper_container_security_context-" "KUBERNETES_HELPER_CONTAINER_SECURITY_CONTEXT_" "kubernetes.helper_container_security_context."
};

/// `[runners.kubernetes.service_container_security_context]`
pub(super) const SERVICE_SECURITY: &[Flag] = container_security! {
    "kubernetes-service_container_security_context-" "KUBERNETES_SERVICE_CONTAINER_SECURITY_CONTEXT_" "kubernetes.service_container_security_context."
};
