//! The computed attributes that other configuration refers to.

use super::state::{BucketNames, KeyArnsBlock, State};
use crate::blueprint::encryption::Purpose;
use crate::blueprint::storage::Bucket;
use crate::blueprint::{Facts, Spec, alerts, audit, naming};
use crate::engine::ledger::Ledger;
use tf_provider::value::Value;

pub const READY: &str = "READY";
pub const INCOMPLETE: &str = "INCOMPLETE";

/// Outputs of a pipeline. All but the ARNs of keys are known as soon as the
/// spec and the account are.
pub struct Outputs<'a> {
    spec: &'a Spec,
    facts: &'a Facts,
    key_arns: KeyArnsBlock,
}

impl<'a> Outputs<'a> {
    pub fn new(spec: &'a Spec, facts: &'a Facts) -> Self {
        Self {
            spec,
            facts,
            key_arns: KeyArnsBlock::default(),
        }
    }

    /// `arn` says the ARN of a key of ours; a brought one is the spec's.
    pub fn with_keys(mut self, arn: impl Fn(Purpose) -> Value<String>) -> Self {
        let of = |purpose: Purpose| match purpose.brought(self.spec) {
            Some(brought) => Value::Value(brought.to_owned()),
            None => arn(purpose),
        };
        self.key_arns = KeyArnsBlock {
            data: of(Purpose::Data),
            environment: of(Purpose::Environment),
            logs: of(Purpose::Logs),
        };
        self
    }

    /// What a ledger knows: null where a key does not exist (yet).
    pub fn observed(self, ledger: &Ledger) -> Self {
        self.with_keys(|purpose| Value::from(key_arn(ledger, purpose.key_id())))
    }

    pub fn write(self, state: &mut State) {
        let text = |text: String| Value::Value(text);
        let bucket = |bucket: Bucket| text(bucket.name(self.spec, self.facts));
        state.id = text(naming::pipeline_id(self.spec, self.facts));
        state.account_id = text(self.facts.account_id.clone());
        state.region = text(self.facts.region.clone());
        state.bucket_names = Value::Value(BucketNames {
            raw: bucket(Bucket::Raw),
            processed: bucket(Bucket::Processed),
            logs: bucket(Bucket::Logs),
        });
        state.audit_table_name = text(audit::table_name(self.spec));
        state.alert_topic_arn = text(alerts::topic_arn(self.spec, self.facts));
        state.key_arns = Value::Value(self.key_arns);
    }
}

/// Makes unknown what differs between the outputs of two expansions: those
/// outputs follow from an input that is unknown.
pub fn blur(state: &mut State, other: &State) {
    fn differ<T: PartialEq>(value: &mut Value<T>, other: &Value<T>) {
        if value != other {
            *value = Value::Unknown;
        }
    }
    differ(&mut state.id, &other.id);
    differ(&mut state.account_id, &other.account_id);
    differ(&mut state.region, &other.region);
    differ(&mut state.audit_table_name, &other.audit_table_name);
    differ(&mut state.alert_topic_arn, &other.alert_topic_arn);
    if let (Value::Value(names), Value::Value(others)) =
        (&mut state.bucket_names, &other.bucket_names)
    {
        differ(&mut names.raw, &others.raw);
        differ(&mut names.processed, &others.processed);
        differ(&mut names.logs, &others.logs);
    }
    if let (Value::Value(arns), Value::Value(others)) = (&mut state.key_arns, &other.key_arns) {
        differ(&mut arns.data, &others.data);
        differ(&mut arns.environment, &others.environment);
        differ(&mut arns.logs, &others.logs);
    }
}

/// The ARN of a key, as its handler reported it.
pub fn key_arn(ledger: &Ledger, id: &str) -> Option<String> {
    let details = ledger.details.get(id)?;
    Some(details.attributes.get("Arn")?.as_str()?.to_owned())
}
