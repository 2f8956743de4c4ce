//! What only the expanded template or the account can tell: refused at plan,
//! before anything is touched.

use super::account::Singleton;
use super::failure::{error, warning};
use super::planning::{Desired, Planned};
use super::state::State;
use crate::blueprint::{self, AccountState, Facts, OverrideError, Spec, renames};
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

/// Names every control that an override touches, in one warning: Terraform
/// shows the first of several that have one summary and counts the others.
/// What only follows from an override, as the record of what remediation puts
/// back does, is not named beside it.
pub fn weakened(diags: &mut Diagnostics, desired: &Desired) {
    let spec = &desired.inputs.spec;
    if spec.overrides.is_empty() {
        return;
    }
    let plain = Spec {
        overrides: Default::default(),
        ..spec.clone()
    };
    let Ok(without) = blueprint::expand(&plain, &desired.facts) else {
        return;
    };
    let mut weak = blueprint::overrides::weakened(&without, &desired.template);
    weak.retain(|weak| {
        spec.overrides
            .keys()
            .any(|key| renames::current(key) == weak.id)
    });
    let path = match weak.as_slice() {
        [] => return,
        [first, others @ ..] if others.iter().all(|other| other.id == first.id) => {
            AttributePath::new("overrides").key(first.id.clone())
        }
        _ => AttributePath::new("overrides"),
    };
    let lines: Vec<String> = weak
        .iter()
        .map(|weak| format!("- {}.{}: {}", weak.id, weak.property, weak.control))
        .collect();
    warning(
        diags,
        path,
        "An override replaces a compliance control",
        format!(
            "What the pipeline would say of these is now what the override says, and auditors will ask for the reason:\n\n{}",
            lines.join("\n")
        ),
    );
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

/// What is brought must be where the pipeline is: AWS refuses keys,
/// certificates and functions of another region. What differs between the two
/// probes is not known yet.
pub fn regions(diags: &mut Diagnostics, [first, second]: [&Spec; 2], here: &Facts) {
    let at =
        |area: &'static str, attribute: &'static str| AttributePath::new(area).attribute(attribute);
    let key = |name: &'static str| at("encryption", "key_arns").attribute(name);
    type Of = fn(&Spec) -> Option<&String>;
    let brought: [(&str, Of, AttributePath); 5] = [
        (
            "key",
            |spec| spec.encryption.key_arns.data.as_ref(),
            key("data"),
        ),
        (
            "key",
            |spec| spec.encryption.key_arns.environment.as_ref(),
            key("environment"),
        ),
        (
            "key",
            |spec| spec.encryption.key_arns.logs.as_ref(),
            key("logs"),
        ),
        (
            "certificate",
            |spec| {
                let tls = spec.api.mutual_tls.as_ref()?;
                Some(&tls.certificate_arn)
            },
            at("api", "mutual_tls").attribute("certificate_arn"),
        ),
        (
            "function",
            |spec| spec.secrets.rotation_function_arn.as_ref(),
            at("secrets", "rotation_function_arn"),
        ),
    ];
    for (what, of, path) in brought {
        let arn = of(first).filter(|_| of(first) == of(second));
        let Some(region) = arn.and_then(|arn| arn.split(':').nth(3)) else {
            continue;
        };
        if region != here.region {
            error(
                diags,
                path,
                format!("A {what} of another region"),
                format!(
                    "The {what} is in {region} and the pipeline in {}. Write the ARN of a {what} in {}.",
                    here.region, here.region
                ),
            );
        }
    }
}

/// Refuses to make what an account can have one of where there is one.
pub fn singletons(diags: &mut Diagnostics, probes: [&Spec; 2], account: &AccountState) {
    for one in Singleton::ALL {
        if !probes.iter().all(|spec| one.is_in_the_way(spec, account)) {
            continue;
        }
        let found = one.found(account).unwrap_or_default();
        let (area, attribute) = one.attribute();
        let (what, _, _) = prerequisite(one);
        error(
            diags,
            AttributePath::new(area).attribute(attribute),
            format!("There is a {what} already"),
            format!(
                "{area}.{attribute} is \"managed\", and the account has {found}, which is not the pipeline's. Write \"existing\" to build on it."
            ),
        );
    }
}

/// Warns of what the pipeline builds on and the account has not, or has
/// switched off.
pub fn prerequisites(diags: &mut Diagnostics, probes: [&Spec; 2], account: &AccountState) {
    for one in Singleton::ALL {
        if probes.iter().all(|spec| one.is_stopped(spec, account)) {
            switched_off(diags, one, account);
        }
        if !probes.iter().all(|spec| one.is_missed(spec, account)) {
            continue;
        }
        let (area, attribute) = one.attribute();
        let (what, consequence, instead) = prerequisite(one);
        warning(
            diags,
            AttributePath::new(area).attribute(attribute),
            format!("The account lacks a {what}"),
            format!(
                "{consequence} {instead}, or write {area}.{attribute} = \"managed\" to have the pipeline make it, or \"none\" to do without."
            ),
        );
    }
}

/// Rules can be made for a recorder that does not record: they judge nothing.
fn switched_off(diags: &mut Diagnostics, one: Singleton, account: &AccountState) {
    let (area, attribute) = one.attribute();
    let (what, _, instead) = prerequisite(one);
    let consequence = match one {
        Singleton::Recorder => "it sees no change, so that the pipeline's rules judge nothing new",
        Singleton::Detector => {
            "there are no findings: nothing starts remediation and no threat is alerted of"
        }
        // These count as missing then.
        Singleton::Trail | Singleton::ApiLoggingRole => return,
    };
    let found = one.found(account).unwrap_or_default();
    warning(
        diags,
        AttributePath::new(area).attribute(attribute),
        format!("The account's {what} is switched off"),
        format!("It is {found}. While it is off {consequence}. {instead}."),
    );
}

/// What it is, what does not work without it, and what to switch on.
fn prerequisite(one: Singleton) -> (&'static str, &'static str, &'static str) {
    match one {
        Singleton::Recorder => (
            "Config recorder",
            "Without one AWS Config sees no change and takes no rule: nobody judges the pipeline's resources.",
            "Switch on recording in AWS Config for this region",
        ),
        Singleton::Detector => (
            "GuardDuty detector",
            "Without one there are no findings: nothing starts remediation and no threat is alerted of.",
            "Enable GuardDuty for this region",
        ),
        Singleton::Trail => (
            "trail that logs management events",
            "Without one EventBridge sees no API calls: their log stays empty and the alarms on it never fire.",
            "Create a trail with management events in CloudTrail",
        ),
        Singleton::ApiLoggingRole => (
            "role with which API Gateway writes logs",
            "Without one AWS takes no stage that logs: the API's access and execution logs are not written.",
            "Set a CloudWatch log role in the settings of API Gateway for this region",
        ),
    }
}

/// Refuses what would lose data, unless the user has said so.
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
        "What holds data would be deleted",
        format!(
            "These resources would be replaced or removed, and what is in them lost:\n{list}\n\n\
             Undo the change that causes it, or write allow_data_loss = true to accept the loss."
        ),
    );
}

