//! Who may do what: roles and policies, keys, secrets, and the parameters of
//! Systems Manager, among them the manifest.

use super::row::{Kind, On, Row, When, kind, row};

const ROLE: On = On::Arns(&["arn:{partition}:iam::{account}:role/{RoleName}"]);
const POLICY: On = On::Arns(&["arn:{partition}:iam::{account}:policy/{ManagedPolicyName}"]);
const KEY: On = On::Ours(&["kms:key/*"]);
const SECRET: On = On::Arns(&["secretsmanager:secret:{Name}-??????"]);
const SECRET_OF: On = On::Arns(&["secretsmanager:secret:{SecretId}-??????"]);
const PARAMETER: On = On::Arns(&["ssm:parameter/{Name|path}"]);
const MANIFEST_PARAMETER: On = On::Arns(&["ssm:parameter/tap/{stack}/manifest"]);

/// The policies of a template, on whichever role.
const OWN_POLICIES: When = &[(
    "iam:PolicyARN",
    &["arn:{partition}:iam::{account}:policy/{ManagedPolicyName}"],
)];

/// Secrets Manager uses a secret's key in the name of who asks
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html>).
const FOR_SECRETS: When = &[("kms:ViaService", &["secretsmanager.{region}.amazonaws.com"])];

const ROLES: &[Row] = &[
    // Tags in the creating call ask for the tagging permission too
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_iam.html).
    row(
        &[
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:PutRolePermissionsBoundary",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ],
        ROLE,
    ),
    // Whatever is attached may be taken away; nothing is attached but what the
    // template says.
    row(&["iam:AttachRolePolicy"], ROLE).when(&[(
        "iam:PolicyARN",
        &["arn:{partition}:iam::{account}:policy/{ManagedPolicyArns}"],
    )]),
];

const POLICIES: &[Row] = &[
    row(
        &[
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListEntitiesForPolicy",
            "iam:ListPolicyVersions",
            "iam:TagPolicy",
        ],
        POLICY,
    ),
    // A policy that is deleted or replaced is taken from whoever has it.
    row(
        &["iam:DetachRolePolicy"],
        On::Arns(&["arn:{partition}:iam::{account}:role/*"]),
    )
    .when(OWN_POLICIES),
    row(
        &["iam:AttachRolePolicy"],
        On::Arns(&["arn:{partition}:iam::{account}:role/{Roles}"]),
    )
    .when(OWN_POLICIES),
];

const KEYS: &[Row] = &[
    // A key that is not there yet has no ARN; its tags ask for TagResource
    // (https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html).
    row(&["kms:CreateKey"], On::Made(&["*"])),
    row(&["kms:CreateKey"], On::Made(&["kms:key/*"])).asks(&["kms:TagResource"]),
    row(
        &[
            "kms:DescribeKey",
            "kms:DisableKey",
            "kms:DisableKeyRotation",
            "kms:EnableKey",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateKeyDescription",
        ],
        KEY,
    ),
    // Whose a key is stands in its tags, so that they are read of every key.
    row(&["kms:ListKeys"], On::Anything),
    row(&["kms:ListResourceTags"], On::Arns(&["kms:key/*"])),
];

/// An alias asks for the permission on itself and on its key
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html>).
const ALIASES: &[Row] = &[
    row(
        &["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
        On::Arns(&["kms:{AliasName}"]),
    ),
    row(
        &[
            "kms:CreateAlias",
            "kms:DeleteAlias",
            "kms:DescribeKey",
            "kms:UpdateAlias",
        ],
        KEY,
    ),
    row(&["kms:ListResourceTags"], On::Arns(&["kms:key/*"])),
];

const SECRETS: &[Row] = &[
    row(
        &[
            "secretsmanager:CreateSecret",
            "secretsmanager:DeleteSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:RestoreSecret",
            "secretsmanager:TagResource",
            "secretsmanager:UntagResource",
            "secretsmanager:UpdateSecret",
        ],
        SECRET,
    ),
    row(&["secretsmanager:GetRandomPassword"], On::Anything),
    // Another key has the versions that are there encrypted with it
    // (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html),
    // and the API key, whose value stands in one, has it decrypted.
    row(
        &["secretsmanager:CreateSecret", "secretsmanager:UpdateSecret"],
        On::Named {
            property: "KmsKeyId",
            arn: "kms:key/{}",
            ours: "kms:key/*",
        },
    )
    .asks(&["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"])
    .when(FOR_SECRETS),
];

const ROTATIONS: &[Row] = &[
    row(
        &[
            "secretsmanager:CancelRotateSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:RotateSecret",
        ],
        SECRET_OF,
    ),
    // Secrets Manager starts a rotation, or tries the function, as the caller
    // (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html).
    row(
        &["secretsmanager:RotateSecret"],
        On::Arns(&["lambda:function:{RotationLambdaARN}"]),
    )
    .asks(&["lambda:InvokeFunction"]),
];

const PARAMETERS: &[Row] = &[
    row(
        &[
            "ssm:AddTagsToResource",
            "ssm:DeleteParameter",
            "ssm:GetParameter",
            "ssm:ListTagsForResource",
            "ssm:PutParameter",
            "ssm:RemoveTagsFromResource",
        ],
        PARAMETER,
    ),
    row(&["ssm:DescribeParameters"], On::Anything),
];

/// The parameter that says what the pipeline is.
pub(super) const MANIFEST: &[Row] = &[
    row(
        &[
            "ssm:DeleteParameter",
            "ssm:GetParameter",
            "ssm:PutParameter",
        ],
        MANIFEST_PARAMETER,
    ),
    // Its tags are in the creating call
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_ssm.html).
    row(&["ssm:PutParameter"], MANIFEST_PARAMETER).asks(&["ssm:AddTagsToResource"]),
];

pub(super) const KINDS: &[Kind] = &[
    kind("AWS::IAM::Role", ROLES),
    kind("AWS::IAM::ManagedPolicy", POLICIES),
    kind("AWS::KMS::Key", KEYS),
    kind("AWS::KMS::Alias", ALIASES),
    kind("AWS::SecretsManager::Secret", SECRETS),
    kind("AWS::SecretsManager::RotationSchedule", ROTATIONS),
    kind("AWS::SSM::Parameter", PARAMETERS),
];
