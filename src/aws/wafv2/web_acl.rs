//! `AWS::WAFv2::WebACL`.

use super::data_protection::DataProtectionConfig;
use super::rules::{self, Action, Rule, VisibilityConfig};
use super::{named, once, sdk_tags, tags_of};
use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_wafv2::types::{Scope, WebAcl as SdkWebAcl, WebAclSummary};
use serde::{Deserialize, Serialize};

/// `AWS::WAFv2::WebACL`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webacl.html>).
///
/// Ownership: our tags, which stand in `CreateWebACL` itself; a name is one of
/// its kind. Interruption: an update takes a lock token that only the next
/// read gives, so a repetition reads anew. Errors: someone else's change in
/// between, and a web ACL that a stage still has, are `Transient`.
pub(in crate::aws) struct WebAcl;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct WebAclProperties {
    name: String,
    scope: String,
    #[serde(default)]
    description: String,
    default_action: Action,
    #[serde(default)]
    rules: Vec<Rule>,
    visibility_config: VisibilityConfig,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data_protection_config: Option<DataProtectionConfig>,
    #[serde(default)]
    tags: Vec<Tag>,
}

const REGIONAL: &str = "REGIONAL";

impl WebAclProperties {
    /// AWS takes no empty description, but it may say nothing of it.
    fn said(&self) -> Option<String> {
        Some(self.description.clone()).filter(|text| !text.is_empty())
    }

    fn protection(&self) -> Outcome<Option<aws_sdk_wafv2::types::DataProtectionConfig>> {
        let config = self.data_protection_config.as_ref();
        config.map(DataProtectionConfig::to_sdk).transpose()
    }
}

#[async_trait]
impl ResourceType for WebAcl {
    const TYPE: &'static str = "AWS::WAFv2::WebACL";
    const CREATE_ONLY: &'static [&'static str] = &["Name", "Scope"];
    const REPLACEMENT: Replacement = Replacement::CreateFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Name", "Scope"]);

    type Properties = WebAclProperties;

    fn normalise(&self, properties: &mut WebAclProperties, _: &str) -> Result<(), String> {
        if properties.scope != REGIONAL {
            return Err(format!("Scope: must be {REGIONAL}"));
        }
        if !properties.default_action.is_default() {
            return Err("DefaultAction: must be Allow or Block".to_owned());
        }
        rules::normalise(&mut properties.rules);
        if let Some(config) = &mut properties.data_protection_config {
            config.normalise();
        }
        tags::normalise(&mut properties.tags)
    }

    fn check(&self, desired: &WebAclProperties) -> Result<(), String> {
        desired.rules.iter().try_for_each(Rule::is_supported)
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &WebAclProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "wafv2:CreateWebACL";
        let answer = clients
            .wafv2()
            .create_web_acl()
            .name(&desired.name)
            .scope(Scope::Regional)
            .set_description(desired.said())
            .default_action(desired.default_action.to_default())
            .set_rules(Some(sdk_rules(desired)?))
            .visibility_config(desired.visibility_config.to_sdk()?)
            .set_data_protection_config(desired.protection()?)
            .set_tags(Some(sdk_tags(
                OPERATION,
                &tags::for_create(cx, &desired.tags),
            )?))
            .customize()
            .config_override(once())
            .send()
            .await
            .creating(OPERATION)?;
        let summary = answer.summary.and_then(|summary| {
            let (id, arn) = (summary.id?, summary.arn?);
            Some(as_physical(&desired.name, &id, &arn))
        });
        summary.ok_or_else(|| {
            let message = "the answer holds no id";
            HandlerError::ours(ErrorKind::Ambiguous, OPERATION, message)
        })
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&WebAclProperties>,
    ) -> Outcome<Option<(Physical, WebAclProperties)>> {
        let Some((acl, _)) = get(clients, identifier).await? else {
            return Ok(None);
        };
        let Some(live_tags) = tags_of(clients, &acl.arn).await? else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "wafv2:ListTagsForResource",
            &named(&acl.arn),
            &live_tags,
        )?;
        let applied_tags = applied.map(|applied| applied.tags.as_slice());
        let physical = as_physical(&acl.name, &acl.id, &acl.arn);
        let live = WebAclProperties {
            name: acl.name,
            scope: REGIONAL.to_owned(),
            description: acl.description.unwrap_or_default(),
            default_action: Action::from_default(acl.default_action),
            rules: acl
                .rules
                .unwrap_or_default()
                .into_iter()
                .map(Rule::from_sdk)
                .collect(),
            visibility_config: VisibilityConfig::from_sdk(acl.visibility_config),
            data_protection_config: acl
                .data_protection_config
                .map(DataProtectionConfig::from_sdk),
            tags: tags::visible(&live_tags, applied_tags, clients.ignore_tags()),
        };
        Ok(Some((physical, live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &WebAclProperties,
        desired: &WebAclProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "wafv2:UpdateWebACL";
        let Some((acl, lock)) = get(clients, identifier).await? else {
            let message = format!("{} is not there", named(identifier));
            return Err(HandlerError::ours(ErrorKind::NotFound, OPERATION, message));
        };
        let mut change = current.clone();
        change.tags.clone_from(&desired.tags);
        if change != *desired {
            // It takes the whole of it, not what differs.
            clients
                .wafv2()
                .update_web_acl()
                .name(&acl.name)
                .scope(Scope::Regional)
                .id(&acl.id)
                .lock_token(lock)
                .set_description(desired.said())
                .default_action(desired.default_action.to_default())
                .set_rules(Some(sdk_rules(desired)?))
                .visibility_config(desired.visibility_config.to_sdk()?)
                .set_data_protection_config(desired.protection()?)
                .send()
                .await
                .during(OPERATION)?;
        }
        let change = TagChange::of(clients, &current.tags, &desired.tags);
        change_tags(clients, &acl.arn, change).await?;
        Ok(as_physical(&acl.name, &acl.id, &acl.arn))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "wafv2:DeleteWebACL";
        let Some((acl, lock)) = get(clients, identifier).await? else {
            return Ok(());
        };
        let live_tags = tags_of(clients, &acl.arn).await?;
        let live_tags = tags::of_what_is_there(live_tags, OPERATION, &named(&acl.arn))?;
        tags::require_ours(cx, OPERATION, &named(&acl.arn), &live_tags)?;
        let deleted = clients
            .wafv2()
            .delete_web_acl()
            .name(&acl.name)
            .scope(Scope::Regional)
            .id(&acl.id)
            .lock_token(lock)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &WebAclProperties,
    ) -> Outcome<Found> {
        let Some(summary) = list(clients, &desired.name).await? else {
            return Ok(Found::Absent);
        };
        let (id, arn) = (
            summary.id.unwrap_or_default(),
            summary.arn.unwrap_or_default(),
        );
        let identifier = as_physical(&desired.name, &id, &arn).identifier;
        Ok(match tags_of(clients, &arn).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(&arn), &identifier, &live_tags),
            None => Found::Absent,
        })
    }
}

