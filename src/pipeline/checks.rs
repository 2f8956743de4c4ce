//! What only the expanded template or the account can tell: refused at plan,
//! before anything is touched.

use super::failure::{error, warning};
use super::planning::{Desired, Planned};
use super::state::State;
use crate::blueprint::{self, Facts, OverrideError, Spec, renames};
use crate::bundle::{self, Architecture, Bundle};
use crate::engine::Registry;
use crate::engine::ledger::Ledger;
use crate::engine::template::Template;
use serde_json::{Value, json};
use tf_provider::AttributePath;
use tf_provider::Diagnostics;

/// The error of an override that cannot be applied.
pub fn override_error(diags: &mut Diagnostics, problem: &OverrideError) {
    let path = AttributePath::new("overrides").key(problem.id().to_owned());
    error(
        diags,
        path,
        "Invalid override",
        sentence(&problem.to_string()),
    );
}

/// Every resource's properties must be ones that its handler can bring about.
/// The blueprint's always are, so what is wrong here is an override.
pub fn properties(diags: &mut Diagnostics, registry: &Registry, template: &Template, spec: &Spec) {
    for id in spec.overrides.keys() {
        let current = renames::current(id);
        let Some(resource) = template.resources.get(current) else {
            continue;
        };
        let Some(handler) = registry.get(&resource.type_name) else {
            continue;
        };
        if let Err(cause) = handler.normalise(&stand_ins(&resource.properties)) {
            error(
                diags,
                AttributePath::new("overrides").key(id.clone()),
                format!("{} does not take this override", resource.type_name),
                format!(
                    "{} Write properties of {} as CloudFormation documents them, of those that the provider supports.",
                    sentence(&cause),
                    resource.type_name
                ),
            );
        }
    }
}

/// The template with texts in place of what is known only after apply.
fn stand_ins(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.len() == 1 => {
            let intrinsic = members
                .keys()
                .any(|key| key == "Ref" || key.starts_with("Fn::"));
            match intrinsic {
                true => json!(
                    "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
                ),
                false => object(members),
            }
        }
        Value::Object(members) => object(members),
        Value::Array(items) => items.iter().map(stand_ins).collect(),
        other => other.clone(),
    }
}

fn object(members: &serde_json::Map<String, Value>) -> Value {
    members
        .iter()
        .map(|(key, value)| (key.clone(), stand_ins(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Names every control that an override touches.
pub fn weakened(diags: &mut Diagnostics, desired: &Desired, facts: &Facts) {
    let spec = &desired.inputs.spec;
    if spec.overrides.is_empty() {
        return;
    }
    let plain = Spec {
        overrides: Default::default(),
        ..spec.clone()
    };
    let Ok(without) = blueprint::expand(&plain, facts) else {
        return;
    };
    for weak in blueprint::overrides::weakened(&without, &desired.template) {
        warning(
            diags,
            AttributePath::new("overrides").key(weak.id.clone()),
            "An override replaces a compliance control",
            format!(
                "{}.{} is no longer the pipeline's own: {} is now what the override says. Auditors will ask for the reason.",
                weak.id, weak.property, weak.control
            ),
        );
    }
}

/// Names the architectures whose functions this provider was built without:
/// said in the plan, so that no apply finds it out.
pub fn bundles(diags: &mut Diagnostics, bundles: &[Bundle]) {
    let missing = bundle::missing(bundles);
    if missing.is_empty() {
        return;
    }
    let names: Vec<&str> = missing.iter().copied().map(Architecture::as_str).collect();
    warning(
        diags,
        AttributePath::root(),
        "This provider was built without the functions",
        format!(
            "It holds no functions for {}, so it could create none. \
             In the provider's source run: make build. It builds them, or says what it needs for that.",
            names.join(" and ")
        ),
    );
}

/// A brought key must be where the pipeline is: S3 and DynamoDB refuse keys
/// of another region.
pub fn key_regions(diags: &mut Diagnostics, spec: &Spec, facts: &Facts) {
    let keys = &spec.encryption.key_arns;
    for (name, arn) in [
        ("data", &keys.data),
        ("environment", &keys.environment),
        ("logs", &keys.logs),
    ] {
        let Some(region) = arn.as_deref().and_then(|arn| arn.split(':').nth(3)) else {
            continue;
        };
        if region != facts.region {
            error(
                diags,
                AttributePath::new("encryption")
                    .attribute("key_arns")
                    .attribute(name),
                "A key of another region",
                format!(
                    "The key is in {region} and the pipeline in {}. Write the ARN of a key in {}.",
                    facts.region, facts.region
                ),
            );
        }
    }
}

/// Refuses a plan that would lose data, unless the user has said so.
pub fn data_guard(diags: &mut Diagnostics, planned: &Planned, allowed: bool) {
    if allowed || planned.plan.data_at_risk.is_empty() {
        return;
    }
    let list = planned
        .plan
        .data_at_risk
        .iter()
        .map(|(id, reason)| format!("  - {id}: {reason}"))
        .collect::<Vec<_>>()
        .join("\n");
    error(
        diags,
        AttributePath::root(),
        "The plan would delete what holds data",
        format!(
            "These resources would be replaced or removed, and what is in them lost:\n{list}\n\n\
             Undo the change that causes it, or write allow_data_loss = true to accept the loss."
        ),
    );
}

/// As [`data_guard`], for a change of the pipeline's own identity.
pub fn replacement_guard(
    diags: &mut Diagnostics,
    registry: &Registry,
    ledger: &Ledger,
    paths: &[AttributePath],
    allowed: bool,
) {
    let Some(path) = paths.first() else { return };
    let holders: Vec<&str> = ledger
        .entries
        .iter()
        .filter(|(_, entry)| {
            entry.identifier.is_some()
                && registry
                    .get(&entry.type_name)
                    .is_some_and(|handler| handler.holds_data())
        })
        .map(|(id, _)| id.as_str())
        .collect();
    if allowed || holders.is_empty() {
        return;
    }
    error(
        diags,
        path.clone(),
        "The change would replace the whole pipeline and delete its data",
        format!(
            "A change of {path} cannot be made in place. What is in {} would be lost. \
             Restore the old value, or write allow_data_loss = true to accept the loss.",
            holders.join(", ")
        ),
    );
}

/// Refuses to destroy what is protected.
pub fn deletion_protection(diags: &mut Diagnostics, state: &State) -> Option<()> {
    if state.deletion_protection.as_ref_option() != Some(&true) {
        return Some(());
    }
    error(
        diags,
        AttributePath::new("deletion_protection"),
        "The pipeline is protected from deletion",
        "deletion_protection is true. Write deletion_protection = false, apply, and destroy again.",
    );
    None
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let mut sentence = match characters.next() {
        Some(first) if !text.contains(" is not a logical id") => {
            first.to_uppercase().collect::<String>() + characters.as_str()
        }
        _ => text.to_owned(),
    };
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}
