//! The manifest as a parameter of Systems Manager: the first thing of a
//! pipeline that exists and the last that goes. It is no template resource,
//! since it must be there before the template is begun.

mod parameter;

use parameter::Parameter;

use super::context::AwsContext;
use super::error::{HandlerResultExt, found};
use super::resource_type::{Outcome, Typed};
use super::tags::TagMap;
use crate::engine::manifest::FORMAT;
use crate::engine::{
    ErrorKind, Handler, HandlerError, Manifest, ManifestStore, TAG_LOGICAL_ID, TAG_PIPELINE,
    TAG_PROVIDER_VERSION,
};
use async_trait::async_trait;
use aws_sdk_ssm::types::{ParameterTier, ParameterType, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::sync::Arc;

/// What a parameter of the standard tier holds; above it AWS charges
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>).
const STANDARD_LIMIT: usize = 4096;
/// What a parameter of the advanced tier holds.
const ADVANCED_LIMIT: usize = 8192;
/// A manifest is a few kilobytes; more than this is not one.
const READABLE_LIMIT: u64 = 1 << 20;
/// Before a compressed value; JSON cannot begin with it.
const COMPRESSED: &str = "gzip+base64:";
const LOGICAL_ID: &str = "Manifest";

/// The manifest of one pipeline, at `/tap/<name>-<suffix>/manifest`.
///
/// Interruption: `create` and `save` are one call each. A create whose answer
/// was lost is told from a stranger's by the incarnation. Errors:
/// `AlreadyExists` when another incarnation's manifest is there; `Invalid`
/// when the spec is too long even compressed, or the parameter holds
/// something else; `Stranger` when another pipeline's manifest would be
/// deleted.
pub struct ParameterManifest {
    context: Arc<AwsContext>,
    pipeline: String,
    name: String,
    tags: TagMap,
}

impl ParameterManifest {
    /// `pipeline` is the id, `name-suffix@region`; `tags` are written beside
    /// the ownership tags when the parameter is created.
    pub fn new(context: &Arc<AwsContext>, pipeline: &str, tags: TagMap) -> Self {
        Self {
            context: Arc::clone(context),
            pipeline: pipeline.to_owned(),
            name: Self::parameter_name(pipeline),
            tags,
        }
    }

    /// `/tap/documents-dev/manifest` of `documents-dev@us-east-1`: the region
    /// is where the parameter is.
    pub fn parameter_name(pipeline: &str) -> String {
        let name = pipeline.split('@').next().unwrap_or(pipeline);
        format!("/tap/{name}/manifest")
    }

    /// A manifest as its parameter holds it, for a plan that shall find out
    /// whether it fits.
    ///
    /// # Errors
    ///
    /// `Invalid` when it is too long even compressed.
    pub fn value_of(manifest: &Manifest) -> Result<String, HandlerError> {
        encode(manifest)
    }

    async fn put_new(&self, manifest: &Manifest) -> Outcome<()> {
        const OPERATION: &str = "ssm:PutParameter";
        let value = encode(manifest)?;
        let mut all = self.tags.clone();
        all.insert(TAG_PIPELINE.to_owned(), self.pipeline.clone());
        all.insert(TAG_LOGICAL_ID.to_owned(), LOGICAL_ID.to_owned());
        all.insert(
            TAG_PROVIDER_VERSION.to_owned(),
            manifest.provider_version.clone(),
        );
        let tags: Result<Vec<Tag>, _> = all
            .iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect();
        let tags =
            tags.map_err(|e| HandlerError::ours(ErrorKind::Invalid, OPERATION, e.to_string()))?;
        let clients = self.context.ready().await?;
        clients
            .ssm()
            .put_parameter()
            .name(&self.name)
            .description(format!(
                "What {} is and whether it is finished",
                self.pipeline
            ))
            .r#type(ParameterType::String)
            .tier(tier(&value))
            .value(value)
            .overwrite(false)
            .set_tags(Some(tags))
            .send()
            .await
            .creating(OPERATION)
            .map(drop)
    }

    /// Whether the manifest that is there is the very one that was put.
    async fn is_there(&self, manifest: &Manifest) -> Outcome<bool> {
        let there = self.load().await?;
        Ok(there.is_some_and(|there| there.incarnation == manifest.incarnation))
    }
}

#[async_trait]
impl ManifestStore for ParameterManifest {
    async fn load(&self) -> Result<Option<Manifest>, HandlerError> {
        let clients = self.context.ready().await?;
        let answer = clients
            .ssm()
            .get_parameter()
            .name(&self.name)
            .send()
            .await
            .during("ssm:GetParameter");
        let parameter = found(answer)?.and_then(|answer| answer.parameter);
        let Some(value) = parameter.and_then(|parameter| parameter.value) else {
            return Ok(None);
        };
        let manifest = decode(&value).map_err(|problem| {
            let message = format!("the parameter {} holds no manifest: {problem}", self.name);
            HandlerError::ours(ErrorKind::Invalid, "ssm:GetParameter", message)
        })?;
        Ok(Some(manifest))
    }

    async fn create(&self, manifest: &Manifest) -> Result<(), HandlerError> {
        match self.put_new(manifest).await {
            Err(error) if matches!(error.kind, ErrorKind::AlreadyExists | ErrorKind::Ambiguous) => {
                if self.is_there(manifest).await? {
                    return Ok(());
                }
                // Nothing there after a lost answer: it may be put again.
                let kind = match error.kind {
                    ErrorKind::Ambiguous => ErrorKind::Transient,
                    kind => kind,
                };
                Err(HandlerError { kind, ..error })
            }
            other => other,
        }
    }