fn sdk_rules(properties: &WebAclProperties) -> Outcome<Vec<aws_sdk_wafv2::types::Rule>> {
    properties.rules.iter().map(Rule::to_sdk).collect()
}

/// A web ACL with its lock token.
async fn get(clients: &Clients, identifier: &str) -> Outcome<Option<(SdkWebAcl, String)>> {
    const OPERATION: &str = "wafv2:GetWebACL";
    let parts: Vec<&str> = identifier.split('|').collect();
    let [name, id, _] = parts.as_slice() else {
        let message = format!("{identifier:?} is no name, id and scope");
        return Err(HandlerError::ours(ErrorKind::Invalid, OPERATION, message));
    };
    let answer = clients
        .wafv2()
        .get_web_acl()
        .name(*name)
        .id(*id)
        .scope(Scope::Regional)
        .send()
        .await
        .during(OPERATION);
    let answer = found(answer)?;
    Ok(answer.and_then(|answer| Some((answer.web_acl?, answer.lock_token?))))
}

/// The one of that name.
async fn list(clients: &Clients, name: &str) -> Outcome<Option<WebAclSummary>> {
    let mut marker = None;
    loop {
        let answer = clients
            .wafv2()
            .list_web_acls()
            .scope(Scope::Regional)
            .limit(100)
            .set_next_marker(marker)
            .send()
            .await
            .during("wafv2:ListWebACLs")?;
        let page = answer.web_acls.unwrap_or_default();
        let mut named = page.into_iter().filter(|acl| acl.name() == Some(name));
        if let Some(summary) = named.next() {
            return Ok(Some(summary));
        }
        marker = answer.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(None);
        }
    }
}

async fn change_tags(clients: &Clients, arn: &str, change: TagChange) -> Outcome<()> {
    if !change.set.is_empty() {
        const OPERATION: &str = "wafv2:TagResource";
        clients
            .wafv2()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(sdk_tags(OPERATION, &change.set)?))
            .send()
            .await
            .during(OPERATION)?;
    }
    if !change.remove.is_empty() {
        clients
            .wafv2()
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("wafv2:UntagResource")?;
    }
    Ok(())
}

fn as_physical(name: &str, id: &str, arn: &str) -> Physical {
    let identifier = format!("{name}|{id}|{REGIONAL}");
    physical(
        &identifier,
        &identifier,
        [("Arn", arn.to_owned()), ("Id", id.to_owned())],
    )
}
