//! A form with which a browser or curl uploads a document too large for API
//! Gateway: a POST policy, signed by a role that may do nothing but put under
//! `raw/` (and that carries the addresses uploads may come from).
//!
//! Source: [Authenticating requests: browser-based uploads using POST](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html).

use crate::error::Failure;
use crate::operation::Call;
use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::time::SystemTime;
use time::OffsetDateTime;
use time::macros::format_description;

/// How long a form may be used: the shortest session that STS gives.
const VALID: time::Duration = time::Duration::minutes(15);

/// A form: where it is posted to, and its fields in front of the file.
#[derive(Debug)]
pub struct Form {
    pub url: String,
    pub fields: Map<String, Value>,
    pub expires_at: OffsetDateTime,
}

/// Temporary credentials of the upload role.
struct Session {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
}

/// A form by which one document of at most `max_bytes` may be put at `key`.
pub async fn form(
    call: &Call<'_>,
    bucket: &str,
    key: &str,
    max_bytes: u64,
) -> Result<Form, Failure> {
    let session = assume(call, bucket, key).await?;
    let now = OffsetDateTime::now_utc();
    let region = &call.settings.region;
    Ok(Form {
        url: url(call, bucket).await?,
        fields: fields(&session, bucket, key, region, max_bytes, now),
        expires_at: now + VALID,
    })
}

async fn assume(call: &Call<'_>, bucket: &str, key: &str) -> Result<Session, Failure> {
    let role = call.settings.need("TAP_UPLOAD_ROLE_ARN")?;
    let partition = role.split(':').nth(1).unwrap_or("aws");
    let resource = format!("arn:{partition}:s3:::{bucket}/{}", policy_pattern(key));
    // The session may do less than its role: put this one document.
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:PutObject", "Resource": resource },
            { "Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*" },
        ],
    });
    let answer = call
        .clients
        .sts()
        .assume_role()
        .role_arn(role)
        .role_session_name(session_name(&call.request_id))
        .duration_seconds(i32::try_from(VALID.whole_seconds()).unwrap_or(900))
        .policy(policy.to_string())
        .send()
        .await
        .map_err(|error| Failure::aws("sts:AssumeRole", role, error))?;
    let credentials = answer.credentials.ok_or_else(|| Failure::Integrity {
        operation: "sts:AssumeRole",
        resource: role.to_owned(),
        problem: "the answer holds no credentials".to_owned(),
    })?;
    Ok(Session {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key,
        session_token: credentials.session_token,
    })
}

/// A key as part of a policy's resource: its wildcards escaped, and what a
/// session policy may not hold (it is Latin-1) matched by a wildcard, since
/// the form itself fixes the key.
fn policy_pattern(key: &str) -> String {
    let mut pattern = String::new();
    for c in key.chars() {
        match c {
            '*' | '?' | '$' => pattern.extend(["${", c.encode_utf8(&mut [0; 4]), "}"]),
            ' '..='~' => pattern.push(c),
            _ if pattern.ends_with('*') => {}
            _ => pattern.push('*'),
        }
    }
    pattern
}

/// STS allows `[\w+=,.@-]{2,64}`.
fn session_name(request_id: &str) -> String {
    let allowed = request_id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "+=,.@-_".contains(*c));
    let name: String = "tap-".chars().chain(allowed).collect();
    name.chars().take(64).collect()
}

/// By the SDK's own rules, which know every partition's names.
async fn url(call: &Call<'_>, bucket: &str) -> Result<String, Failure> {
    let sdk = call.clients.sdk();
    let fail = |cause: String| Failure::Local {
        operation: "finding the bucket's address",
        cause,
    };
    let params = Params::builder()
        .bucket(bucket)
        .region(call.settings.region.clone())
        .set_endpoint(sdk.endpoint_url().map(str::to_owned))
        .set_use_fips(sdk.use_fips())
        .build()
        .map_err(|error| fail(error.to_string()))?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await;
    let endpoint = endpoint.map_err(|error| fail(error.to_string()))?;
    Ok(endpoint.url().to_owned())
}

fn fields(
    session: &Session,
    bucket: &str,
    key: &str,
    region: &str,
    max_bytes: u64,
    now: OffsetDateTime,
) -> Map<String, Value> {
    let day = now
        .format(format_description!("[year][month][day]"))
        .unwrap_or_default();
    let instant = now
        .format(format_description!(
            "[year][month][day]T[hour][minute][second]Z"
        ))
        .unwrap_or_default();
    let credential = format!("{}/{day}/{region}/s3/aws4_request", session.access_key_id);
    let signed = [
        ("key", key),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &instant),
        ("x-amz-security-token", &session.session_token),
    ];
    let mut conditions = vec![
        json!({ "bucket": bucket }),
        json!(["content-length-range", 1, max_bytes]),
        json!(["starts-with", "$Content-Type", ""]),
    ];
    conditions.extend(signed.iter().map(|(name, value)| json!({ *name: value })));
    let policy = json!({
        "expiration": crate::clock::text(now + VALID),
        "conditions": conditions,
    });
    let policy = STANDARD.encode(policy.to_string());
    let signing_key = generate_signing_key(
        &session.secret_access_key,
        SystemTime::from(now),
        region,
        "s3",
    );
    let signature = calculate_signature(signing_key, policy.as_bytes());
    let mut fields = Map::new();
    for (name, value) in signed {
        fields.insert(name.to_owned(), json!(value));
    }
    fields.insert("policy".to_owned(), json!(policy));
    fields.insert("x-amz-signature".to_owned(), json!(signature));
    // The policy speaks of it, so S3 wants it in the form; the caller may say
    // another.
    fields.insert("Content-Type".to_owned(), json!("application/octet-stream"));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_for_one_key_one_size_and_a_quarter_of_an_hour() {
        let session = Session {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: "token".into(),
        };
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let fields = fields(&session, "b", "raw/a.pdf", "us-east-1", 10, now);
        let policy = STANDARD.decode(fields["policy"].as_str().unwrap()).unwrap();
        let policy: Value = serde_json::from_slice(&policy).unwrap();
        assert_eq!(policy["expiration"], "2027-01-15T08:15:00.000Z");
        let conditions = policy["conditions"].as_array().unwrap();
        for wanted in [
            json!({ "bucket": "b" }),
            json!({ "key": "raw/a.pdf" }),
            json!(["content-length-range", 1, 10]),
            json!({ "x-amz-security-token": "token" }),
        ] {
            assert!(conditions.contains(&wanted), "{wanted} in {conditions:?}");
        }
        assert!(!Value::Object(fields).to_string().contains("secret\""));
    }

    #[test]
    fn a_policys_resource_takes_a_key_literally() {
        assert_eq!(policy_pattern("raw/a*b?c${x}"), "raw/a${*}b${?}c${$}{x}");
        assert_eq!(policy_pattern("raw/Größe.pdf"), "raw/Gr*e.pdf");
    }

    #[test]
    fn a_session_is_named_after_the_request() {
        assert_eq!(session_name("c6af9ac6/7b61 ö"), "tap-c6af9ac67b61");
        assert_eq!(session_name(&"x".repeat(100)).len(), 64);
    }
}
