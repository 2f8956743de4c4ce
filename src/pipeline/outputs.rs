//! The computed attributes that other configuration refers to.
//!
//! An output is a text that the spec and the account decide, or one that AWS
//! does: the reference or an attribute of a logical id. The first are known in
//! every plan, the second once the resource is there.

use super::state::{BucketNames, KeyArnsBlock, State, TextList, TextMap};
use crate::blueprint::encryption::Purpose;
use crate::blueprint::network::EXECUTE_API_ENDPOINT_ID;
use crate::blueprint::spec::EndpointType;
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Facts, Spec, access, alerts, audit, naming};
use crate::engine::ledger::Ledger;
use crate::engine::template::Template;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tf_provider::value::Value;

pub const READY: &str = "READY";
pub const INCOMPLETE: &str = "INCOMPLETE";

/// Of an e-mail subscription.
const CONFIRMED: &str = "confirmed";
const PENDING: &str = "pending confirmation";

/// What `Ref` (no attribute) or `Fn::GetAtt` says of a logical id.
pub type Lookup<'a> = dyn Fn(&str, Option<&str>) -> Value<String> + 'a;

/// Outputs of a pipeline.
pub struct Outputs<'a> {
    pub spec: &'a Spec,
    pub facts: &'a Facts,
    pub template: &'a Template,
}

