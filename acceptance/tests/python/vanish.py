# Deletes resources behind Terraform's back. `doomed` (logical id -> type,
# physical id) comes from the test.

import time

kms, s3, sns, dynamodb = (boto3.client(name) for name in ("kms", "s3", "sns", "dynamodb"))


def delete_key(id):
    kms.schedule_key_deletion(KeyId=id, PendingWindowInDays=7)


def delete_alias(name):
    kms.delete_alias(AliasName=name)


def delete_bucket(name):
    versions = s3.list_object_versions(Bucket=name)
    for version in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)


def delete_bucket_policy(bucket):
    s3.delete_bucket_policy(Bucket=bucket)


def delete_table(name):
    dynamodb.delete_table(TableName=name)
    for _ in range(100):
        try:
            dynamodb.describe_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return
        time.sleep(0.1)
    raise Exception(f"{name} does not go")


def delete_topic(arn):
    sns.delete_topic(TopicArn=arn)


def delete_topic_policy(topic):
    # What SNS gives to a new topic, which is as near as a topic comes to none.
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({
        "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish"], "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": topic.split(":")[4]}}}]}))


def delete_subscription(identifier):
    topic, protocol, endpoint = identifier.split("|", 2)
    for subscription in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        if (subscription["Protocol"], subscription["Endpoint"]) == (protocol, endpoint):
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            return
    raise Exception(f"there is no subscription {identifier}")


# What others lie in goes last.
DELETE = {
    "AWS::SNS::Subscription": delete_subscription,
    "AWS::SNS::TopicPolicy": delete_topic_policy,
    "AWS::S3::BucketPolicy": delete_bucket_policy,
    "AWS::KMS::Alias": delete_alias,
    "AWS::SNS::Topic": delete_topic,
    "AWS::DynamoDB::Table": delete_table,
    "AWS::S3::Bucket": delete_bucket,
    "AWS::KMS::Key": delete_key,
}

order = list(DELETE)
for id, resource in sorted(doomed.items(), key=lambda item: order.index(item[1]["type"])):
    try:
        DELETE[resource["type"]](resource["physical"])
    except Exception as error:
        raise Exception(f"{id} cannot be deleted: {error}")
