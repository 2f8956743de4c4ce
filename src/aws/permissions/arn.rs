//! ARNs from the properties of a template. What a property refers to has the
//! name that its own properties give it; what cannot be told is a star, the
//! widest name there is.

use super::PolicyScope;
use crate::engine::template::{Template, resolve};
use serde_json::Value;

/// What is called by a name of the template's, and which property that is.
const NAMED: [(&str, &str); 13] = [
    ("AWS::ApiGateway::DomainName", "DomainName"),
    ("AWS::CloudTrail::Trail", "TrailName"),
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::WAFv2::WebACL", "Name"),
];

/// The properties of one resource, and what they may refer to.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub template: &'a Template,
    pub scope: &'a PolicyScope<'a>,
    pub properties: &'a Value,
}

/// What a property says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// Written out.
    Text(String),
    /// Made of other resources' names, with a star for each that is not known.
    Reference(String),
}

impl Names<'_> {
    /// What a property says, item by item if it is a list.
    pub fn said(&self, property: &str) -> Vec<Said> {
        let path: Vec<&str> = property.split('/').collect();
        let values = below(self.properties, &path).into_iter();
        let each = values.flat_map(|value| match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items.iter().map(|item| self.one(item)).collect(),
            value => vec![self.one(value)],
        });
        each.collect()
    }

    fn one(&self, value: &Value) -> Said {
        if let Value::String(text) = value {
            return Said::Text(text.clone());
        }
        let named = resolve(value, &|reference| {
            let name = self.name_of(reference.id);
            Some(Value::String(name.unwrap_or_else(|| "*".to_owned())))
        });
        let name = named.ok().and_then(|name| Some(name.as_str()?.to_owned()));
        Said::Reference(name.unwrap_or_else(|| "*".to_owned()))
    }

    fn name_of(&self, id: &str) -> Option<String> {
        let resource = self.template.resources.get(id)?;
        let (_, property) = NAMED.iter().find(|(kind, _)| *kind == resource.type_name)?;
        let name = resource.properties.get(property)?.as_str()?;
        Some(name.to_owned())
    }

    /// The ARNs that a pattern stands for.
    pub fn arns(&self, pattern: &str) -> Vec<String> {
        self.filled(&self.places(&whole(pattern)))
    }

    /// With its properties filled in, each by each where one is a list.
    fn filled(&self, text: &str) -> Vec<String> {
        let parts = text.split_once('{').and_then(|(before, rest)| {
            let (property, after) = rest.split_once('}')?;
            Some((before, property, after))
        });
        let Some((before, property, after)) = parts else {
            return vec![text.to_owned()];
        };
        let (property, shape) = property.split_once('|').unwrap_or((property, ""));
        let ends = self.filled(after);
        let said = self.said(property).into_iter();
        let arns = said.flat_map(|said| {
            let name = match said {
                // An ARN needs no pattern.
                Said::Text(arn) if shape.is_empty() && arn.starts_with("arn:") => return vec![arn],
                Said::Text(name) | Said::Reference(name) => name,
            };
            let name = shaped(&name, shape);
            let each = ends.iter().map(|end| format!("{before}{name}{end}"));
            each.collect()
        });
        arns.collect()
    }

    /// What a `Named` of the table stands for: ARNs of others', and whether
    /// there is something of the pipeline's own.
    pub fn others(&self, property: &str, arn: &str) -> (Vec<String>, bool) {
        let (mut others, mut ours) = (Vec::new(), false);
        for said in self.said(property) {
            match said {
                Said::Reference(_) => ours = true,
                // Of keys that AWS manages nobody needs to be allowed anything.
                Said::Text(alias) if alias.starts_with("alias/") => {}
                Said::Text(whole) if whole.starts_with("arn:") => others.push(whole),
                Said::Text(id) => others.extend(self.arns(&arn.replace("{}", &id))),
            }
        }
        (others, ours)
    }

    /// With what every ARN is made of filled in.
    pub fn places(&self, text: &str) -> String {
        let scope = self.scope;
        let stack = scope.pipeline.split('@').next().unwrap_or_default();
        text.replace("{partition}", scope.partition)
            .replace("{region}", scope.region)
            .replace("{account}", scope.account_id)
            .replace("{stack}", stack)
    }
}

/// The values at the end of a path, in which a star is every item of a list.
fn below<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a Value> {
    match path {
        [] => vec![value],
        ["*", rest @ ..] => {
            let items = value.as_array().into_iter().flatten();
            items.flat_map(|item| below(item, rest)).collect()
        }
        [member, rest @ ..] => {
            let member = value.get(member);
            member.map_or_else(Vec::new, |value| below(value, rest))
        }
    }
}

/// `kms:key/*` as an ARN.
fn whole(pattern: &str) -> String {
    match pattern.split_once(':') {
        Some((service, rest)) if service != "arn" => {
            format!("arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}")
        }
        _ => pattern.to_owned(),
    }
}

/// A name as an ARN has it: the path of a parameter without its first slash,
/// the bucket of `arn:aws:s3:::bucket/prefix/`, what `s3://` stands before, and
/// nothing where a property only has to be there, and the secret that `{{resolve:secretsmanager:secret:SecretString:member}}` names.
fn shaped<'a>(name: &'a str, shape: &str) -> &'a str {
    match shape {
        "path" => name.trim_start_matches('/'),
        "bucket" => {
            let bucket = name.rsplit(':').next().unwrap_or(name);
            bucket.split('/').next().unwrap_or(bucket)
        }
        "there" => "",
        "s3" => name.trim_start_matches("s3://"),
        "secret" => {
            let inside = name.trim_start_matches("{{resolve:secretsmanager:");
            let (secret, _) = inside.split_once(":SecretString:").unwrap_or((inside, ""));
            secret
        }
        _ => name,
    }
}
