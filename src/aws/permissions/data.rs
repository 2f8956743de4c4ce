//! What holds documents and messages: buckets, tables, topics, queues.

use super::row::{Kind, On, Row, When, kind, row};

const BUCKET: On = On::Arns(&["arn:{partition}:s3:::{BucketName}"]);
const OBJECTS: On = On::Arns(&["arn:{partition}:s3:::{BucketName}/*"]);
const TABLE: On = On::Arns(&["dynamodb:table/{TableName}"]);
const TOPIC: On = On::Arns(&["sns:{TopicName}"]);
const QUEUE: On = On::Arns(&["sqs:{QueueName}"]);

const FOR_TABLES: When = &[("kms:ViaService", &["dynamodb.{region}.amazonaws.com"])];

/// Where S3's permissions are not called what its operations are
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>).
const BUCKETS: &[Row] = &[
    row(
        &[
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:GetBucketLogging",
            "s3:GetBucketNotification",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucketMultipartUploads",
            "s3:ListBucketVersions",
            "s3:PutBucketLogging",
            "s3:PutBucketNotification",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
        ],
        BUCKET,
    ),
    // Tags in the creating call ask for a permission of their own
    // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
    row(&["s3:CreateBucket"], BUCKET).asks(&["s3:TagResource"]),
    row(&["s3:HeadBucket"], BUCKET).asks(&["s3:ListBucket"]),
    row(&["s3:PutBucketLifecycleConfiguration"], BUCKET).asks(&["s3:PutLifecycleConfiguration"]),
    row(
        &["s3:AbortMultipartUpload", "s3:DeleteObjectVersion"],
        OBJECTS,
    ),
];

const BUCKET_POLICIES: &[Row] = &[row(
    &[
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
        "s3:GetBucketTagging",
        "s3:PutBucketPolicy",
    ],
    On::Arns(&["arn:{partition}:s3:::{Bucket}"]),
)];

const TABLES: &[Row] = &[
    row(
        &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:ListTagsOfResource",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
        ],
        TABLE,
    ),
    // The table's key is granted to DynamoDB by who makes the table
    // (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
    row(
        &["dynamodb:CreateTable", "dynamodb:UpdateTable"],
        On::Named {
            property: "SSESpecification/KMSMasterKeyId",
            arn: "kms:key/{}",
            ours: "kms:key/*",
        },
    )
    .asks(&[
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ])
    .when(FOR_TABLES),
];

const TOPICS: &[Row] = &[row(
    &[
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:GetTopicAttributes",
        "sns:ListTagsForResource",
        "sns:SetTopicAttributes",
        "sns:TagResource",
        "sns:UntagResource",
    ],
    TOPIC,
)];

const TOPIC_POLICIES: &[Row] = &[row(
    &[
        "sns:GetTopicAttributes",
        "sns:ListTagsForResource",
        "sns:SetTopicAttributes",
    ],
    On::Arns(&["sns:{Topics}"]),
)];

const SUBSCRIPTIONS: &[Row] = &[
    row(
        &[
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:Subscribe",
        ],
        On::Arns(&["sns:{TopicArn}"]),
    ),
    row(&["sns:Unsubscribe"], On::Anything),
];

const QUEUES: &[Row] = &[row(
    &[
        "sqs:CreateQueue",
        "sqs:DeleteQueue",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListQueueTags",
        "sqs:SetQueueAttributes",
        "sqs:TagQueue",
        "sqs:UntagQueue",
    ],
    QUEUE,
)];

const QUEUE_POLICIES: &[Row] = &[row(
    &[
        "sqs:GetQueueAttributes",
        "sqs:ListQueueTags",
        "sqs:SetQueueAttributes",
    ],
    On::Arns(&["sqs:{Queues}"]),
)];

pub(super) const KINDS: &[Kind] = &[
    kind("AWS::S3::Bucket", BUCKETS),
    kind("AWS::S3::BucketPolicy", BUCKET_POLICIES),
    kind("AWS::DynamoDB::Table", TABLES),
    kind("AWS::SNS::Topic", TOPICS),
    kind("AWS::SNS::TopicPolicy", TOPIC_POLICIES),
    kind("AWS::SNS::Subscription", SUBSCRIPTIONS),
    kind("AWS::SQS::Queue", QUEUES),
    kind("AWS::SQS::QueuePolicy", QUEUE_POLICIES),
];
