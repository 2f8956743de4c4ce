//! The buckets and the audit table.

use super::syntax::valid_bucket;
use crate::blueprint::spec::{AccessLogEncryption, Audit, Storage};
use crate::pipeline::state::{AuditBlock, StorageBlock};
use crate::pipeline::values::{Place, Reader};
use tf_provider::value::Value;

pub(super) fn storage(r: &mut Reader, block: &Value<StorageBlock>) -> Storage {
    let place = Place::root().at("storage");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Storage::default();
    let glacier = r.days(
        &place.at("noncurrent_glacier_after_days"),
        block.map(|b| &b.noncurrent_glacier_after_days),
        default.noncurrent_glacier_after_days,
        1..=3650,
    );
    let expire = r.days(
        &place.at("noncurrent_expire_after_days"),
        block.map(|b| &b.noncurrent_expire_after_days),
        default.noncurrent_expire_after_days,
        1..=3650,
    );
    let known = block.is_none_or(|b| {
        !b.noncurrent_glacier_after_days.is_unknown()
            && !b.noncurrent_expire_after_days.is_unknown()
    });
    if expire <= glacier && known {
        r.problem(
            &place.at("noncurrent_expire_after_days"),
            "Old versions would expire before they move to Glacier",
            format!(
                "noncurrent_expire_after_days is {expire} and noncurrent_glacier_after_days is {glacier}; S3 refuses such a rule. \
                 Write a number greater than {glacier}."
            ),
        );
    }
    Storage {
        noncurrent_glacier_after_days: glacier,
        noncurrent_expire_after_days: expire,
        access_log_retention_days: r.days(
            &place.at("access_log_retention_days"),
            block.map(|b| &b.access_log_retention_days),
            default.access_log_retention_days,
            1..=3650,
        ),
        abort_incomplete_uploads_after_days: r.days(
            &place.at("abort_incomplete_uploads_after_days"),
            block.map(|b| &b.abort_incomplete_uploads_after_days),
            default.abort_incomplete_uploads_after_days,
            1..=365,
        ),
        force_destroy: r.flag(block.map(|b| &b.force_destroy), default.force_destroy),
        access_log_encryption: r
            .choice(
                &place.at("access_log_encryption"),
                block.map(|b| &b.access_log_encryption),
                default.access_log_encryption.as_str(),
                AccessLogEncryption::ALL.as_slice(),
            )
            .and_then(|text| AccessLogEncryption::parse(&text))
            .unwrap_or_default(),
        log_bucket_name: {
            let place = place.at("log_bucket_name");
            let name = r.text(
                &place,
                block.map(|b| &b.log_bucket_name),
                ["probe-a", "probe-b"],
            );
            if let Some(name) = &name {
                r.check(&place, name, valid_bucket(name), "is not a bucket name",
                    "Write the name of an existing bucket (not its ARN): 3 to 63 lower-case letters, digits, dots and hyphens.");
            }
            name
        },
    }
}

pub(super) fn audit(r: &mut Reader, block: &Value<AuditBlock>) -> Audit {
    let place = Place::root().at("audit");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Audit::default();
    Audit {
        point_in_time_recovery: r.flag(
            block.map(|b| &b.point_in_time_recovery),
            default.point_in_time_recovery,
        ),
        recovery_period_days: r.days(
            &place.at("recovery_period_days"),
            block.map(|b| &b.recovery_period_days),
            default.recovery_period_days,
            1..=35,
        ),
    }
}
