//! A subscription by e-mail is pending until somebody clicks the link: Subscribe
//! answers "pending confirmation" (unless ReturnSubscriptionArn), lists show
//! PendingConfirmation instead of an ARN, attributes say so, and it cannot be
//! unsubscribed. ministack confirms e-mail at once.
//!
//! `POST /_sandbox/confirm` is the click.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "sns_email_confirmation";

#[derive(Default)]
pub struct Confirmations(Mutex<State>);

#[derive(Default)]
struct State {
    /// ARNs of pending subscriptions, with their e-mail addresses.
    pending: BTreeSet<(String, String)>,
    /// ARNs of those that somebody has confirmed: subscribing again finds them.
    confirmed: BTreeSet<String>,
}

impl Confirmations {
    /// Somebody reads their mail and clicks, for every topic.
    pub fn confirm(&self, endpoint: &str) {
        let mut state = super::lock(&self.0);
        let (clicked, pending) = std::mem::take(&mut state.pending)
            .into_iter()
            .partition(|(_, address)| address == endpoint);
        state.pending = pending;
        let clicked: BTreeSet<(String, String)> = clicked;
        state
            .confirmed
            .extend(clicked.into_iter().map(|(arn, _)| arn));
    }

    pub fn reset(&self) {
        *super::lock(&self.0) = State::default();
    }

    fn is_pending(&self, arn: &str) -> bool {
        super::lock(&self.0)
            .pending
            .iter()
            .any(|(pending, _)| pending == arn)
    }

    pub fn refuse(&self, call: &Inbound) -> Option<Reply> {
        if !call.is("sns", &["Unsubscribe"]) {
            return None;
        }
        let arn = call.field("SubscriptionArn")?;
        let reason = if !arn.starts_with("arn:") {
            "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"
        } else if self.is_pending(&arn) {
            "This subscription is pending confirmation"
        } else {
            return None;
        };
        Some(reply::error(
            call,
            400,
            "InvalidParameter",
            &format!("Invalid parameter: {reason}"),
        ))
    }

    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if call.service != "sns" || !reply.status().is_success() {
            return None;
        }
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        let changed = match call.operation.as_str() {
            "Subscribe" => self.subscribed(call, &text)?,
            "ListSubscriptions" | "ListSubscriptionsByTopic" => self.listed(&text),
            "GetSubscriptionAttributes" => self.described(call, &text)?,
            "GetTopicAttributes" => self.counted(call, &text)?,
            "DeleteTopic" => {
                let topic = format!("{}:", call.field("TopicArn")?);
                super::lock(&self.0)
                    .pending
                    .retain(|(arn, _)| !arn.starts_with(&topic));
                return None;
            }
            _ => return None,
        };
        (changed != text).then(|| reply::with_body(reply.clone(), changed))
    }

    fn subscribed(&self, call: &Inbound, text: &str) -> Option<String> {
        let protocol = call.field("Protocol")?;
        if !protocol.starts_with("email") {
            return None;
        }
        let arn = reply::element(text, "SubscriptionArn")?.to_owned();
        let endpoint = call.field("Endpoint")?;
        let mut state = super::lock(&self.0);
        if state.confirmed.contains(&arn) {
            return None;
        }
        state.pending.insert((arn.clone(), endpoint));
        if call.field("ReturnSubscriptionArn").as_deref() == Some("true") {
            return None;
        }
        Some(text.replace(&arn, "pending confirmation"))
    }

    fn listed(&self, text: &str) -> String {
        let state = super::lock(&self.0);
        state
            .pending
            .iter()
            .fold(text.to_owned(), |text, (arn, _)| {
                text.replace(
                    &format!("<SubscriptionArn>{arn}<"),
                    "<SubscriptionArn>PendingConfirmation<",
                )
            })
    }

    fn described(&self, call: &Inbound, text: &str) -> Option<String> {
        if !self.is_pending(&call.field("SubscriptionArn")?) {
            return None;
        }
        Some(set_entry(
            &set_entry(text, "PendingConfirmation", "true"),
            "ConfirmationWasAuthenticated",
            "false",
        ))
    }

    fn counted(&self, call: &Inbound, text: &str) -> Option<String> {
        let topic = format!("{}:", call.field("TopicArn")?);
        let pending = super::lock(&self.0)
            .pending
            .iter()
            .filter(|(arn, _)| arn.starts_with(&topic))
            .count();
        let confirmed: usize = entry(text, "SubscriptionsConfirmed")?.parse().ok()?;
        let text = set_entry(text, "SubscriptionsPending", &pending.to_string());
        Some(set_entry(
            &text,
            "SubscriptionsConfirmed",
            &confirmed.saturating_sub(pending).to_string(),
        ))
    }
}

/// The value of an entry of an attribute map in XML.
pub fn entry<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<key>{key}</key>"))?;
    reply::element(rest, "value")
}

fn set_entry(text: &str, key: &str, value: &str) -> String {
    let mark = format!("<key>{key}</key>");
    let Some((before, after)) = text.split_once(&mark) else {
        return text.to_owned();
    };
    let Some((_, rest)) = after.split_once("</value>") else {
        return text.to_owned();
    };
    format!("{before}{mark}<value>{value}</value>{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_an_attribute_map_are_read_and_replaced() {
        let text = "<entry><key>A</key><value>1</value></entry><entry><key>B</key><value>2</value></entry>";
        assert_eq!(entry(text, "B"), Some("2"));
        assert_eq!(
            set_entry(text, "A", "3"),
            "<entry><key>A</key><value>3</value></entry><entry><key>B</key><value>2</value></entry>"
        );
        assert_eq!(set_entry(text, "C", "3"), text);
    }
}
