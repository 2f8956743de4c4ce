//! A bucket gets back what the pipeline gave it: encryption, public access
//! block and policy, as the baseline has them.
//!
//! The baseline is the provider's word to this function: one parameter for
//! each bucket of the pipeline, `<TAP_BASELINE>/<bucket>`, JSON with
//! `BucketEncryption`, `PublicAccessBlockConfiguration` and `PolicyDocument`
//! as CloudFormation spells them. A bucket without one is not the pipeline's
//! to mend, whatever its tags say.

use super::step::Step;
use super::{PIPELINE_TAG, Treatment};
use crate::error::Failure;
use crate::operation::Call;
use crate::settings::RemediationScope;
use aws_sdk_s3::types::{
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Baseline {
    bucket_encryption: Value,
    public_access_block_configuration: Value,
    policy_document: Value,
}

const FLAGS: [&str; 4] = [
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
];

pub async fn treatment(call: &Call<'_>, bucket: &str) -> Result<Treatment, Failure> {
    let mut treatment = Treatment {
        target: bucket.to_owned(),
        ours: false,
        stranger: true,
        steps: Vec::new(),
        impossible: None,
    };
    // The baseline first: of a stranger's bucket this function may not even
    // be allowed to read the tags.
    let baseline = baseline(call, bucket).await?;
    treatment.stranger = baseline.is_none();
    if treatment.stranger && call.settings.remediation_scope == RemediationScope::Pipeline {
        treatment.impossible = Some("there is no baseline for it".to_owned());
        return Ok(treatment);
    }
    let Some(ours) = is_ours(call, bucket).await? else {
        treatment.impossible = Some("the bucket is gone".to_owned());
        return Ok(treatment);
    };
    treatment.ours = ours;
    let Some(baseline) = baseline else {
        treatment.stranger = !ours;
        treatment.impossible = Some("there is no baseline for it".to_owned());
        treatment.steps.extend(close(call, bucket).await?);
        return Ok(treatment);
    };
    if !ours {
        // Whoever may take the tag off would else get rid of us by it.
        treatment.impossible = Some(format!(
            "it is the pipeline's by its baseline, but its tag {PIPELINE_TAG} is gone or another's; put it back"
        ));
    }
    let bucket = || bucket.to_owned();
    let wanted = normal_encryption(&baseline.bucket_encryption);
    let before = encryption(call, &bucket()).await?;
    if before != wanted {
        treatment.steps.push(Step::PutEncryption {
            bucket: bucket(),
            wanted,
            before,
        });
    }
    let wanted = baseline.public_access_block_configuration;
    let before = public_access_block(call, &bucket()).await?;
    if before != wanted {
        treatment.steps.push(Step::PutPublicAccessBlock {
            bucket: bucket(),
            wanted,
            before,
        });
    }
    let wanted = baseline.policy_document;
    let before = policy(call, &bucket()).await?;
    if before != wanted {
        treatment.steps.push(Step::PutPolicy {
            bucket: bucket(),
            wanted,
            before,
        });
    }
    Ok(treatment)
}

/// What is right for a stranger's bucket too: nobody from outside.
async fn close(call: &Call<'_>, bucket: &str) -> Result<Option<Step>, Failure> {
    let wanted: Value = FLAGS
        .map(|flag| (flag.to_owned(), json!(true)))
        .into_iter()
        .collect::<serde_json::Map<_, _>>()
        .into();
    let before = public_access_block(call, bucket).await?;
    Ok((before != wanted).then(|| Step::PutPublicAccessBlock {
        bucket: bucket.to_owned(),
        wanted,
        before,
    }))
}

/// `None` when there is no such bucket.
async fn is_ours(call: &Call<'_>, bucket: &str) -> Result<Option<bool>, Failure> {
    let answer = call
        .clients
        .s3()
        .get_bucket_tagging()
        .bucket(bucket)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(Some(answer.tag_set().iter().any(|tag| {
            tag.key() == PIPELINE_TAG && tag.value() == call.settings.pipeline
        }))),
        Err(error) => {
            let failure = Failure::aws("s3:GetBucketTagging", bucket, error);
            match failure.code() {
                Some("NoSuchTagSet") => Ok(Some(false)),
                Some("NoSuchBucket") => Ok(None),
                _ => Err(failure),
            }
        }
    }
}

async fn baseline(call: &Call<'_>, bucket: &str) -> Result<Option<Baseline>, Failure> {
    let name = format!("{}/{bucket}", call.settings.need("TAP_BASELINE")?);
    let answer = call.clients.ssm().get_parameter().name(&name).send().await;
    let parameter = match answer {
        Ok(answer) => answer.parameter,
        Err(error) => {
            let failure = Failure::aws("ssm:GetParameter", &name, error);
            return match failure.code() {
                Some("ParameterNotFound") => Ok(None),
                _ => Err(failure),
            };
        }
    };
    let value = parameter
        .and_then(|parameter| parameter.value)
        .unwrap_or_default();
    let baseline = serde_json::from_str(&value).map_err(|error| Failure::Integrity {
        operation: "ssm:GetParameter",
        resource: name,
        problem: format!("it holds no baseline: {error}"),
    })?;
    Ok(Some(baseline))
}

