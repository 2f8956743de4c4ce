//! `provider::tap::...`: what a configuration may ask for without an account.

use super::required_iam_policy::RequiredIamPolicy;
use crate::pipeline::{error, naming};
use crate::plugin::DynamicFunction;
use async_trait::async_trait;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tf_provider::schema::{Description, FunctionSchema, Parameter, Type};
use tf_provider::{AttributePath, Diagnostics, Function};

pub(super) fn all() -> BTreeMap<String, Arc<dyn DynamicFunction>> {
    let functions: [(&str, Arc<dyn DynamicFunction>); 3] = [
        ("parse_id", Arc::new(ParseId)),
        ("required_iam_policy", Arc::new(RequiredIamPolicy)),
        ("resource_name", Arc::new(ResourceName)),
    ];
    let named = functions.into_iter();
    named.map(|(name, of)| (name.to_owned(), of)).collect()
}

pub(super) fn text(name: &str, about: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        param_type: Type::String,
        description: Description::markdown(about.to_owned()),
        ..Parameter::default()
    }
}

/// `provider::tap::parse_id("documents-dev@us-east-1")`
struct ParseId;

#[derive(Serialize)]
struct Parsed {
    name: String,
    environment_suffix: String,
    region: String,
}

#[async_trait]
impl Function for ParseId {
    type Input<'a> = (String,);
    type Output<'a> = Parsed;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<FunctionSchema> {
        let parts = ["name", "environment_suffix", "region"];
        Some(FunctionSchema {
            parameters: vec![text(
                "id",
                "`id` of a `tap_secure_pipeline`, for example `documents-dev@us-east-1`.",
            )],
            return_type: Type::Object(HashMap::from(
                parts.map(|part| (part.to_owned(), Type::String)),
            )),
            summary: "The parts of a pipeline's id".to_owned(),
            description: Description::markdown(
                "Splits the `id` of a `tap_secure_pipeline` into an object of `name`, `environment_suffix` and `region`.",
            ),
            ..FunctionSchema::default()
        })
    }

    async fn call<'a>(&self, diags: &mut Diagnostics, (id,): (String,)) -> Option<Parsed> {
        let Some((name, environment_suffix, region)) = naming::parse_pipeline_id(&id) else {
            error(
                diags,
                AttributePath::function_argument(0),
                "Not the id of a pipeline",
                format!(
                    "\"{id}\" is not of the form name-environment_suffix@region. Write, for example, documents-dev@us-east-1."
                ),
            );
            return None;
        };
        Some(Parsed {
            name,
            environment_suffix,
            region,
        })
    }
}

/// `provider::tap::resource_name("reports", "documents", "dev", 63)`
struct ResourceName;

/// Eight hex digits and a hyphen, and something before them.
const SHORTEST: u64 = 16;

#[async_trait]
impl Function for ResourceName {
    type Input<'a> = (String, String, String, f64);
    type Output<'a> = String;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<FunctionSchema> {
        Some(FunctionSchema {
            parameters: vec![
                text("base", "What it is, for example `reports`."),
                text("name", "`name` of the pipeline."),
                text(
                    "environment_suffix",
                    "`environment_suffix` of the pipeline.",
                ),
                Parameter {
                    name: "limit".to_owned(),
                    param_type: Type::Number,
                    description: Description::markdown(
                        "The longest name that the service takes, in characters, 16 or more: for example 64 of a function, 80 of a queue.",
                    ),
                    ..Parameter::default()
                },
            ],
            return_type: Type::String,
            summary: "A name as the pipeline's own resources have them".to_owned(),
            description: Description::markdown(
                "`base-name-environment_suffix`, as the pipeline names what an account has in each region, for what stands beside it. What is longer than \
                 `limit` is cut, and ends in eight hex digits of the whole name's SHA-256, so that two long names never meet. All three are lower-case letters, \
                 digits and hyphens. The pipeline's buckets have the account's id and the region behind that, and its roles the region: names that are of all \
                 regions need that too.",
            ),
            ..FunctionSchema::default()
        })
    }

    async fn call<'a>(
        &self,
        diags: &mut Diagnostics,
        (base, name, suffix, limit): (String, String, String, f64),
    ) -> Option<String> {
        for (index, part) in [&base, &name, &suffix].into_iter().enumerate() {
            if part.is_empty() || !part.chars().all(naming::is_of_names) {
                error(
                    diags,
                    AttributePath::function_argument(i64::try_from(index).unwrap_or_default()),
                    "Not part of a name",
                    format!(
                        "\"{part}\" is not one or more lower-case letters, digits and hyphens. Write, for example, \"reports\"."
                    ),
                );
                return None;
            }
        }
        let whole = whole(limit).filter(|limit| *limit >= SHORTEST);
        let Some(limit) = whole.and_then(|limit| usize::try_from(limit).ok()) else {
            error(
                diags,
                AttributePath::function_argument(3),
                "Not a limit",
                format!("{limit} is not a whole number of {SHORTEST} or more."),
            );
            return None;
        };
        Some(naming::shorten(&format!("{base}-{name}-{suffix}"), limit))
    }
}

/// Terraform has one number type.
fn whole(number: f64) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let near = number as u64;
    #[allow(clippy::cast_precision_loss)]
    let same = near as f64 == number;
    same.then_some(near)
}
