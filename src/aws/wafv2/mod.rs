//! WAFv2, regional. A web ACL carries tags; its association and its logging
//! are ours when it is.

mod data_protection;
mod logging_configuration;
mod rules;
mod web_acl;
mod web_acl_association;

use super::clients::Clients;
use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::{self, Ownership, TagMap};
use crate::engine::{Context, ErrorKind, Found, Handler, HandlerError};
use aws_sdk_wafv2::config::Builder;
use aws_sdk_wafv2::error::BuildError;
use aws_sdk_wafv2::types::Tag;
use aws_smithy_types::retry::RetryConfig;
use std::sync::Arc;

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![
        Typed::handler(context, logging_configuration::LoggingConfiguration),
        Typed::handler(context, web_acl::WebAcl),
        Typed::handler(context, web_acl_association::WebAclAssociation),
    ]
}

/// For calls that make something: whether one did is the engine's question.
fn once() -> Builder {
    Builder::new().retry_config(RetryConfig::disabled())
}

fn incomplete(operation: &str, error: &BuildError) -> HandlerError {
    HandlerError::ours(ErrorKind::Invalid, operation, error.to_string())
}

/// The tags of a web ACL; `None` when there is none of that ARN.
async fn tags_of(clients: &Clients, web_acl_arn: &str) -> Outcome<Option<TagMap>> {
    const OPERATION: &str = "wafv2:ListTagsForResource";
    let mut all = TagMap::new();
    let mut marker = None;
    loop {
        let answer = clients
            .wafv2()
            .list_tags_for_resource()
            .resource_arn(web_acl_arn)
            .set_next_marker(marker)
            .send()
            .await
            .during(OPERATION);
        let Some(answer) = found(answer)? else {
            return Ok(None);
        };
        let listed = answer.tag_info_for_resource.and_then(|info| info.tag_list);
        let pairs = listed.unwrap_or_default().into_iter();
        all.extend(pairs.map(|tag| (tag.key, tag.value)));
        marker = answer.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            return Ok(Some(all));
        }
    }
}

fn sdk_tags(operation: &str, tags: &TagMap) -> Outcome<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| incomplete(operation, &error))
        })
        .collect()
}

/// Whose something is that hangs on a web ACL.
async fn found_on(
    cx: &Context<'_>,
    clients: &Clients,
    web_acl_arn: &str,
    identifier: &str,
) -> Outcome<Found> {
    let Some(live_tags) = tags_of(clients, web_acl_arn).await? else {
        return Ok(Found::Absent);
    };
    Ok(match tags::ownership(cx, &live_tags) {
        // The tags are the web ACL's: its logical id is another.
        Ownership::Ours | Ownership::Sibling(_) => Found::Ours(vec![identifier.to_owned()]),
        Ownership::Stranger(why) => Found::Stranger(format!("{} {why}", named(web_acl_arn))),
    })
}

fn named(web_acl_arn: &str) -> String {
    format!("the web ACL {web_acl_arn}")
}
