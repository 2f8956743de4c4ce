//! Functions and who may call them.

use super::row::{Kind, On, Row, When, kind, row};
use crate::bundle;

const FUNCTION: On = On::Arns(&["lambda:function:{FunctionName}"]);
const FOR_FUNCTIONS: When = &[("kms:ViaService", &["lambda.{region}.amazonaws.com"])];
const TO_FUNCTIONS: When = &[("iam:PassedToService", &["lambda.amazonaws.com"])];

/// Tags are in the answer only for who may list them
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html>).
const SEEN: Row =
    row(&["lambda:GetFunction"], FUNCTION).asks(&["lambda:GetFunction", "lambda:ListTags"]);

const FUNCTIONS: &[Row] = &[
    SEEN,
    // The policy of a function is kept with its tags.
    row(
        &[
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:DeleteFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:PutFunctionConcurrency",
            "lambda:RemovePermission",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ],
        FUNCTION,
    ),
    // https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-function.html
    row(
        &[
            "lambda:CreateFunction",
            "lambda:UpdateFunctionConfiguration",
        ],
        On::Arns(&["arn:{partition}:iam::{account}:role/{Role}"]),
    )
    .asks(&["iam:PassRole"])
    .when(TO_FUNCTIONS),
    // Whoever attaches a function to a VPC must see it
    // (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
    row(
        &[
            "lambda:CreateFunction",
            "lambda:UpdateFunctionConfiguration",
        ],
        On::Anything,
    )
    .asks(&[
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ]),
    row(
        &[
            "lambda:CreateFunction",
            "lambda:UpdateFunctionConfiguration",
        ],
        On::Arns(&["ec2:vpc/*"]),
    )
    .asks(&["ec2:GetSecurityGroupsForVpc"]),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    row(
        &[
            "lambda:CreateFunction",
            "lambda:GetFunctionConfiguration",
            "lambda:UpdateFunctionConfiguration",
        ],
        On::Named {
            property: "KmsKeyArn",
            arn: "kms:key/{}",
            ours: "kms:key/*",
        },
    )
    .asks(&["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"])
    .when(FOR_FUNCTIONS),
    // A zip in a bucket is read by who makes the function.
    row(
        &["lambda:CreateFunction", "lambda:UpdateFunctionCode"],
        On::Arns(&["arn:{partition}:s3:::{Code/S3Bucket}/{Code/S3Key}"]),
    )
    .asks(&["s3:GetObject", "s3:GetObjectVersion"]),
];

const PERMISSIONS: &[Row] = &[
    SEEN,
    row(
        &[
            "lambda:AddPermission",
            "lambda:GetPolicy",
            "lambda:RemovePermission",
            "lambda:TagResource",
            "lambda:UntagResource",
        ],
        FUNCTION,
    ),
];

/// The provider's own zips are in no bucket: the one that stands for them in a
/// template is not there.
pub(super) fn is_nowhere(arn: &str) -> bool {
    arn.contains(&format!(":s3:::{}/", bundle::BUCKET))
}

pub(super) const KINDS: &[Kind] = &[
    kind("AWS::Lambda::Function", FUNCTIONS),
    kind("AWS::Lambda::Permission", PERMISSIONS),
];
