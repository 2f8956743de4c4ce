//! Rules of security groups that name a group or a prefix list have a
//! description like those that name a CIDR. moto forgets it, and a new
//! description of a rule that is named by its id.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "ec2_rule_descriptions";

#[derive(Default)]
pub struct Descriptions(Mutex<BTreeMap<Place, String>>);

impl Descriptions {
    pub fn correct(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        if call.service != "ec2" || !reply.status().is_success() {
            return None;
        }
        match call.operation.as_str() {
            "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => {
                let text = asked(
                    call,
                    &[".Groups.1.Description", ".PrefixListIds.1.Description"],
                )?;
                let body = String::from_utf8_lossy(reply.body()).into_owned();
                let id = reply::element(&body, "securityGroupRuleId")?;
                super::lock(&self.0).insert(place(call, id), text);
                None
            }
            "UpdateSecurityGroupRuleDescriptionsIngress"
            | "UpdateSecurityGroupRuleDescriptionsEgress" => {
                let id = asked(call, &[".SecurityGroupRuleId"])?;
                let text = asked(call, &["1.Description"])?;
                super::lock(&self.0).insert(place(call, &id), text);
                None
            }
            "DescribeSecurityGroupRules" => self.put_back(call, reply),
            _ => None,
        }
    }

    fn put_back(&self, call: &Inbound, reply: &Reply) -> Option<Reply> {
        let mut body = String::from_utf8_lossy(reply.body()).into_owned();
        let mut changed = false;
        for ((key, region, id), text) in super::lock(&self.0).iter() {
            let id = format!("<securityGroupRuleId>{id}</securityGroupRuleId>");
            if (key, region) == (&call.access_key, &call.region) && body.contains(&id) {
                let told = format!("{id}<description>{}</description>", reply::escape(text));
                body = body.replace(&id, &told);
                changed = true;
            }
        }
        changed.then(|| reply::with_body(reply.clone(), body))
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}

/// The field whose name ends so.
fn asked(call: &Inbound, endings: &[&str]) -> Option<String> {
    let ends = |name: &str| endings.iter().any(|ending| name.ends_with(ending));
    let fields = call.fields().into_iter();
    let mut named = fields.filter(|(name, _)| ends(name));
    named.next().map(|(_, value)| value)
}
