//! Whom the statements of a resource's policy let in.

use super::subject::{at, list, many, show, texts};
use serde_json::Value;

const EVERYBODY: &str = "*";

/// One of those whom a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Principal<'a> {
    /// `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub kind: &'a str,
    pub name: &'a str,
}

impl Principal<'_> {
    /// Whether it is an account, or a user, role or session of it.
    pub fn is_of(&self, account: &str) -> bool {
        self.kind == "AWS" && (self.name == account || account_of(self.name) == Some(account))
    }
}

/// Who makes the request that a condition is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Whoever it is: what AWS says of it counts, and nothing that it says
    /// itself.
    Anybody,
    /// A service of AWS, which says itself for what it acts.
    Service,
    /// A service that need not say for whom it acts, as EventBridge.
    SilentService,
}

/// The account in an ARN; empty in those of buckets.
pub(super) fn account_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    match parts.next() {
        Some("arn") => parts.nth(3),
        _ => None,
    }
}

/// The statements of a document that allow something.
pub(super) fn allowing(document: &Value) -> impl Iterator<Item = &Value> {
    many(at(document, "Statement"))
        .into_iter()
        .filter(|statement| at(statement, "Effect").as_str() == Some("Allow"))
}

/// Whom a statement is about; everybody too where it is about all but some.
pub(super) fn admitted(statement: &Value) -> Vec<Principal<'_>> {
    let mut found: Vec<Principal<'_>> = match at(statement, "Principal") {
        Value::Object(kinds) => kinds
            .iter()
            .flat_map(|(kind, names)| {
                let names = texts(names).into_iter();
                names.map(move |name| Principal {
                    kind: kind.as_str(),
                    name,
                })
            })
            .collect(),
        other => texts(other)
            .into_iter()
            .map(|name| Principal { kind: "AWS", name })
            .collect(),
    };
    if statement.get("NotPrincipal").is_some() {
        found.push(Principal {
            kind: "AWS",
            name: EVERYBODY,
        });
    }
    found
}

/// Whether it is about everybody, or everybody but some.
pub(super) fn is_everybody(statement: &Value) -> bool {
    admitted(statement).iter().any(|one| one.name == EVERYBODY)
}

/// Whether a statement holds for an account and things of it alone: one line of
/// its condition lets through no value that is of another. Accounts of an
/// organization are other accounts.
pub(super) fn names_account(statement: &Value, account: &str, caller: Caller) -> bool {
    conditions(statement)
        .any(|(operator, key, values)| binds(operator, key, values, account, caller))
}

/// The lines of a statement's condition: operator, key and values.
fn conditions(statement: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let operators = at(statement, "Condition").as_object();
    operators
        .into_iter()
        .flatten()
        .filter_map(|(operator, lines)| Some((operator, lines.as_object()?)))
        .flat_map(|(operator, lines)| {
            lines
                .iter()
                .map(move |(key, values)| (operator.as_str(), key.as_str(), values))
        })
}

/// Whether one line of a statement's condition is this one, and asks for one
/// value. Keys are the same in capitals and small letters.
pub(super) fn asks(statement: &Value, operator: &str, key: &str, value: &str) -> bool {
    conditions(statement).any(|line| is_line(line, operator, key, value))
}

/// Whether that is all that a statement's condition asks.
pub(super) fn asks_only(statement: &Value, operator: &str, key: &str, value: &str) -> bool {
    conditions(statement).count() == 1 && asks(statement, operator, key, value)
}

fn is_line(line: (&str, &str, &Value), operator: &str, key: &str, value: &str) -> bool {
    let (its_operator, its_key, values) = line;
    // IAM takes the JSON value for its text: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    let is = |one: &Value| show(one) == value;
    its_operator == operator
        && its_key.eq_ignore_ascii_case(key)
        && matches!(many(values).as_slice(), [one] if is(one))
}

/// Negated operators and sets (`ForAllValues`) hold for a request without the
/// key, and `IfExists` says that it may be without.
fn binds(operator: &str, key: &str, values: &Value, account: &str, caller: Caller) -> bool {
    const TEXTS: [&str; 3] = ["StringEquals", "StringEqualsIgnoreCase", "StringLike"];
    const PARTS: [&str; 2] = ["ArnEquals", "ArnLike"];
    const ACCOUNTS: [&str; 3] = [
        "aws:principalaccount",
        "aws:sourceaccount",
        "kms:calleraccount",
    ];
    const ARNS: [&str; 2] = ["aws:principalarn", "aws:sourcearn"];
    const CONTEXT: &str = "kms:encryptioncontext:";
    let key = key.to_ascii_lowercase();
    let (operator, silent) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    if silent && !(caller == Caller::SilentService && key.starts_with("aws:source")) {
        return false;
    }
    let by_parts = PARTS.contains(&operator);
    if !by_parts && !TEXTS.contains(&operator) {
        return false;
    }
    // A caller gives KMS what context it likes; a service gives what it acts for.
    let is_arn =
        ARNS.contains(&key.as_str()) || (caller != Caller::Anybody && key.starts_with(CONTEXT));
    let is_account = ACCOUNTS.contains(&key.as_str());
    let values = many(values);
    let of_account = |value: &Value| match value.as_str() {
        Some(text) if is_account => text == account,
        Some(text) if is_arn => account_of(text) == Some(account) && (by_parts || is_plain(text)),
        _ => false,
    };
    !values.is_empty() && values.into_iter().all(of_account)
}

/// Whether the account of an ARN stands where it does in every text that the
/// ARN is a pattern for: a wildcard before it, in a text, takes in colons too.
fn is_plain(arn: &str) -> bool {
    arn.split(':')
        .take(4)
        .all(|part| !part.contains(['*', '?']))
}

/// Whom a statement lets in who is neither of an account nor a service that
/// acts for it.
fn outsiders<'a>(statement: &'a Value, account: &str) -> Vec<Principal<'a>> {
    let bound = |caller| names_account(statement, account, caller);
    let mut found = admitted(statement);
    found.retain(|one| match (one.kind, one.name) {
        (_, EVERYBODY) => !bound(Caller::Anybody),
        ("Service", _) => !bound(Caller::Service),
        _ => !one.is_of(account),
    });
    found
}

/// Whom a document lets in from outside of an account and who is not known,
/// with the statement that does.
pub(super) fn strangers(
    document: &Value,
    account: &str,
    known: impl Fn(&Principal<'_>) -> bool,
) -> Vec<String> {
    allowing(document)
        .filter_map(|statement| {
            let mut others = outsiders(statement, account);
            others.retain(|one| !known(one));
            (!others.is_empty()).then(|| told(statement, &others))
        })
        .collect()
}

/// `arn:aws:iam::111122223333:root by Partner`
pub(super) fn told(statement: &Value, who: &[Principal<'_>]) -> String {
    let names: Vec<&str> = who
        .iter()
        .map(|one| match one.name {
            EVERYBODY => "everybody",
            name => name,
        })
        .collect();
    let names = list(&names);
    match at(statement, "Sid").as_str() {
        Some(sid) => format!("{names} by {sid}"),
        None => names,
    }
}
