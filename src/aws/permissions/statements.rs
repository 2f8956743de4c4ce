//! Grants as the statements of a policy: as few as say exactly the same.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Texts = BTreeSet<String>;
type When = BTreeMap<String, Texts>;

/// Actions that are allowed on resources, where all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    actions: Texts,
    resources: Texts,
    when: When,
}

impl Grant {
    pub fn new(
        actions: &[&str],
        resources: Vec<String>,
        when: BTreeMap<String, Vec<String>>,
    ) -> Self {
        Self {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resources: resources.into_iter().collect(),
            when: when
                .into_iter()
                .map(|(key, values)| (key, values.into_iter().collect()))
                .collect(),
        }
    }

    /// Whether another allows all of it.
    fn is_within(&self, other: &Self) -> bool {
        self.when == other.when
            && self.actions.is_subset(&other.actions)
            && self.resources.is_subset(&other.resources)
    }
}

/// The policy that allows all of the grants and nothing else.
pub(super) fn document(grants: Vec<Grant>) -> Value {
    let mut counts = BTreeMap::new();
    let merged = merged(grants);
    let statements = merged.iter().map(|grant| statement(grant, &mut counts));
    json!({
        "Version": "2012-10-17",
        "Statement": statements.collect::<Vec<_>>(),
    })
}

/// Values of the one condition of otherwise equal grants go together, then
/// resources that allow the same, then actions on the same resources, then
/// resources once more: none of it allows more than before.
fn merged(grants: Vec<Grant>) -> Vec<Grant> {
    let grants = by_actions(by_resources(by_actions(by_condition(grants))));
    let needed = |(index, grant): &(usize, &Grant)| {
        let mut others = grants.iter().enumerate();
        !others.any(|(other, wider)| other != *index && grant.is_within(wider))
    };
    let needed = grants.iter().enumerate().filter(needed);
    needed.map(|(_, grant)| grant.clone()).collect()
}

/// Where there are more conditions than one, all hold at once, and their values
/// are not each other's.
fn by_condition(grants: Vec<Grant>) -> Vec<Grant> {
    let mut same: BTreeMap<(Texts, Texts, Vec<String>), When> = BTreeMap::new();
    let (one, mut kept): (Vec<Grant>, Vec<Grant>) =
        grants.into_iter().partition(|grant| grant.when.len() == 1);
    for grant in one {
        let keys = grant.when.keys().cloned().collect();
        let when = same
            .entry((grant.actions, grant.resources, keys))
            .or_default();
        for (key, values) in grant.when {
            when.entry(key).or_default().extend(values);
        }
    }
    kept.extend(
        same.into_iter()
            .map(|((actions, resources, _), when)| Grant {
                actions,
                resources,
                when,
            }),
    );
    kept
}

fn by_actions(grants: Vec<Grant>) -> Vec<Grant> {
    let mut same: BTreeMap<(Texts, When), Texts> = BTreeMap::new();
    for grant in grants {
        let resources = same.entry((grant.actions, grant.when)).or_default();
        resources.extend(grant.resources);
    }
    let grants = same.into_iter().map(|((actions, when), resources)| Grant {
        actions,
        resources,
        when,
    });
    grants.collect()
}

fn by_resources(grants: Vec<Grant>) -> Vec<Grant> {
    let mut same: BTreeMap<(Texts, When), Texts> = BTreeMap::new();
    for grant in grants {
        let actions = same.entry((grant.resources, grant.when)).or_default();
        actions.extend(grant.actions);
    }
    let grants = same.into_iter().map(|((resources, when), actions)| Grant {
        actions,
        resources,
        when,
    });
    grants.collect()
}

fn statement(grant: &Grant, counts: &mut BTreeMap<String, usize>) -> Value {
    let service = service_of(grant);
    let count = counts.entry(service.clone()).or_default();
    *count += 1;
    let mut statement = json!({
        "Sid": format!("{service}Access{count}"),
        "Effect": "Allow",
        "Action": few(&grant.actions),
        "Resource": few(&grant.resources),
    });
    if !grant.when.is_empty() {
        let mut operators: BTreeMap<&str, BTreeMap<&String, Value>> = BTreeMap::new();
        for (key, values) in &grant.when {
            // A name that could not be told stands as a star in its place.
            let operator = match values.iter().any(|value| value.contains('*')) {
                true => "StringLike",
                false => "StringEquals",
            };
            let keys = operators.entry(operator).or_default();
            keys.insert(key, few(values));
        }
        statement["Condition"] = json!(operators);
    }
    statement
}

/// What a statement is called after: its service, or that it is of several.
fn service_of(grant: &Grant) -> String {
    let services = grant.actions.iter().filter_map(|action| {
        let (service, _) = action.split_once(':')?;
        Some(service)
    });
    let services: BTreeSet<&str> = services.collect();
    let mut letters = match (services.first(), services.len()) {
        (Some(service), 1) => service.chars(),
        _ => "several".chars(),
    };
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// One text stands alone.
fn few(texts: &Texts) -> Value {
    match (texts.first(), texts.len()) {
        (Some(text), 1) => json!(text),
        _ => json!(texts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(actions: &[&str], resource: &str) -> Grant {
        Grant::new(actions, vec![resource.to_owned()], BTreeMap::new())
    }

    #[test]
    fn statements_are_merged_where_that_allows_nothing_more() {
        let policy = document(vec![
            grant(&["s3:A", "s3:B"], "one"),
            grant(&["s3:A", "s3:B"], "two"),
            grant(&["s3:C"], "one"),
            grant(&["s3:C"], "two"),
            grant(&["s3:A"], "two"),
            grant(&["s3:D"], "one"),
        ]);
        let expected = json!([
            { "Sid": "S3Access1", "Effect": "Allow", "Action": ["s3:A", "s3:B", "s3:C"], "Resource": ["one", "two"] },
            { "Sid": "S3Access2", "Effect": "Allow", "Action": "s3:D", "Resource": "one" },
        ]);
        assert_eq!(policy["Statement"], expected);
    }

    #[test]
    fn values_of_one_condition_are_alternatives() {
        let of = |value: &str| {
            let when = BTreeMap::from([("iam:PolicyARN".to_owned(), vec![value.to_owned()])]);
            Grant::new(&["iam:A"], vec!["*".to_owned()], when)
        };
        let policy = document(vec![of("one"), of("two")]);
        assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            policy["Statement"][0]["Condition"],
            json!({ "StringEquals": { "iam:PolicyARN": ["one", "two"] } })
        );
    }

    #[test]
    fn another_condition_is_another_statement() {
        let when = BTreeMap::from([("aws:ResourceTag/x".to_owned(), vec!["y".to_owned()])]);
        let narrow = Grant::new(&["kms:A"], vec!["one".to_owned()], when);
        let policy = document(vec![grant(&["kms:A"], "one"), narrow]);
        assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            policy["Statement"][1]["Condition"],
            json!({ "StringEquals": { "aws:ResourceTag/x": "y" } })
        );
    }
}