    async fn save(&self, manifest: &Manifest) -> Result<(), HandlerError> {
        let value = encode(manifest)?;
        let clients = self.context.ready().await?;
        // Tags cannot be put together with an overwrite; they stay.
        clients
            .ssm()
            .put_parameter()
            .name(&self.name)
            .r#type(ParameterType::String)
            .tier(tier(&value))
            .value(value)
            .overwrite(true)
            .send()
            .await
            .during("ssm:PutParameter")
            .map(drop)
    }

    async fn delete(&self) -> Result<(), HandlerError> {
        const OPERATION: &str = "ssm:DeleteParameter";
        let Some(manifest) = self.load().await? else {
            return Ok(());
        };
        if manifest.pipeline != self.pipeline {
            let message = format!(
                "the parameter {} is the manifest of {} and is left alone",
                self.name, manifest.pipeline
            );
            return Err(HandlerError::ours(ErrorKind::Stranger, OPERATION, message));
        }
        let clients = self.context.ready().await?;
        let deleted = clients
            .ssm()
            .delete_parameter()
            .name(&self.name)
            .send()
            .await
            .during(OPERATION);
        found(deleted).map(drop)
    }
}

/// A parameter that has grown once stays in its tier, hence the tier that
/// only grows when it must.
fn tier(value: &str) -> ParameterTier {
    if value.len() <= STANDARD_LIMIT {
        ParameterTier::Standard
    } else {
        ParameterTier::IntelligentTiering
    }
}

/// Plain JSON where it fits, so that people can read it in the console;
/// compressed where it is long, or where it holds `{{`, which Systems Manager
/// would take for a reference to another parameter.
fn encode(manifest: &Manifest) -> Outcome<String> {
    let refuse =
        |message: String| HandlerError::ours(ErrorKind::Invalid, "ssm:PutParameter", message);
    let json = serde_json::to_string(manifest).map_err(|error| refuse(error.to_string()))?;
    if json.len() <= STANDARD_LIMIT && !json.contains("{{") {
        return Ok(json);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let compressed = encoder
        .write_all(json.as_bytes())
        .and_then(|()| encoder.finish())
        .map_err(|error| refuse(error.to_string()))?;
    let value = format!("{COMPRESSED}{}", STANDARD.encode(compressed));
    if value.len() > ADVANCED_LIMIT {
        return Err(refuse(format!(
            "the pipeline's spec is too long: its manifest has {} bytes even compressed, and a \
             parameter holds {ADVANCED_LIMIT}. Shorten overrides, tags or custom policies",
            value.len()
        )));
    }
    Ok(value)
}

fn decode(value: &str) -> Result<Manifest, String> {
    let json = match value.strip_prefix(COMPRESSED) {
        None => value.to_owned(),
        Some(text) => {
            let compressed = STANDARD.decode(text).map_err(|error| error.to_string())?;
            let mut json = String::new();
            GzDecoder::new(compressed.as_slice())
                .take(READABLE_LIMIT)
                .read_to_string(&mut json)
                .map_err(|error| error.to_string())?;
            json
        }
    };
    let manifest: Manifest = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    if manifest.format > FORMAT {
        return Err(format!(
            "it has format {}, and this provider knows {FORMAT}; use a newer provider",
            manifest.format
        ));
    }
    Ok(manifest)
}

pub(super) fn handlers(context: &Arc<AwsContext>) -> Vec<Arc<dyn Handler>> {
    vec![Typed::handler(context, Parameter)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ManifestStatus;
    use serde_json::{Value, json};

    fn manifest(spec: Value) -> Manifest {
        serde_json::from_value(json!({
            "format": FORMAT,
            "pipeline": "documents-dev@us-east-1",
            "incarnation": "i",
            "status": ManifestStatus::Creating,
            "spec": spec,
            "facts": null,
            "provider_version": "0.1.0",
        }))
        .expect("a manifest")
    }

    #[test]
    fn a_manifest_comes_back_as_it_was_short_or_long() {
        let long: Vec<String> = (0..400)
            .map(|n| format!("address-{n}@example.com"))
            .collect();
        for (spec, compressed) in [
            (json!({ "name": "documents" }), false),
            (json!({ "emails": long }), true),
            (json!({ "secret": "{{resolve:secretsmanager:x}}" }), true),
        ] {
            let manifest = manifest(spec);
            let value = encode(&manifest).expect("fits");
            assert_eq!(value.starts_with(COMPRESSED), compressed, "{value}");
            assert!(!value.contains("{{") && value.len() <= ADVANCED_LIMIT);
            assert_eq!(decode(&value), Ok(manifest));
        }
    }

    #[test]
    fn what_does_not_fit_and_what_is_no_manifest_is_refused() {
        let noise: Vec<String> = (0..2000u64)
            .map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let error = encode(&manifest(json!(noise))).expect_err("too long");
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(decode("hello").is_err());
        assert!(decode("gzip+base64:!").is_err());
        let mut newer = manifest(Value::Null);
        newer.format = FORMAT + 1;
        let value = serde_json::to_string(&newer).expect("json");
        assert!(
            decode(&value)
                .expect_err("newer")
                .contains("newer provider")
        );
    }

    #[test]
    fn the_parameter_is_named_after_the_pipeline() {
        assert_eq!(
            ParameterManifest::parameter_name("documents-dev@eu-west-1"),
            "/tap/documents-dev/manifest"
        );
    }
}
