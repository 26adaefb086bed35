//! Flags of the distributed cache, `[runners.cache]`.

use super::{Flag, Kind, Place};

/// `[runners.cache]` itself.
pub(super) const CACHE: &[Flag] = entry_flags! {
    "cache-" "CACHE_" "cache." {
        "type" ["TYPE"] Text "Type" "s3, gcs or azure";
        "path" ["PATH"] Text "Path" "prefix of every object in the bucket";
        "shared" ["SHARED"] Bool "Shared" "let runners share their caches";
        "max_uploaded_archive_size" ["MAXIMUM_UPLOADED_ARCHIVE_SIZE"] Integer "MaxUploadedArchiveSize";
    }
};

/// `[runners.cache.s3]`
pub(super) const S3: &[Flag] = entry_flags! {
    "cache-s3-" "CACHE_S3_" "cache.s3." {
        "server-address" ["SERVER_ADDRESS"] Text "ServerAddress" "host:port of an S3 service";
        "access-key" ["ACCESS_KEY"] Text "AccessKey" "access key of the bucket";
        "secret-key" ["SECRET_KEY"] Text "SecretKey" "secret key of the bucket";
        "session-token" ["SESSION_TOKEN"] Text "SessionToken";
        "bucket-name" ["BUCKET_NAME"] Text "BucketName" "bucket for the caches";
        "bucket-location" ["BUCKET_LOCATION"] Text "BucketLocation";
        "insecure" ["INSECURE"] Bool "Insecure";
        "authentication_type" ["AUTHENTICATION_TYPE"] Text "AuthenticationType";
        "server-side-encryption" ["SERVER_SIDE_ENCRYPTION"] Text "ServerSideEncryption";
        "server-side-encryption-key-id" ["SERVER_SIDE_ENCRYPTION_KEY_ID"] Text "ServerSideEncryptionKeyID";
        "dual-stack" ["DUAL_STACK"] NullableBool "DualStack";
        "path-style" ["PATH_STYLE"] NullableBool "PathStyle";
        "accelerate" ["ACCELERATE"] Bool "Accelerate";
        "role-arn" ["ROLE_ARN"] Text "RoleARN";
        "upload-role-arn" ["UPLOAD_ROLE_ARN"] Text "UploadRoleARN";
        "assume-role-max-concurrency" ["ASSUME_ROLE_MAX_CONCURRENCY"] Integer "AssumeRoleMaxConcurrency";
        "disable-assume-role-credentials-caching" ["DISABLE_ASSUME_ROLE_CREDENTIALS_CACHING"] Bool "DisableAssumeRoleCredentialsCaching";
    }
};

/// `[runners.cache.gcs]`
pub(super) const GCS: &[Flag] = entry_flags! {
    "" "" "" {
        "cache-gcs-access-id" ["CACHE_GCS_ACCESS_ID"] Text "cache.gcs.AccessID";
        "cache-gcs-private-key" ["CACHE_GCS_PRIVATE_KEY"] Text "cache.gcs.PrivateKey";
        "cache-gcs-credentials-file" ["GOOGLE_APPLICATION_CREDENTIALS"] Text "cache.gcs.CredentialsFile";
        "cache-gcs-bucket-name" ["CACHE_GCS_BUCKET_NAME"] Text "cache.gcs.BucketName";
        "cache-gcs-universe-domain" ["CACHE_GCS_UNIVERSE_DOMAIN"] Text "cache.gcs.UniverseDomain";
    }
};

/// `[runners.cache.azure]`
pub(super) const AZURE: &[Flag] = entry_flags! {
    "cache-azure-" "CACHE_AZURE_" "cache.azure." {
        "account-name" ["ACCOUNT_NAME"] Text "AccountName";
        "account-key" ["ACCOUNT_KEY"] Text "AccountKey";
        "container-name" ["CONTAINER_NAME"] Text "ContainerName";
        "storage-domain" ["STORAGE_DOMAIN"] Text "StorageDomain";
    }
};
