//! `AWS::SSM::Parameter`.

use crate::aws::clients::Clients;
use crate::aws::error::{HandlerResultExt, found};
use crate::aws::resource_type::{Outcome, ResourceType, physical};
use crate::aws::tags::{self, Tag, TagChange, TagMap};
use crate::engine::{Context, ErrorKind, Found, HandlerError, Physical, Replacement};
use async_trait::async_trait;
use aws_sdk_ssm::types::{
    ParameterMetadata, ParameterStringFilter, ParameterTier, ParameterType,
    ResourceTypeForTagging as Tagged, Tag as SdkTag,
};
use aws_smithy_types::retry::RetryConfig;
use serde::{Deserialize, Serialize};

const TIERING: &str = "Intelligent-Tiering";

/// `AWS::SSM::Parameter`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html>),
/// of type `String`. CloudFormation writes these tags as a map.
///
/// Ownership: our tags, which stand in `PutParameter` itself; it takes none
/// together with an overwrite, so later ones are calls of their own.
/// Interruption: every call may be made again. A parameter that has grown into
/// the advanced tier stays there: `Intelligent-Tiering` is satisfied by both.
pub(in crate::aws) struct Parameter;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::aws) struct ParameterProperties {
    name: String,
    r#type: String,
    value: String,
    #[serde(default)]
    description: String,
    #[serde(default = "standard")]
    tier: String,
    #[serde(default)]
    tags: TagMap,
}

fn standard() -> String {
    ParameterTier::Standard.as_str().to_owned()
}

impl ParameterProperties {
    fn tag_list(&self) -> Vec<Tag> {
        let tags = self.tags.iter();
        tags.map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
    }
}

#[async_trait]
impl ResourceType for Parameter {
    const TYPE: &'static str = "AWS::SSM::Parameter";
    const CREATE_ONLY: &'static [&'static str] = &["Name", "Type"];
    const REPLACEMENT: Replacement = Replacement::DeleteFirst;
    const FOUND_BY: Option<&'static [&'static str]> = Some(&["Name"]);

    type Properties = ParameterProperties;

    fn normalise(&self, properties: &mut ParameterProperties, _: &str) -> Result<(), String> {
        if properties.r#type != "String" {
            return Err(format!("Type: {:?} must be String", properties.r#type));
        }
        tags::normalise(&mut properties.tag_list())
    }

    async fn create(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ParameterProperties,
    ) -> Outcome<Physical> {
        const OPERATION: &str = "ssm:PutParameter";
        let live_tags = tags::for_create(cx, &desired.tag_list());
        let mut call = clients
            .ssm()
            .put_parameter()
            .name(&desired.name)
            .r#type(ParameterType::String)
            .tier(ParameterTier::from(desired.tier.as_str()))
            .value(&desired.value)
            .overwrite(false)
            .set_tags(Some(sdk_tags(OPERATION, &live_tags)?));
        if !desired.description.is_empty() {
            call = call.description(&desired.description);
        }
        let once = aws_sdk_ssm::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.customize().config_override(once);
        call.send().await.creating(OPERATION)?;
        Ok(as_physical(&desired.name, &desired.value))
    }

    async fn read(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        applied: Option<&ParameterProperties>,
    ) -> Outcome<Option<(Physical, ParameterProperties)>> {
        let (value, live_tags, metadata) = tokio::try_join!(
            value_of(clients, identifier),
            tags_of(clients, identifier),
            metadata_of(clients, identifier),
        )?;
        let (Some(value), Some(live_tags)) = (value, live_tags) else {
            return Ok(None);
        };
        tags::require_ours(
            cx,
            "ssm:ListTagsForResource",
            &named(identifier),
            &live_tags,
        )?;
        let applied_tags = applied.map(ParameterProperties::tag_list);
        // The list lags behind the value: what it does not show yet is not "no
        // description".
        let Some(metadata) = metadata else {
            let message = format!("{} is not listed yet", named(identifier));
            let operation = "ssm:DescribeParameters";
            return Err(HandlerError::ours(ErrorKind::Transient, operation, message));
        };
        let (description, tier) = (metadata.description, metadata.tier);
        let tier = tier.map(|tier| tier.as_str().to_owned());
        let live = ParameterProperties {
            name: identifier.to_owned(),
            r#type: ParameterType::String.as_str().to_owned(),
            value: value.clone(),
            description: description.unwrap_or_default(),
            tier: match applied {
                Some(applied) if applied.tier == TIERING => TIERING.to_owned(),
                _ => tier.unwrap_or_else(standard),
            },
            tags: tags::to_map(&tags::visible(
                &live_tags,
                applied_tags.as_deref(),
                clients.ignore_tags(),
            )),
        };
        Ok(Some((as_physical(identifier, &value), live)))
    }

    async fn update(
        &self,
        _cx: &Context<'_>,
        clients: &Clients,
        identifier: &str,
        current: &ParameterProperties,
        desired: &ParameterProperties,
    ) -> Outcome<Physical> {
        if (&current.value, &current.description, &current.tier)
            != (&desired.value, &desired.description, &desired.tier)
        {
            clients
                .ssm()
                .put_parameter()
                .name(identifier)
                .r#type(ParameterType::String)
                .tier(ParameterTier::from(desired.tier.as_str()))
                .value(&desired.value)
                .description(&desired.description)
                .overwrite(true)
                .send()
                .await
                .during("ssm:PutParameter")?;
        }
        change_tags(clients, identifier, current, desired).await?;
        Ok(as_physical(identifier, &desired.value))
    }

    async fn delete(&self, cx: &Context<'_>, clients: &Clients, identifier: &str) -> Outcome<()> {
        const OPERATION: &str = "ssm:DeleteParameter";
        let Some(live_tags) = tags_of(clients, identifier).await? else {
            return Ok(());
        };
        tags::require_ours(cx, OPERATION, &named(identifier), &live_tags)?;
        let deleted = clients.ssm().delete_parameter().name(identifier).send();
        found(deleted.await.during(OPERATION)).map(drop)
    }

    async fn find(
        &self,
        cx: &Context<'_>,
        clients: &Clients,
        desired: &ParameterProperties,
    ) -> Outcome<Found> {
        let name = &desired.name;
        Ok(match tags_of(clients, name).await? {
            Some(live_tags) => tags::stranger_or(cx, &named(name), name, &live_tags),
            None => Found::Absent,
        })
    }
}

