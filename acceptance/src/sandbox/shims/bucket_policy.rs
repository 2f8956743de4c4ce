//! Services that write into a bucket later look whether they may when they are
//! told to. No shim by itself.

use hyper::Method;
use serde_json::Value;

use super::backend::Backend;
use super::policy::list;
use super::unescape;
use crate::sandbox::emulators::ACCOUNT;
use crate::sandbox::reply;
use crate::sandbox::request;

/// What is asked of a bucket: whether somebody may write a file.
pub struct Writing<'a> {
    pub bucket: &'a str,
    /// Of the file.
    pub key: String,
    /// In whose name: the ARN that a service says.
    pub source: Option<String>,
}

impl Writing<'_> {
    pub async fn finds_the_bucket(&self, backend: &Backend<'_>) -> bool {
        let target = format!("/{}", self.bucket);
        let head = backend.s3(Method::HEAD, &target, "").await;
        head.status().is_success()
    }

    /// Whether the bucket's policy admits a service. A refusal is not looked
    /// for: those of a pipeline are for people.
    pub async fn is_admitted(&self, backend: &Backend<'_>, service: &str) -> bool {
        let target = format!("/{}?policy", self.bucket);
        let policy = backend.s3(Method::GET, &target, "").await;
        let policy = serde_json::from_slice(policy.body()).unwrap_or_default();
        self.allowed_by(&policy, |statement| {
            let services = &statement["Principal"]["Service"];
            list(services).iter().any(|named| **named == service)
        })
    }

    /// Whether one of a role's policies lets it.
    pub async fn is_allowed(&self, backend: &Backend<'_>, role: &str) -> bool {
        let name = role.rsplit('/').next().unwrap_or_default();
        for policy in policies_of(backend, name).await {
            if self.allowed_by(&policy, |_| true) {
                return true;
            }
        }
        false
    }

    fn allowed_by(&self, policy: &Value, concerns: impl Fn(&Value) -> bool) -> bool {
        let file = format!("arn:aws:s3:::{}/{}", self.bucket, self.key);
        list(&policy["Statement"]).into_iter().any(|statement| {
            let names = |member: &str, name: &str| {
                let patterns = list(&statement[member]);
                let mut patterns = patterns.into_iter().filter_map(Value::as_str);
                patterns.any(|pattern| matches(pattern, name))
            };
            statement["Effect"] == "Allow"
                && concerns(statement)
                && names("Action", "s3:PutObject")
                && names("Resource", &file)
                && self.is_meant(&statement["Condition"])
        })
    }

    /// The conditions that say who asks; others are taken to hold.
    fn is_meant(&self, conditions: &Value) -> bool {
        let operators = conditions.as_object().into_iter().flatten();
        let mut said = operators.flat_map(|(_, said)| said.as_object().into_iter().flatten());
        said.all(|(name, values)| {
            let asked = match name.to_ascii_lowercase().as_str() {
                "aws:sourcearn" => self.source.as_deref().unwrap_or_default(),
                "aws:sourceaccount" => ACCOUNT,
                _ => return true,
            };
            let mut values = list(values).into_iter().filter_map(Value::as_str);
            values.any(|value| matches(value, asked))
        })
    }
}

/// Those that are attached to a role, and its own.
async fn policies_of(backend: &Backend<'_>, role: &str) -> Vec<Value> {
    let attached = ask(backend, "ListAttachedRolePolicies", &[("RoleName", role)]).await;
    let mut policies = Vec::new();
    for arn in reply::elements(&attached, "PolicyArn") {
        let policy = ask(backend, "GetPolicy", &[("PolicyArn", &arn)]).await;
        let version = reply::element(&policy, "DefaultVersionId").unwrap_or_default();
        let version = [("PolicyArn", arn.as_str()), ("VersionId", version)];
        let version = ask(backend, "GetPolicyVersion", &version).await;
        policies.extend(reply::element(&version, "Document").map(document));
    }
    let own = ask(backend, "ListRolePolicies", &[("RoleName", role)]).await;
    for name in reply::elements(&own, "member") {
        let policy = [("RoleName", role), ("PolicyName", name.as_str())];
        let policy = ask(backend, "GetRolePolicy", &policy).await;
        policies.extend(reply::element(&policy, "PolicyDocument").map(document));
    }
    policies
}

/// IAM escapes it as a part of a URL.
fn document(text: &str) -> Value {
    serde_json::from_str(&request::decode(&unescape(text))).unwrap_or_default()
}

async fn ask(backend: &Backend<'_>, action: &str, more: &[(&str, &str)]) -> String {
    let mut fields = vec![("Action", action), ("Version", "2010-05-08")];
    fields.extend(more);
    let reply = backend.query("iam", &fields).await;
    String::from_utf8_lossy(reply.body()).into_owned()
}

/// A pattern in which a star is any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|at| matches(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, fits) in [
            ("s3:PutObject", "s3:PutObject", true),
            ("s3:Put*", "s3:PutObject", true),
            ("s3:*", "s3:PutObject", true),
            ("s3:Get*", "s3:PutObject", false),
            (
                "arn:aws:s3:::b/*/AWSLogs/*",
                "arn:aws:s3:::b/p/AWSLogs/f",
                true,
            ),
            (
                "arn:aws:s3:::b/*/AWSLogs/*",
                "arn:aws:s3:::b/AWSLogs/f",
                false,
            ),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_policy_admits_who_it_names_and_where_it_says_so() {
        let writing = Writing {
            bucket: "b",
            key: "p/AWSLogs/f".into(),
            source: Some("arn:aws:cloudtrail:us-east-1:123456789012:trail/t".into()),
        };
        let policy = |resource: &str, condition: Value| {
            json!({ "Statement": [{
                "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": resource, "Condition": condition,
            }] })
        };
        let all = "arn:aws:s3:::b/*";
        for (policy, fits) in [
            (policy(all, json!({})), true),
            (policy("arn:aws:s3:::b/q/*", json!({})), false),
            (
                policy(
                    all,
                    json!({ "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } }),
                ),
                true,
            ),
            (
                policy(
                    all,
                    json!({ "ArnLike": { "aws:SourceArn": "arn:aws:cloudtrail:*:trail/t" } }),
                ),
                true,
            ),
            (
                policy(
                    all,
                    json!({ "StringEquals": { "AWS:SourceArn": "arn:aws:cloudtrail:other" } }),
                ),
                false,
            ),
            (
                policy(
                    all,
                    json!({ "StringEquals": { "aws:SourceAccount": "210987654321" } }),
                ),
                false,
            ),
            (json!({}), false),
        ] {
            assert_eq!(writing.allowed_by(&policy, |_| true), fits, "{policy}");
        }
    }
}