/// What the template says that nobody could bring about: a `Ref` to what is not
/// in it, or a circle. The blueprint never does, so it is an override.
pub fn template_problems(diags: &mut Diagnostics, planned: &Planned) {
    for (id, problem) in &planned.plan.problems {
        error(
            diags,
            AttributePath::new("overrides").key(id.clone()),
            "Invalid override",
            format!("{id} {problem}. Mend the override of {id}, or the one of what refers to it."),
        );
    }
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

/// Refuses a version that counts up for passwords that are not there: the state
/// would say that they were put into their secrets.
pub fn passwords(diags: &mut Diagnostics, prior: &State, config: &State) {
    let version = &config.credential_passwords_wo_version;
    let counts = version.is_value() && *version != prior.credential_passwords_wo_version;
    if counts && config.credential_passwords_wo.is_null() {
        error(
            diags,
            AttributePath::new("credential_passwords_wo_version"),
            "There are no passwords of this version",
            "A version that changes puts the passwords of credential_passwords_wo into their secrets, and that is null. \
             Write the passwords, or leave the version as it was.",
        );
    }
}

/// Says what goes with a pipeline: the plan of a destroy is a list of names, and
/// says of none what is in it.
pub fn what_is_lost(diags: &mut Diagnostics, state: &State) {
    let storage = state.storage.as_ref_option();
    let brought = storage.is_some_and(|storage| storage.log_bucket_name.is_value());
    let emptied =
        storage.is_none_or(|storage| storage.force_destroy.as_ref_option() != Some(&false));
    let mut buckets = Vec::new();
    if let Some(names) = state.bucket_names.as_ref_option() {
        buckets = [&names.raw, &names.processed, &names.logs]
            .into_iter()
            .filter_map(|name| name.as_ref_option().cloned())
            .collect();
        buckets.truncate(if brought { 2 } else { 3 });
    }
    let buckets = buckets.join(", ");
    let table = state.audit_table_name.clone().unwrap_or_default();
    let encryption = state.encryption.as_ref_option();
    let days = encryption.and_then(|one| one.deletion_window_days.as_ref_option());
    let days = days.map_or_else(|| "some".to_owned(), ToString::to_string);
    let first = match emptied {
        true => format!(
            "The buckets {buckets} are emptied, every version of every document, and deleted; the secrets are deleted for good."
        ),
        false => format!(
            "Of the buckets {buckets} one that holds anything is kept, and the destroy ends with an error that names it; \
             the secrets can be restored for {days} days."
        ),
    };
    warning(
        diags,
        AttributePath::root(),
        "What the pipeline holds goes with it",
        format!(
            "{first} The audit table {table} is deleted with its rows, unless an override protects it, and the log groups with theirs. Its own keys can be saved for {days} days; \
             after that, nothing that they have encrypted can be read, backups included."
        ),
    );
}

pub fn is_protected(state: &State) -> bool {
    state.deletion_protection.as_ref_option() == Some(&true)
}

/// Refuses to destroy what is protected.
pub fn deletion_protection(diags: &mut Diagnostics, state: &State) -> Option<()> {
    if !is_protected(state) {
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