fn named(name: &str) -> String {
    format!("the parameter {name}")
}

fn as_physical(name: &str, value: &str) -> Physical {
    let attributes = [("Type", "String".to_owned()), ("Value", value.to_owned())];
    physical(name, name, attributes)
}

async fn value_of(clients: &Clients, name: &str) -> Outcome<Option<String>> {
    let answer = clients.ssm().get_parameter().name(name).send().await;
    let answer = found(answer.during("ssm:GetParameter"))?;
    let parameter = answer.and_then(|answer| answer.parameter);
    Ok(parameter.map(|parameter| parameter.value.unwrap_or_default()))
}

/// Description and tier, which only this call says.
async fn metadata_of(clients: &Clients, name: &str) -> Outcome<Option<ParameterMetadata>> {
    const OPERATION: &str = "ssm:DescribeParameters";
    let filter = ParameterStringFilter::builder()
        .key("Name")
        .option("Equals")
        .values(name)
        .build()
        .map_err(|error| HandlerError::ours(ErrorKind::Other, OPERATION, error.to_string()))?;
    let mut token = None;
    loop {
        let page = clients
            .ssm()
            .describe_parameters()
            .parameter_filters(filter.clone())
            .set_next_token(token)
            .send()
            .await
            .during(OPERATION)?;
        let mut listed = page.parameters.unwrap_or_default().into_iter();
        let metadata = listed.find(|metadata| metadata.name.as_deref() == Some(name));
        // A page may be empty and not the last.
        token = page.next_token.filter(|token| !token.is_empty());
        if metadata.is_some() || token.is_none() {
            return Ok(metadata);
        }
    }
}

async fn tags_of(clients: &Clients, name: &str) -> Outcome<Option<TagMap>> {
    let answer = clients
        .ssm()
        .list_tags_for_resource()
        .resource_type(Tagged::Parameter)
        .resource_id(name)
        .send()
        .await
        .during("ssm:ListTagsForResource");
    Ok(found(answer)?.map(|answer| {
        let tags = answer.tag_list.unwrap_or_default().into_iter();
        tags.map(|tag| (tag.key, tag.value)).collect()
    }))
}

fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<SdkTag>> {
    tags.iter()
        .map(|(key, value)| {
            let tag = SdkTag::builder().key(key).value(value).build();
            tag.map_err(|e| HandlerError::ours(ErrorKind::Invalid, operation, e.to_string()))
        })
        .collect()
}

async fn change_tags(
    clients: &Clients,
    name: &str,
    current: &ParameterProperties,
    desired: &ParameterProperties,
) -> Outcome<()> {
    const OPERATION: &str = "ssm:AddTagsToResource";
    let change = TagChange::of(clients, &current.tag_list(), &desired.tag_list());
    if !change.set.is_empty() {
        clients
            .ssm()
            .add_tags_to_resource()
            .resource_type(Tagged::Parameter)
            .resource_id(name)
            .set_tags(Some(sdk_tags(OPERATION, &change.set)?))
            .send()
            .await
            .during(OPERATION)?;
    }
    if !change.remove.is_empty() {
        clients
            .ssm()
            .remove_tags_from_resource()
            .resource_type(Tagged::Parameter)
            .resource_id(name)
            .set_tag_keys(Some(change.remove))
            .send()
            .await
            .during("ssm:RemoveTagsFromResource")?;
    }
    Ok(())
}