/// What S3 says when a configuration is not there
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
fn none_as_null(failure: Failure) -> Result<Value, Failure> {
    match failure.code() {
        Some(
            "ServerSideEncryptionConfigurationNotFoundError"
            | "NoSuchPublicAccessBlockConfiguration"
            | "NoSuchBucketPolicy",
        ) => Ok(Value::Null),
        _ => Err(failure),
    }
}

/// CloudFormation's `BucketEncryption`, reduced to its first rule: S3 has one.
fn normal_encryption(encryption: &Value) -> Value {
    let rule = &encryption["ServerSideEncryptionConfiguration"][0];
    let default = &rule["ServerSideEncryptionByDefault"];
    json!({
        "SSEAlgorithm": default["SSEAlgorithm"],
        "KMSMasterKeyID": default["KMSMasterKeyID"],
        "BucketKeyEnabled": rule["BucketKeyEnabled"].as_bool().unwrap_or(false),
    })
}

async fn encryption(call: &Call<'_>, bucket: &str) -> Result<Value, Failure> {
    let answer = call
        .clients
        .s3()
        .get_bucket_encryption()
        .bucket(bucket)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            return none_as_null(Failure::aws("s3:GetEncryptionConfiguration", bucket, error));
        }
    };
    let rule = answer
        .server_side_encryption_configuration
        .and_then(|configuration| configuration.rules.into_iter().next());
    let Some(rule) = rule else {
        return Ok(Value::Null);
    };
    let default = rule.apply_server_side_encryption_by_default();
    Ok(json!({
        "SSEAlgorithm": default.map(|default| default.sse_algorithm().as_str()),
        "KMSMasterKeyID": default.and_then(|default| default.kms_master_key_id()),
        "BucketKeyEnabled": rule.bucket_key_enabled().unwrap_or(false),
    }))
}

pub async fn put_encryption(call: &Call<'_>, bucket: &str, wanted: &Value) -> Result<(), Failure> {
    let fail = |cause: String| Failure::Local {
        operation: "composing an encryption rule",
        cause,
    };
    let algorithm = wanted["SSEAlgorithm"].as_str().unwrap_or_default();
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(algorithm))
        .set_kms_master_key_id(wanted["KMSMasterKeyID"].as_str().map(str::to_owned))
        .build()
        .map_err(|error| fail(error.to_string()))?;
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(wanted["BucketKeyEnabled"].as_bool().unwrap_or(false))
        .build();
    let configuration = ServerSideEncryptionConfiguration::builder()
        .rules(rule)
        .build()
        .map_err(|error| fail(error.to_string()))?;
    call.clients
        .s3()
        .put_bucket_encryption()
        .bucket(bucket)
        .server_side_encryption_configuration(configuration)
        .send()
        .await
        .map_err(|error| Failure::aws("s3:PutEncryptionConfiguration", bucket, error))?;
    Ok(())
}

async fn public_access_block(call: &Call<'_>, bucket: &str) -> Result<Value, Failure> {
    let answer = call
        .clients
        .s3()
        .get_public_access_block()
        .bucket(bucket)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            return none_as_null(Failure::aws("s3:GetBucketPublicAccessBlock", bucket, error));
        }
    };
    let Some(block) = answer.public_access_block_configuration else {
        return Ok(Value::Null);
    };
    let flags = [
        block.block_public_acls(),
        block.block_public_policy(),
        block.ignore_public_acls(),
        block.restrict_public_buckets(),
    ];
    let flags = FLAGS.iter().zip(flags);
    Ok(flags
        .map(|(name, flag)| ((*name).to_owned(), json!(flag.unwrap_or(false))))
        .collect::<serde_json::Map<_, _>>()
        .into())
}

pub async fn put_public_access_block(
    call: &Call<'_>,
    bucket: &str,
    wanted: &Value,
) -> Result<(), Failure> {
    let [acls, policy, ignore, restrict] = FLAGS.map(|flag| wanted[flag].as_bool().unwrap_or(true));
    let configuration = PublicAccessBlockConfiguration::builder()
        .block_public_acls(acls)
        .block_public_policy(policy)
        .ignore_public_acls(ignore)
        .restrict_public_buckets(restrict)
        .build();
    call.clients
        .s3()
        .put_public_access_block()
        .bucket(bucket)
        .public_access_block_configuration(configuration)
        .send()
        .await
        .map_err(|error| Failure::aws("s3:PutBucketPublicAccessBlock", bucket, error))?;
    Ok(())
}

async fn policy(call: &Call<'_>, bucket: &str) -> Result<Value, Failure> {
    let answer = call
        .clients
        .s3()
        .get_bucket_policy()
        .bucket(bucket)
        .send()
        .await;
    match answer {
        // What is no JSON is no policy of ours either.
        Ok(answer) => {
            Ok(serde_json::from_str(answer.policy().unwrap_or_default()).unwrap_or_default())
        }
        Err(error) => none_as_null(Failure::aws("s3:GetBucketPolicy", bucket, error)),
    }
}

pub async fn put_policy(call: &Call<'_>, bucket: &str, wanted: &Value) -> Result<(), Failure> {
    call.clients
        .s3()
        .put_bucket_policy()
        .bucket(bucket)
        .policy(wanted.to_string())
        .send()
        .await
        .map_err(|error| Failure::aws("s3:PutBucketPolicy", bucket, error))?;
    Ok(())
}
