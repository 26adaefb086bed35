//! Fields of the runner entry itself and of its small tables.

use super::autoscaler::AUTOSCALER;
use super::docker::{DOCKER, MACHINE};
use super::kubernetes::KUBERNETES;
use super::{Emit, Field, Shape};

const EXPERIMENTAL_BOOT_VERIFY: &[Field] = fields! {
    "enabled" Bool IfNotZero;
    "timeout" Duration Always;
    "acquire_min_backoff" Duration Always;
    "acquire_max_backoff" Duration Always;
};

const EXPERIMENTAL: &[Field] = fields! {
    "boot_verify" Table(EXPERIMENTAL_BOOT_VERIFY) IfNotZero;
};

const CUSTOM_BUILD_DIR: &[Field] = fields! {
    "enabled" Bool IfGiven;
};

const REFEREES_METRICS: &[Field] = fields! {
    "prometheus_address" Text IfNotZero;
    "query_interval" Integer Always;
    "queries" Texts IfNotZero;
};

const REFEREES: &[Field] = fields! {
    "metrics" Table(REFEREES_METRICS) IfNotZero;
};

const CACHE_S3: &[Field] = fields! {
    "ServerAddress" Text IfNotZero;
    "AccessKey" Text IfNotZero;
    "SecretKey" Text IfNotZero;
    "SessionToken" Text IfNotZero;
    "BucketName" Text IfNotZero;
    "BucketLocation" Text IfNotZero;
    "Insecure" Bool IfNotZero;
    "AuthenticationType" Text IfNotZero;
    "ServerSideEncryption" Text IfNotZero;
    "ServerSideEncryptionKeyID" Text IfNotZero;
    "DualStack" Bool IfGiven;
    "PathStyle" Bool IfGiven;
    "Accelerate" Bool IfNotZero;
    "RoleARN" Text IfNotZero;
    "UploadRoleARN" Text IfNotZero;
    "AssumeRoleMaxConcurrency" Integer Always;
    "DisableAssumeRoleCredentialsCaching" Bool IfNotZero;
};

const CACHE_GCS: &[Field] = fields! {
    "AccessID" Text IfNotZero;
    "PrivateKey" Text IfNotZero;
    "CredentialsFile" Text IfNotZero;
    "BucketName" Text IfNotZero;
    "UniverseDomain" Text IfNotZero;
};

const CACHE_AZURE: &[Field] = fields! {
    "AccountName" Text IfNotZero;
    "AccountKey" Text IfNotZero;
    "ContainerName" Text IfNotZero;
    "StorageDomain" Text IfNotZero;
};

const CACHE: &[Field] = fields! {
    "Type" Text IfNotZero;
    "Path" Text IfNotZero;
    "Shared" Bool IfNotZero;
    "MaxUploadedArchiveSize" Integer Always;
    "s3" Table(CACHE_S3) IfNotZero;
    "gcs" Table(CACHE_GCS) IfNotZero;
    "azure" Table(CACHE_AZURE) IfNotZero;
};

const ARTIFACT: &[Field] = fields! {
    "upload_timeout" Duration IfGiven;
    "response_header_timeout" Duration IfGiven;
};

const JOB_QUEUING_DURATION: &[Field] = fields! {
    "periods" Texts Always;
    "timezone" Text Always;
    "threshold" Duration Always;
    "jobs_running_for_project" Text IfNotZero;
};

const MONITORING: &[Field] = fields! {
    "job_queuing_durations" Tables(JOB_QUEUING_DURATION) IfNotZero;
};

const INSTANCE: &[Field] = fields! {
    "allowed_images" Texts IfNotZero;
    "use_common_build_dir" Bool IfNotZero;
};

const SSH: &[Field] = fields! {
    "user" Text IfNotZero;
    "password" Text IfNotZero;
    "host" Text IfNotZero;
    "port" Text IfNotZero;
    "identity_file" Text IfNotZero;
    "disable_strict_host_key_checking" Bool IfGiven;
    "known_hosts_file" Text IfNotZero;
};

