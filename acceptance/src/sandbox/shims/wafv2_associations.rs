//! A web ACL guards a stage that API Gateway has: AssociateWebACL refuses
//! others (WAFNonexistentItemException), ListResourcesForWebACL lists the
//! stages, the stage shows its ACL (`webAclArn`), an ACL that guards something
//! is not deleted (WAFAssociatedItemException), and with the stage goes the
//! association
//! (<https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html>).
//! moto looks for stages in an API Gateway of its own, in which there are none,
//! associates anything, deletes ACLs in use and fails at the list.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::backend::Backend;
use super::{Place, place};
use crate::sandbox::reply::{self, Reply};
use crate::sandbox::request::Inbound;

pub const NAME: &str = "wafv2_associations";

/// By the stage's ARN, the ACL's.
#[derive(Default)]
pub struct Associations(Mutex<BTreeMap<Place, String>>);

impl Associations {
    /// Refuses, or lists.
    pub async fn answer(&self, backend: &Backend<'_>) -> Option<Reply> {
        let call = backend.call;
        if call.service != "wafv2" {
            return None;
        }
        let body = call.json();
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        match call.operation.as_str() {
            "AssociateWebACL" | "DisassociateWebACL" | "GetWebACLForResource" => {
                let path = stage_path(&text("ResourceArn"))?;
                let stage = backend.get("apigateway", &path).await;
                let message =
                    "AWS WAF couldn't perform the operation because your resource doesn't exist.";
                (!stage.status().is_success())
                    .then(|| reply::error(call, 400, "WAFNonexistentItemException", message))
            }
            "ListResourcesForWebACL" => {
                let kind = text("ResourceType");
                let stages = match kind.as_str() {
                    "API_GATEWAY" => self.stages(call, &text("WebACLArn")),
                    _ => Vec::new(),
                };
                Some(reply::json(call, &json!({ "ResourceArns": stages })))
            }
            "DeleteWebACL" => {
                let id = format!("/{}", text("Id"));
                let guards = super::lock(&self.0).values().any(|acl| acl.ends_with(&id));
                let message = "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's associated with another resource.";
                guards.then(|| reply::error(call, 400, "WAFAssociatedItemException", message))
            }
            _ => None,
        }
    }

    /// Remembers who guards what, and shows it at the stage.
    pub async fn correct(&self, backend: &Backend<'_>, reply: &Reply) -> Option<Reply> {
        let call = backend.call;
        if !reply.status().is_success() {
            return None;
        }
        let body = call.json();
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        match (call.service.as_str(), call.operation.as_str()) {
            ("wafv2", "AssociateWebACL") => {
                let stage = place(call, &text("ResourceArn"));
                super::lock(&self.0).insert(stage, text("WebACLArn"));
            }
            ("wafv2", "DisassociateWebACL") => {
                super::lock(&self.0).remove(&place(call, &text("ResourceArn")));
            }
            ("apigateway", "DeleteStage" | "DeleteRestApi") => self.forget(backend).await,
            ("apigateway", "GetStage" | "UpdateStage") => {
                let stage = place(call, &arn(call, &call.path));
                let acl = super::lock(&self.0).get(&stage).cloned()?;
                let mut shown = reply::body_json(reply);
                shown["webAclArn"] = acl.into();
                return Some(reply::with_body(reply.clone(), shown.to_string()));
            }
            _ => {}
        }
        None
    }

    fn stages(&self, call: &Inbound, acl: &str) -> Vec<String> {
        let (key, region, _) = place(call, "");
        let all = super::lock(&self.0);
        let here = all
            .iter()
            .filter(|((of, at, _), guard)| *of == key && *at == region && guard.as_str() == acl);
        here.map(|((_, _, stage), _)| stage.clone()).collect()
    }

    /// The associations of the stage, or of all stages of the API, that was deleted.
    async fn forget(&self, backend: &Backend<'_>) {
        let gone = place(backend.call, &arn(backend.call, &backend.call.path));
        let below = format!("{}/", gone.2);
        let forgotten: Vec<String> = super::lock(&self.0)
            .extract_if(.., |stage, _| {
                *stage == gone
                    || (&stage.0, &stage.1) == (&gone.0, &gone.1) && stage.2.starts_with(&below)
            })
            .map(|((_, _, stage), _)| stage)
            .collect();
        for stage in forgotten {
            let target = "AWSWAF_20190729.DisassociateWebACL";
            let body = json!({ "ResourceArn": stage });
            backend.json("wafv2", target, &body).await;
        }
    }

    pub fn reset(&self) {
        super::lock(&self.0).clear();
    }
}

/// `/restapis/abc/stages/prod` of the stage's ARN.
fn stage_path(arn: &str) -> Option<String> {
    let path = arn
        .starts_with("arn:")
        .then(|| arn.splitn(6, ':').nth(5))??;
    path.starts_with("/restapis/").then(|| path.to_owned())
}

fn arn(call: &Inbound, path: &str) -> String {
    format!("arn:aws:apigateway:{}::{path}", call.region)
}
