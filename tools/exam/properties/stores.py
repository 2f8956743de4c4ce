"""Rules about what holds data, and the keys of it."""

from .frame import many, refers, required, rule, statements


@rule("AWS::DynamoDB::Table")
def tables_are_on_demand(table):
    return required(table.at("BillingMode") == "PAY_PER_REQUEST", "its capacity is provisioned")


@rule("AWS::DynamoDB::Table")
def tables_are_protected_from_deletion(table):
    return required(table.at("DeletionProtectionEnabled") is True, "no deletion protection")


@rule("AWS::DynamoDB::Table")
def tables_are_in_a_backup_plan(table):
    plans = table.template.of("AWS::Backup::BackupSelection")
    return required(any(refers(one.properties, table.id) for one in plans), "it is in no backup plan")


@rule("AWS::S3::Bucket")
def buckets_have_no_acls(bucket):
    wrong = required(bucket.at("AccessControl") is None, "it has an ACL")
    ownership = [one.get("ObjectOwnership") for one in many(bucket.at("OwnershipControls.Rules"))]
    return wrong + required(ownership == ["BucketOwnerEnforced"], f"its ownership is {ownership}")


@rule("AWS::S3::Bucket")
def buckets_block_public_access(bucket):
    flags = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    off = [flag for flag in flags if bucket.at(f"PublicAccessBlockConfiguration.{flag}") is not True]
    return required(not off, f"off: {', '.join(off)}")


def lifecycle(bucket):
    """The rules that are in force."""
    return [one for one in many(bucket.at("LifecycleConfiguration.Rules")) if one.get("Status") == "Enabled"]


@rule("AWS::S3::Bucket")
def buckets_have_a_lifecycle(bucket):
    """One that also ends old versions: all buckets have versions."""
    kinds = ("NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays")
    ends = [one for one in lifecycle(bucket) if any(kind in one for kind in kinds)]
    return required(ends, "no lifecycle rule that ends old versions")


@rule("AWS::S3::Bucket")
def buckets_abort_incomplete_uploads(bucket):
    """Everywhere in the bucket."""
    narrowing = ("Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
    whole = [one for one in lifecycle(bucket) if not any(one.get(name) for name in narrowing)]
    return required(any("AbortIncompleteMultipartUpload" in one for one in whole), "incomplete uploads stay")


@rule("AWS::S3::Bucket")
def buckets_notify(bucket):
    lists = ("TopicConfigurations", "QueueConfigurations", "LambdaConfigurations")
    told = [bucket.at(f"NotificationConfiguration.{name}") for name in lists]
    told.append(bucket.at("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled") is True)
    return required(any(told), "nobody is told of its events")


@rule("AWS::S3::Bucket")
def buckets_are_locked(bucket):
    held = bucket.at("ObjectLockConfiguration.Rule.DefaultRetention")
    return required(bucket.at("ObjectLockEnabled") is True and held, "no object lock by default")


@rule("AWS::SecretsManager::Secret")
def secrets_rotate_within_90_days(secret):
    schedules = secret.template.of("AWS::SecretsManager::RotationSchedule")
    rules = [one.at("RotationRules.AutomaticallyAfterDays") for one in schedules if refers(one.at("SecretId"), secret.id)]
    return required(any(isinstance(days, int) and 1 <= days <= 90 for days in rules), f"it rotates after {rules} days")


@rule("AWS::KMS::Key")
def keys_are_enabled(key):
    return required(key.at("Enabled", True) is True, "it is disabled")


@rule("AWS::KMS::Key")
def keys_rotate(key):
    return required(key.at("EnableKeyRotation") is True, "it does not rotate")


@rule("AWS::KMS::Key")
def keys_have_a_policy(key):
    return required(statements(key.at("KeyPolicy")), "no policy of its own")


@rule("AWS::SQS::Queue")
def queues_use_a_key_of_ours(queue):
    key = queue.at("KmsMasterKeyId")
    return required(key and not str(key).startswith("alias/aws/"), f"its key is {key}")


@rule("AWS::SNS::Topic")
def topics_log_deliveries(topic):
    return required(topic.at("DeliveryStatusLogging"), "no delivery status is logged")