const PARALLELS: &[Field] = fields! {
    "base_name" Text Always;
    "template_name" Text IfNotZero;
    "disable_snapshots" Bool Always;
    "time_server" Text IfNotZero;
    "allowed_images" Texts IfNotZero;
};

const VIRTUALBOX: &[Field] = fields! {
    "base_name" Text Always;
    "base_snapshot" Text IfNotZero;
    "base_folder" Text Always;
    "disable_snapshots" Bool Always;
    "allowed_images" Texts IfNotZero;
    "start_type" Text Always;
};

const CUSTOM: &[Field] = fields! {
    "config_exec" Text IfNotZero;
    "config_args" Texts IfNotZero;
    "config_exec_timeout" Integer IfGiven;
    "prepare_exec" Text IfNotZero;
    "prepare_args" Texts IfNotZero;
    "prepare_exec_timeout" Integer IfGiven;
    "run_exec" Text Always;
    "run_args" Texts IfNotZero;
    "cleanup_exec" Text IfNotZero;
    "cleanup_args" Texts IfNotZero;
    "cleanup_exec_timeout" Integer IfGiven;
    "graceful_kill_timeout" Integer IfGiven;
    "force_kill_timeout" Integer IfGiven;
};

pub(super) const RUNNER: &[Field] = fields! {
    "name" Text Always;
    "limit" Integer IfNotZero;
    "output_limit" Integer IfNotZero;
    "request_concurrency" Integer IfNotZero;
    "strict_check_interval" Bool IfGiven;
    "unhealthy_requests_limit" Integer IfNotZero;
    "unhealthy_interval" Duration IfNotZero;
    "job_status_final_update_retry_limit" Integer IfNotZero;
    "experimental" Table(EXPERIMENTAL) IfNotZero;
    "url" Text Always;
    "id" Integer Always;
    "token" Text Always;
    "token_obtained_at" Time Always;
    "token_expires_at" Time Always;
    "tls-ca-file" Text IfNotZero;
    "tls-cert-file" Text IfNotZero;
    "tls-key-file" Text IfNotZero;
    "labels" TextMap IfNotZero;
    "executor" Text Always;
    "builds_dir" Text IfNotZero;
    "cache_dir" Text IfNotZero;
    "clone_url" Text IfNotZero;
    "environment" Texts IfNotZero;
    "proxy_exec" Bool IfGiven;
    "pre_get_sources_script" Text IfNotZero;
    "post_get_sources_script" Text IfNotZero;
    "pre_build_script" Text IfNotZero;
    "post_build_script" Text IfNotZero;
    "prepare_timeout" Duration IfGiven;
    "get_sources_timeout" Duration IfGiven;
    "debug_trace_disabled" Bool IfNotZero;
    "safe_directory_checkout" Bool IfGiven;
    "clean_git_config" Bool IfGiven;
    "shell" Text IfNotZero;
    "custom_build_dir" Table(CUSTOM_BUILD_DIR) IfNotZero;
    "referees" Table(REFEREES) IfNotZero;
    "cache" Table(CACHE) IfNotZero;
    "artifact" Table(ARTIFACT) IfNotZero;
    "feature_flags" BoolMap IfNotZero;
    "monitoring" Table(MONITORING) IfNotZero;
    "use_slot_cgroups" Bool IfNotZero;
    "slot_cgroup_template" Text IfNotZero;
    "instance" Table(INSTANCE) IfNotZero;
    "ssh" Table(SSH) IfNotZero;
    "docker" Table(DOCKER) IfNotZero;
    "parallels" Table(PARALLELS) IfNotZero;
    "virtualbox" Table(VIRTUALBOX) IfNotZero;
    "machine" Table(MACHINE) IfNotZero;
    "kubernetes" Table(KUBERNETES) IfNotZero;
    "custom" Table(CUSTOM) IfNotZero;
    "autoscaler" Table(AUTOSCALER) IfNotZero;
    "step_runner_image" Text IfNotZero;
};