impl Outputs<'_> {
    /// What a ledger knows: null where something does not exist (yet).
    pub fn observed(&self, ledger: &Ledger, state: &mut State) {
        self.write(
            &|id, attribute| Value::from(seen(ledger, id, attribute)),
            state,
        );
    }

    /// `made` says what AWS has made, or will.
    pub fn write(&self, made: &Lookup<'_>, state: &mut State) {
        let text = |text: String| Value::Value(text);
        let bucket = |bucket: Bucket| text(bucket.name(self.spec, self.facts));
        let of = |id: &str, attribute: Option<&str>| self.of(made, id, attribute);
        state.id = text(naming::pipeline_id(self.spec, self.facts));
        state.account_id = text(self.facts.account_id.clone());
        state.region = text(self.facts.region.clone());
        state.api_endpoint = self.api_endpoint(made);
        state.api_key_id = of("ApiKey", None);
        state.api_key_secret_arn = of("ApiKeySecret", None);
        state.bucket_names = Value::Value(BucketNames {
            raw: bucket(Bucket::Raw),
            processed: bucket(Bucket::Processed),
            logs: bucket(Bucket::Logs),
        });
        state.audit_table_name = text(audit::table_name(self.spec));
        state.dashboard_url = Value::from(self.dashboard_url());
        state.key_arns = Value::Value(self.key_arns(made));
        state.alert_topic_arn = text(alerts::topic_arn(self.spec, self.facts));
        state.alert_subscriptions = self.alert_subscriptions(made);
        state.web_acl_arn = of("WebAcl", Some("Arn"));
        state.vpc_id = match &self.spec.network.vpc_id {
            Some(brought) => text(brought.clone()),
            None => of("Vpc", None),
        };
        state.subnet_ids = self.subnet_ids(made);
        state.vpc_endpoint_ids = self.by_type("AWS::EC2::VPCEndpoint", |id, properties| {
            (self.service(id, properties), of(id, None))
        });
        state.function_names = self.by_type("AWS::Lambda::Function", |id, properties| {
            let name = word(properties, "FunctionName");
            (stem(id, "Function"), Value::from(name))
        });
        state.role_arns = self.by_type("AWS::IAM::Role", |id, properties| {
            let arn = word(properties, "RoleName").map(|name| {
                let path = word(properties, "Path").unwrap_or_else(|| "/".to_owned());
                let Facts {
                    partition,
                    account_id,
                    ..
                } = self.facts;
                format!("arn:{partition}:iam::{account_id}:role{path}{name}")
            });
            (stem(id, "Role"), Value::from(arn))
        });
        state.session_policy = Value::from(access::session_policy(self.spec, self.facts));
    }

    /// Null when the pipeline has no such resource.
    fn of(&self, made: &Lookup<'_>, id: &str, attribute: Option<&str>) -> Value<String> {
        match self.template.resources.contains_key(id) {
            true => made(id, attribute),
            false => Value::Null,
        }
    }

    fn key_arns(&self, made: &Lookup<'_>) -> KeyArnsBlock {
        let of = |purpose: Purpose| match purpose.brought(self.spec) {
            Some(brought) => Value::Value(brought.to_owned()),
            None => self.of(made, purpose.key_id(), Some("Arn")),
        };
        KeyArnsBlock {
            data: of(Purpose::Data),
            environment: of(Purpose::Environment),
            logs: of(Purpose::Logs),
        }
    }

    fn api_endpoint(&self, made: &Lookup<'_>) -> Value<String> {
        if let Some(tls) = &self.spec.api.mutual_tls {
            return Value::Value(format!("https://{}", tls.domain_name));
        }
        let Some(stage) = self.property("ApiStage", "StageName") else {
            return Value::Null;
        };
        // A private API has a name at its endpoint.
        let private = self.spec.api.endpoint_type == EndpointType::Private;
        let ids = ["RestApi"].into_iter();
        let ids = ids.chain(private.then_some(EXECUTE_API_ENDPOINT_ID));
        let mut host = Vec::new();
        for id in ids {
            match self.of(made, id, None) {
                Value::Value(id) => host.push(id),
                other => return other,
            }
        }
        Value::Value(format!(
            "https://{}.execute-api.{}.{}/{stage}",
            host.join("-"),
            self.facts.region,
            self.facts.dns_suffix()
        ))
    }

    /// By address, whether somebody there has confirmed. That changes outside of
    /// Terraform and is no drift: a refresh finds it, and no line is about it.
    fn alert_subscriptions(&self, made: &Lookup<'_>) -> TextMap {
        let emails = self.spec.alerts.emails.iter();
        let rows = emails.map(|email| {
            let state = match self.of(made, &alerts::subscription_id(email), None) {
                Value::Value(arn) if arn.starts_with("arn:") => Value::Value(CONFIRMED.to_owned()),
                Value::Value(_) => Value::Value(PENDING.to_owned()),
                other => other,
            };
            (email.clone(), state)
        });
        Value::Value(rows.collect())
    }

    fn dashboard_url(&self) -> Option<String> {
        let name = self.property("Dashboard", "DashboardName")?;
        Some(format!(
            "https://{}/cloudwatch/home?region={}#dashboards/dashboard/{name}",
            self.facts.console_host(),
            self.facts.region
        ))
    }

    fn subnet_ids(&self, made: &Lookup<'_>) -> TextList {
        if self.spec.network.vpc_id.is_some() {
            return super::state::text_list(&self.spec.network.subnet_ids);
        }
        let subnets = (1..)
            .map(|zone| format!("PrivateSubnet{zone}"))
            .take_while(|id| self.template.resources.contains_key(id));
        Value::Value(subnets.map(|id| made(&id, None)).collect())
    }

    /// `secretsmanager` of `com.amazonaws.us-east-1.secretsmanager`.
    fn service(&self, id: &str, properties: &Json) -> String {
        let name = word(properties, "ServiceName").unwrap_or_default();
        match name.split_once(&format!(".{}.", self.facts.region)) {
            Some((_, service)) => service.to_owned(),
            None => stem(id, "Endpoint"),
        }
    }

    fn by_type(
        &self,
        type_name: &str,
        row: impl Fn(&str, &Json) -> (String, Value<String>),
    ) -> TextMap {
        let rows: BTreeMap<String, Value<String>> = self
            .template
            .resources
            .iter()
            .filter(|(_, resource)| resource.type_name == type_name)
            .map(|(id, resource)| row(id, &resource.properties))
            .collect();
        Value::Value(rows)
    }

    fn property(&self, id: &str, name: &str) -> Option<String> {
        word(&self.template.resources.get(id)?.properties, name)
    }
}

