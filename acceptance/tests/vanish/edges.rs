//! What follows from the template when something of it vanishes.

use crate::Inventory;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const VANISHED: &str = "deleted outside of Terraform; created again";

/// What goes with what one of these properties names: AWS deletes it together
/// with that, or wants it gone before.
const INSIDE: &[(&str, &[&str])] = &[
    (
        "AWS::ApiGateway::BasePathMapping",
        &["DomainName", "RestApiId"],
    ),
    ("AWS::ApiGateway::Deployment", &["RestApiId"]),
    ("AWS::ApiGateway::Method", &["ResourceId", "RestApiId"]),
    ("AWS::ApiGateway::Model", &["RestApiId"]),
    ("AWS::ApiGateway::RequestValidator", &["RestApiId"]),
    ("AWS::ApiGateway::Resource", &["ParentId", "RestApiId"]),
    ("AWS::ApiGateway::Stage", &["RestApiId"]),
    ("AWS::ApiGateway::UsagePlanKey", &["KeyId", "UsagePlanId"]),
    ("AWS::EC2::NetworkAclEntry", &["NetworkAclId"]),
    (
        "AWS::EC2::SecurityGroupIngress",
        &["GroupId", "SourceSecurityGroupId"],
    ),
    (
        "AWS::EC2::SubnetNetworkAclAssociation",
        &["NetworkAclId", "SubnetId"],
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        &["RouteTableId", "SubnetId"],
    ),
    ("AWS::Lambda::Permission", &["FunctionName"]),
    ("AWS::Logs::MetricFilter", &["LogGroupName"]),
    ("AWS::S3::BucketPolicy", &["Bucket"]),
    ("AWS::SNS::Subscription", &["TopicArn"]),
    ("AWS::SNS::TopicPolicy", &["Topics"]),
    ("AWS::SQS::QueuePolicy", &["Queues"]),
    ("AWS::SecretsManager::RotationSchedule", &["SecretId"]),
    ("AWS::WAFv2::LoggingConfiguration", &["ResourceArn"]),
    (
        "AWS::WAFv2::WebACLAssociation",
        &["ResourceArn", "WebACLArn"],
    ),
];

/// The logical ids that a value of the template names.
fn references(value: &Value) -> BTreeSet<String> {
    fn named(id: &str) -> BTreeSet<String> {
        id.split('.')
            .next()
            .map(str::to_owned)
            .into_iter()
            .collect()
    }
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(members) => {
            let only = members.iter().next().filter(|_| members.len() == 1);
            match only.map(|(name, value)| (name.as_str(), value)) {
                Some(("Ref", Value::String(id))) => named(id),
                Some(("Fn::GetAtt", Value::Array(parts))) => {
                    parts[0].as_str().map(named).unwrap_or_default()
                }
                Some(("Fn::Sub", Value::String(text))) => text
                    .split("${")
                    .skip(1)
                    .filter_map(|part| part.split('}').next())
                    .flat_map(named)
                    .collect(),
                _ => members.values().flat_map(references).collect(),
            }
        }
        _ => BTreeSet::new(),
    }
}

/// What the resources of the template name, by logical id and property.
pub struct Edges {
    pub types: BTreeMap<String, String>,
    named: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Edges {
    pub fn of(template: &Value) -> Self {
        let (mut types, mut named) = (BTreeMap::new(), BTreeMap::new());
        for (id, resource) in template["Resources"].as_object().expect("resources") {
            let properties = resource["Properties"].as_object().into_iter().flatten();
            let properties = properties.map(|(name, value)| (name.clone(), references(value)));
            named.insert(id.clone(), properties.collect());
            types.insert(
                id.clone(),
                resource["Type"].as_str().expect("a type").to_owned(),
            );
        }
        Self { types, named }
    }

    /// Which of some things a resource names.
    fn among(&self, id: &str, things: &BTreeSet<String>) -> BTreeSet<String> {
        let named = self.named[id].values().flatten();
        named.filter(|id| things.contains(*id)).cloned().collect()
    }

    /// Whether the property that a path begins with names one of some things.
    fn names_at(&self, id: &str, path: &str, things: &BTreeSet<String>) -> bool {
        let property = path.split(['.', '[']).next().expect("a name");
        let named = self.named[id].get(property);
        named.is_some_and(|named| !named.is_disjoint(things))
    }

    /// What is doomed, and what goes with it.
    pub fn with_what_is_inside(&self, doomed: &Inventory) -> BTreeSet<String> {
        let mut gone: BTreeSet<String> = doomed.keys().cloned().collect();
        loop {
            let inside = self.types.iter().filter(|(id, kind)| {
                let properties = INSIDE.iter().find(|(inside, _)| inside == kind);
                let mut properties = properties.into_iter().flat_map(|(_, names)| names.iter());
                properties.any(|name| self.names_at(id, name, &gone))
            });
            let inside: BTreeSet<String> = inside.map(|(id, _)| id.clone()).collect();
            if inside.is_subset(&gone) {
                return gone;
            }
            gone.extend(inside);
        }
    }

    /// Holds what else is planned to what follows from the template: whatever
    /// names a thing that will be another one changes, for that reason and in
    /// the properties that name it, and nothing else does.
    #[track_caller]
    pub fn expect_what_follows(&self, gone: &BTreeSet<String>, reasons: &BTreeMap<String, String>) {
        // A replacement makes another thing too.
        let replaced = reasons
            .iter()
            .filter(|(_, reason)| reason.starts_with("replaced: "));
        let mut renewed = gone.clone();
        renewed.extend(replaced.map(|(id, _)| id.clone()));
        let naming = self
            .types
            .keys()
            .filter(|id| gone.contains(*id) || !self.among(id, &renewed).is_empty());
        assert_eq!(
            reasons.keys().collect::<BTreeSet<_>>(),
            naming.collect::<BTreeSet<_>>(),
            "what vanished and what names something that will be new, and nothing else, should change: {reasons:#?}"
        );
        for (id, reason) in reasons {
            if gone.contains(id) {
                assert_eq!(reason, VANISHED, "the reason of {id}");
                continue;
            }
            let names: Vec<String> = self.among(id, &renewed).into_iter().collect();
            // Where deleting a thing takes it out of what names it, that is
            // what AWS shows.
            let paths = reason
                .strip_prefix("replaced: ")
                .and_then(|paths| paths.strip_suffix(" cannot change"))
                .or(reason.strip_prefix("drifted: "));
            match paths {
                Some(paths) => assert!(
                    paths
                        .split(", ")
                        .all(|path| self.names_at(id, path, &renewed)),
                    "each property should name something new: {id} {reason}"
                ),
                None => assert_eq!(
                    *reason,
                    format!("changed: refers to {}", names.join(", ")),
                    "the reason of {id}"
                ),
            }
        }
    }
}
