//! Flags of the Docker executors: `[runners.docker]` and `[runners.machine]`.

use super::{Flag, Kind, Place};

/// `[runners.docker]`
pub(super) const DOCKER: &[Flag] = entry_flags! {
    "docker-" "DOCKER_" "docker." {
        "host" ["HOST"] Text "host" "address of the Docker daemon";
        "cert-path" ["CERT_PATH"] Text "tls_cert_path" "directory with the certificates for the Docker daemon";
        "tlsverify" ["TLS_VERIFY"] Bool "tls_verify" "use TLS towards the Docker daemon";
        "hostname" ["HOSTNAME"] Text "hostname";
        "image" ["IMAGE"] Text "image" "image of jobs that name none";
        "runtime" ["RUNTIME"] Text "runtime";
        "memory" ["MEMORY"] Text "memory";
        "memory-swap" ["MEMORY_SWAP"] Text "memory_swap";
        "memory-reservation" ["MEMORY_RESERVATION"] Text "memory_reservation";
        "cgroup-parent" ["CGROUP_PARENT"] Text "cgroup_parent";
        "cpuset-cpus" ["CPUSET_CPUS"] Text "cpuset_cpus";
        "cpuset-mems" ["CPUSET_MEMS"] Text "cpuset_mems";
        "cpus" ["CPUS"] Text "cpus";
        "cpu-shares" ["CPU_SHARES"] Integer "cpu_shares";
        "dns" ["DNS"] List "dns";
        "dns-search" ["DNS_SEARCH"] List "dns_search";
        "privileged" ["PRIVILEGED"] Bool "privileged" "give job containers all privileges";
        "services_privileged" ["SERVICES_PRIVILEGED"] NullableBool "services_privileged";
        "disable-entrypoint-overwrite" ["DISABLE_ENTRYPOINT_OVERWRITE"] Bool "disable_entrypoint_overwrite";
        "user" ["USER"] Text "user";
        "allowed_users" ["ALLOWED_USERS"] List "allowed_users";
        "group-add" ["GROUP_ADD"] List "group_add";
        "userns" ["USERNS_MODE"] Text "userns_mode";
        "cap-add" ["CAP_ADD"] List "cap_add";
        "cap-drop" ["CAP_DROP"] List "cap_drop";
        "oom-kill-disable" ["OOM_KILL_DISABLE"] Bool "oom_kill_disable";
        "oom-score-adjust" ["OOM_SCORE_ADJUST"] Integer "oom_score_adjust";
        "security-opt" ["SECURITY_OPT"] List "security_opt";
        "services-security-opt" ["SERVICES_SECURITY_OPT"] List "services_security_opt";
        "devices" ["DEVICES"] List "devices";
        "device-cgroup-rules" ["DEVICE_CGROUP_RULES"] List "device_cgroup_rules";
        "gpus" ["GPUS"] Text "gpus";
        "services_devices" ["SERVICES_DEVICES"] ListMap "services_devices";
        "disable-cache" ["DISABLE_CACHE"] Bool "disable_cache" "no automatic cache volume";
        "volumes" ["VOLUMES"] List "volumes" "volume to mount, such as /certs/client; repeat for more";
        "volume-keep" ["VOLUME_KEEP"] Bool "volume_keep";
        "volume-driver" ["VOLUME_DRIVER"] Text "volume_driver";
        "volume-driver-ops" ["VOLUME_DRIVER_OPS"] TextMap "volume_driver_ops";
        "cache-dir" ["CACHE_DIR"] Text "cache_dir";
        "extra-hosts" ["EXTRA_HOSTS"] List "extra_hosts";
        "volumes-from" ["VOLUMES_FROM"] List "volumes_from";
        "network-mode" ["NETWORK_MODE"] Text "network_mode" "network of job containers";
        "pid-mode" ["PID_MODE"] Text "pid_mode";
        "ipcmode" ["IPC_MODE"] Text "ipcmode";
        "mac-address" ["MAC_ADDRESS"] Text "mac_address";
        "links" ["LINKS"] List "links";
        "services-limit" ["SERVICES_LIMIT"] Integer "services_limit";
        "service-memory" ["SERVICE_MEMORY"] Text "service_memory";
        "service-memory-swap" ["SERVICE_MEMORY_SWAP"] Text "service_memory_swap";
        "service-memory-reservation" ["SERVICE_MEMORY_RESERVATION"] Text "service_memory_reservation";
        "service-cgroup-parent" ["SERVICE_CGROUP_PARENT"] Text "service_cgroup_parent";
        "service-slot-cgroup-template" ["SERVICE_SLOT_CGROUP_TEMPLATE"] Text "service_slot_cgroup_template";
        "service-cpuset-cpus" ["SERVICE_CPUSET_CPUS"] Text "service_cpuset_cpus";
        "service-cpus" ["SERVICE_CPUS"] Text "service_cpus";
        "service-cpu-shares" ["SERVICE_CPU_SHARES"] Integer "service_cpu_shares";
        "service_gpus" ["SERVICE_GPUS"] Text "service_gpus";
        "wait-for-services-timeout" ["WAIT_FOR_SERVICES_TIMEOUT"] Integer "wait_for_services_timeout";
        "allowed-images" ["ALLOWED_IMAGES"] List "allowed_images" "pattern of images that jobs may name; repeat for more";
        "allowed-privileged-images" ["ALLOWED_PRIVILEGED_IMAGES"] List "allowed_privileged_images";
        "allowed-privileged-services" ["ALLOWED_PRIVILEGED_SERVICES"] List "allowed_privileged_services";
        "allowed-pull-policies" ["ALLOWED_PULL_POLICIES"] List "allowed_pull_policies";
        "allowed-services" ["ALLOWED_SERVICES"] List "allowed_services";
        "pull-policy" ["PULL_POLICY"] CommaList "pull_policy" "always, if-not-present, never; several with commas";
        "isolation" ["ISOLATION"] Text "isolation";
        "shm-size" ["SHM_SIZE"] Integer "shm_size";
        "tmpfs" ["TMPFS"] TextMap "tmpfs";
        "services-tmpfs" ["SERVICES_TMPFS"] TextMap "services_tmpfs";
        "sysctls" ["SYSCTLS"] TextMap "sysctls";
        "helper-image" ["HELPER_IMAGE"] Text "helper_image" "image that clones, caches and uploads";
        "helper-image-flavor" ["HELPER_IMAGE_FLAVOR"] Text "helper_image_flavor";
        "container-labels" [] TextMap "container_labels";
        "enable-ipv6" [] Bool "enable_ipv6";
        "ulimit" ["ULIMIT"] TextMap "ulimit";
        "network-mtu" [] Integer "network_mtu";
        "log-options" ["LOG_OPTIONS"] TextMap "log_options";
    }
};

/// `[runners.machine]`
pub(super) const MACHINE: &[Flag] = entry_flags! {
    "machine-" "MACHINE_" "machine." {
        "max-growth-rate" ["MAX_GROWTH_RATE"] Integer "MaxGrowthRate";
        "idle-nodes" ["IDLE_COUNT"] Integer "IdleCount";
        "idle-scale-factor" ["IDLE_SCALE_FACTOR"] Float "IdleScaleFactor";
        "idle-count-min" ["IDLE_COUNT_MIN"] Integer "IdleCountMin";
        "idle-time" ["IDLE_TIME"] Integer "IdleTime";
        "max-builds" ["MAX_BUILDS"] Integer "MaxBuilds";
        "machine-driver" ["DRIVER"] Text "MachineDriver";
        "machine-name" ["NAME"] Text "MachineName";
        "machine-options" ["OPTIONS"] List "MachineOptions";
        "machine-options-with-name" ["OPTIONS_WITH_NAME"] List "MachineOptionsWithName";
        "max-removal-attempts" ["MAX_REMOVAL_ATTEMPTS"] Integer "MaxRemovalAttempts";
    }
};