/// A property that is written out, not referred to.
fn word(properties: &Json, name: &str) -> Option<String> {
    Some(properties.get(name)?.as_str()?.to_owned())
}

/// `api_logging` of `ApiLoggingRole`.
fn stem(id: &str, suffix: &str) -> String {
    let mut text = String::new();
    for character in id.strip_suffix(suffix).unwrap_or(id).chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

/// What a handler has reported of a logical id.
pub fn seen(ledger: &Ledger, id: &str, attribute: Option<&str>) -> Option<String> {
    let details = ledger.details.get(id)?;
    let text = match attribute {
        None => details.reference.as_str(),
        Some(attribute) => details.attributes.get(attribute)?.as_str()?,
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// Makes unknown what differs between the outputs of two expansions: those
/// outputs follow from an input that is unknown.
pub fn blur(state: &mut State, other: &State) {
    Merge::Blur.outputs(state, other);
}

/// Puts in what was observed, and leaves what was not: a refresh finds the
/// successor of a rotated key, and a resource that has vanished is the plan's
/// to tell of.
pub fn follow(state: &mut State, observed: &State) {
    Merge::Follow.outputs(state, observed);
}

#[derive(Clone, Copy)]
enum Merge {
    Blur,
    Follow,
}

impl Merge {
    fn one<T: PartialEq + Clone>(self, value: &mut Value<T>, other: &Value<T>) {
        match self {
            Self::Blur if value != other => *value = Value::Unknown,
            Self::Follow if other.is_value() => *value = other.clone(),
            _ => {}
        }
    }

    fn map(self, value: &mut TextMap, other: &TextMap) {
        match (value, other) {
            (Value::Value(map), Value::Value(others)) if map.keys().eq(others.keys()) => {
                for (value, other) in map.values_mut().zip(others.values()) {
                    self.one(value, other);
                }
            }
            (value, other) => self.one(value, other),
        }
    }

    fn list(self, value: &mut TextList, other: &TextList) {
        match (value, other) {
            (Value::Value(list), Value::Value(others)) if list.len() == others.len() => {
                for (value, other) in list.iter_mut().zip(others) {
                    self.one(value, other);
                }
            }
            (value, other) => self.one(value, other),
        }
    }

    fn outputs(self, state: &mut State, other: &State) {
        self.one(&mut state.id, &other.id);
        self.one(&mut state.account_id, &other.account_id);
        self.one(&mut state.region, &other.region);
        self.one(&mut state.api_endpoint, &other.api_endpoint);
        self.one(&mut state.api_key_id, &other.api_key_id);
        self.one(&mut state.api_key_secret_arn, &other.api_key_secret_arn);
        self.one(&mut state.audit_table_name, &other.audit_table_name);
        self.one(&mut state.dashboard_url, &other.dashboard_url);
        self.one(&mut state.alert_topic_arn, &other.alert_topic_arn);
        self.map(&mut state.alert_subscriptions, &other.alert_subscriptions);
        self.one(&mut state.web_acl_arn, &other.web_acl_arn);
        self.one(&mut state.vpc_id, &other.vpc_id);
        self.list(&mut state.subnet_ids, &other.subnet_ids);
        self.map(&mut state.vpc_endpoint_ids, &other.vpc_endpoint_ids);
        self.map(&mut state.function_names, &other.function_names);
        self.map(&mut state.role_arns, &other.role_arns);
        self.one(&mut state.session_policy, &other.session_policy);
        if let (Value::Value(names), Value::Value(others)) =
            (&mut state.bucket_names, &other.bucket_names)
        {
            self.one(&mut names.raw, &others.raw);
            self.one(&mut names.processed, &others.processed);
            self.one(&mut names.logs, &others.logs);
        }
        if let (Value::Value(arns), Value::Value(others)) = (&mut state.key_arns, &other.key_arns) {
            self.one(&mut arns.data, &others.data);
            self.one(&mut arns.environment, &others.environment);
            self.one(&mut arns.logs, &others.logs);
        }
    }
}
