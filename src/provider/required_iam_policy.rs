//! `provider::tap::required_iam_policy({ name = "documents", ... }, "123456789012", "us-east-1")`

use super::functions::text;
use crate::pipeline::required_iam_policy;
use async_trait::async_trait;
use serde::de::IgnoredAny;
use serde_json::Value;
use tf_provider::schema::{Description, FunctionSchema, Parameter, Type};
use tf_provider::{Diagnostics, Function};

pub(super) struct RequiredIamPolicy;

/// A value of any type comes with its type.
type Dynamic = (IgnoredAny, Value);

#[async_trait]
impl Function for RequiredIamPolicy {
    type Input<'a> = (Dynamic, String, String);
    type Output<'a> = String;

    fn schema(&self, _diags: &mut Diagnostics) -> Option<FunctionSchema> {
        Some(FunctionSchema {
            parameters: vec![
                Parameter {
                    name: "settings".to_owned(),
                    param_type: Type::Any,
                    description: Description::markdown(
                        "An object with the attributes of the `tap_secure_pipeline`, as the block has them; at least `name` and `environment_suffix`.",
                    ),
                    ..Parameter::default()
                },
                text("account_id", "AWS account, twelve digits."),
                text("region", "AWS region, for example `us-east-1`."),
            ],
            return_type: Type::String,
            summary: "The IAM policy with which a pipeline can be applied".to_owned(),
            description: Description::markdown(
                "The least that whoever runs Terraform must be allowed to create, refresh, update and destroy a `tap_secure_pipeline` with these settings: \
                 an IAM policy document, as JSON. Touches no account. What has a name is allowed by its name; what AWS names, by the tag `tap:pipeline`, \
                 which is the pipeline's id.\n\n\
                 The document is longer than one managed policy may be (6,144 characters), and fits into five of the ten that a role may have: cut it between statements. \
                 It allows what the provider does when the account has a Config recorder, a trail, a GuardDuty detector and a role for API Gateway's logs, \
                 of which without them some is not called. It does not allow to assume the role of the provider's `assume_role`. \
                 Whoever may write the policies of the pipeline's roles can give those roles more than he has himself: \
                 where that matters, put a permissions boundary on him that asks for one on them.",
            ),
            ..FunctionSchema::default()
        })
    }

    async fn call<'a>(
        &self,
        diags: &mut Diagnostics,
        ((_, settings), account_id, region): (Dynamic, String, String),
    ) -> Option<String> {
        required_iam_policy(diags, &settings, &account_id, &region)
    }
}
