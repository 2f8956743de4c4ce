# Changes behind Terraform's back. Per type, an ordered list of changes, one for
# each property that AWS lets anybody change: the path that a plan shows for it,
# how to make it, and how boto3 sees the property. Round k makes the k-th change
# of every resource.
#
# `resources` (logical id -> type, physical id), `round` and `action` come from
# the test. `change` prints what each property was and is; `look` what it is.

account, region = "123456789012", "us-east-1"
kms, s3, sns, dynamodb = (boto3.client(name) for name in ("kms", "s3", "sns", "dynamodb"))

STRANGER_POLICY = {"Version": "2012-10-17", "Statement": [{
    "Sid": "Stranger", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
    "Action": "kms:*", "Resource": "*"}]}


def physical(id):
    return resources[id]["physical"]


def arn_of_key(id):
    return kms.describe_key(KeyId=physical(id))["KeyMetadata"]["Arn"]


def tags_of(pairs, key="Key", value="Value"):
    return {tag[key]: tag[value] for tag in pairs}


def visible(tags):
    """The tags that the template knows, in the order in which they are compared."""
    return sorted(key for key in tags if key not in ("tap:pipeline", "tap:logical-id", "tap:provider-version"))


def index(tags, key):
    return f"Tags[{visible(tags).index(key)}].Value"


# -- keys ----------------------------------------------------------------------------------

def key_metadata(field):
    return lambda id: kms.describe_key(KeyId=physical(id))["KeyMetadata"][field]


def key_rotation(id):
    status = kms.get_key_rotation_status(KeyId=physical(id))
    return status.get("RotationPeriodInDays") if status["KeyRotationEnabled"] else None


def key_policy(id):
    return json.loads(kms.get_key_policy(KeyId=physical(id), PolicyName="default")["Policy"])


def key_tags(id):
    return tags_of(kms.list_resource_tags(KeyId=physical(id))["Tags"], "TagKey", "TagValue")


def put_key_policy(id):
    policy = key_policy(id)
    policy["Statement"] = policy["Statement"][:1] + [dict(STRANGER_POLICY["Statement"][0])] + policy["Statement"][1:]
    kms.put_key_policy(KeyId=physical(id), PolicyName="default", Policy=json.dumps(policy))


KEY = [
    (["Description"], lambda id: kms.update_key_description(KeyId=physical(id), Description="other"), key_metadata("Description")),
    (["KeyPolicy.Statement"], put_key_policy, key_policy),
    (["RotationPeriodInDays"], lambda id: kms.enable_key_rotation(KeyId=physical(id), RotationPeriodInDays=100), key_rotation),
    (["EnableKeyRotation", "RotationPeriodInDays"], lambda id: kms.disable_key_rotation(KeyId=physical(id)), key_rotation),
    (["Enabled"], lambda id: kms.disable_key(KeyId=physical(id)), key_metadata("KeyState")),
    (lambda id: [index(key_tags(id), "owner-of")],
     lambda id: kms.tag_resource(KeyId=physical(id), Tags=[{"TagKey": "owner-of", "TagValue": "other"}]), key_tags),
    (["Tags"], lambda id: kms.untag_resource(KeyId=physical(id), TagKeys=["owner-of"]), key_tags),
    # The tag that a destroy goes by.
    (lambda id: [index(key_tags(id), "tap:deletion-window-days")],
     lambda id: kms.tag_resource(KeyId=physical(id), Tags=[{"TagKey": "tap:deletion-window-days", "TagValue": "30"}]), key_tags),
]


# -- aliases -------------------------------------------------------------------------------

def alias_target(id):
    return kms.describe_key(KeyId=physical(id))["KeyMetadata"]["KeyId"]


def retarget(id):
    other = "LogsKey" if alias_target(id) != physical("LogsKey") else "DataKey"
    kms.update_alias(AliasName=physical(id), TargetKeyId=physical(other))


def retarget_to_a_stranger(id):
    key = kms.create_key(Description="a stranger's")["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=physical(id), TargetKeyId=key)


ALIAS = [
    (["TargetKeyId"], retarget, alias_target),
    (["TargetKeyId"], retarget_to_a_stranger, alias_target),
]


# -- buckets -------------------------------------------------------------------------------

ENCRYPTION = "BucketEncryption.ServerSideEncryptionConfiguration[0]"
DEFAULT = f"{ENCRYPTION}.ServerSideEncryptionByDefault"
FLAGS = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]


def encryption(id):
    rule = s3.get_bucket_encryption(Bucket=physical(id))["ServerSideEncryptionConfiguration"]["Rules"][0]
    return {"default": rule["ApplyServerSideEncryptionByDefault"], "bucket key": rule.get("BucketKeyEnabled", False)}


def put_encryption(id, algorithm, key, bucket_key):
    default = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    s3.put_bucket_encryption(Bucket=physical(id), ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}]})


def versioning(id):
    return s3.get_bucket_versioning(Bucket=physical(id)).get("Status")


def logging(id):
    return s3.get_bucket_logging(Bucket=physical(id)).get("LoggingEnabled")


def put_logging(id):
    s3.put_bucket_logging(Bucket=physical(id), BucketLoggingStatus={"LoggingEnabled": {
        "TargetBucket": physical("LogsBucket"), "TargetPrefix": "access-logs/other/"}})


def ownership(id):
    try:
        return s3.get_bucket_ownership_controls(Bucket=physical(id))["OwnershipControls"]["Rules"]
    except s3.exceptions.ClientError:
        return None


def public_access(id):
    try:
        return s3.get_public_access_block(Bucket=physical(id))["PublicAccessBlockConfiguration"]
    except s3.exceptions.ClientError:
        return None


def put_public_access(id, flag):
    block = public_access(id) | {flag: False}
    s3.put_public_access_block(Bucket=physical(id), PublicAccessBlockConfiguration=block)


def lifecycle(id):
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=physical(id))["Rules"]
    except s3.exceptions.ClientError:
        return None
    return sorted(rules, key=lambda rule: rule["ID"])


def rule_path(id, name):
    return f"LifecycleConfiguration.Rules[{[rule['ID'] for rule in lifecycle(id)].index(name)}]"


def put_lifecycle(id, change):
    rules = lifecycle(id)
    s3.put_bucket_lifecycle_configuration(Bucket=physical(id), LifecycleConfiguration={"Rules": change(rules)})


def other_days(rules):
    for rule in rules:
        if rule["ID"] == "old-versions":
            rule["NoncurrentVersionExpiration"]["NoncurrentDays"] = 399
            rule["NoncurrentVersionTransitions"][0]["NoncurrentDays"] = 31
    return rules


def disabled(rules):
    for rule in rules:
        if rule["ID"] == "abort-incomplete-uploads":
            rule["Status"] = "Disabled"
    return rules


def a_rule_of_a_strangers(rules):
    return rules + [{"ID": "a-strangers", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}]


def events(id):
    return "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=physical(id))


def bucket_tags(id):
    return tags_of(s3.get_bucket_tagging(Bucket=physical(id))["TagSet"])


def put_bucket_tags(id, change):
    tags = change(bucket_tags(id))
    s3.put_bucket_tagging(Bucket=physical(id), Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]})


BUCKET = [
    ([f"{ENCRYPTION}.BucketKeyEnabled"],
     lambda id: put_encryption(id, "aws:kms", encryption(id)["default"]["KMSMasterKeyID"], False), encryption),
    ([f"{DEFAULT}.KMSMasterKeyID"],
     lambda id: put_encryption(id, "aws:kms", arn_of_key("EnvironmentKey"), True), encryption),
    ([f"{ENCRYPTION}.BucketKeyEnabled", f"{DEFAULT}.KMSMasterKeyID", f"{DEFAULT}.SSEAlgorithm"],
     lambda id: s3.delete_bucket_encryption(Bucket=physical(id)), encryption),
    (["VersioningConfiguration.Status"],
     lambda id: s3.put_bucket_versioning(Bucket=physical(id), VersioningConfiguration={"Status": "Suspended"}), versioning),
    (lambda id: ["LoggingConfiguration.LogFilePrefix"] if id != "LogsBucket" else ["LoggingConfiguration"], put_logging, logging),
    (lambda id: ["LoggingConfiguration"] if id != "LogsBucket" else [],
     lambda id: s3.put_bucket_logging(Bucket=physical(id), BucketLoggingStatus={}), logging),
    (["OwnershipControls.Rules[0].ObjectOwnership"],
     lambda id: s3.put_bucket_ownership_controls(Bucket=physical(id), OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}),
     ownership),
    (["OwnershipControls.Rules"], lambda id: s3.delete_bucket_ownership_controls(Bucket=physical(id)), ownership),
    *[([f"PublicAccessBlockConfiguration.{flag}"], lambda id, flag=flag: put_public_access(id, flag), public_access) for flag in FLAGS],
    ([f"PublicAccessBlockConfiguration.{flag}" for flag in FLAGS],
     lambda id: s3.delete_public_access_block(Bucket=physical(id)), public_access),
    (lambda id: [f"{rule_path(id, 'old-versions')}.NoncurrentVersionExpiration.NoncurrentDays",
                 f"{rule_path(id, 'old-versions')}.NoncurrentVersionTransitions[0].TransitionInDays"],
     lambda id: put_lifecycle(id, other_days), lifecycle),
    (lambda id: [f"{rule_path(id, 'abort-incomplete-uploads')}.Status"], lambda id: put_lifecycle(id, disabled), lifecycle),
    (["LifecycleConfiguration.Rules"], lambda id: put_lifecycle(id, a_rule_of_a_strangers), lifecycle),
    (["LifecycleConfiguration"], lambda id: s3.delete_bucket_lifecycle(Bucket=physical(id)), lifecycle),
    (["NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled"],
     lambda id: s3.put_bucket_notification_configuration(Bucket=physical(id), NotificationConfiguration={}), events),
    (lambda id: [index(bucket_tags(id), "owner-of")],
     lambda id: put_bucket_tags(id, lambda tags: tags | {"owner-of": "other"}), bucket_tags),
    (["Tags"], lambda id: put_bucket_tags(id, lambda tags: {k: v for k, v in tags.items() if k != "owner-of"}), bucket_tags),
    # The tag that a destroy goes by.
    (lambda id: [index(bucket_tags(id), "tap:force-destroy")],
     lambda id: put_bucket_tags(id, lambda tags: tags | {"tap:force-destroy": "false"}), bucket_tags),
]


def bucket_policy(id):
    return json.loads(s3.get_bucket_policy(Bucket=physical(id))["Policy"])


def put_bucket_policy(id, change):
    s3.put_bucket_policy(Bucket=physical(id), Policy=json.dumps(change(bucket_policy(id))))


def without_the_last(policy):
    policy["Statement"].pop()
    return policy


def tls_10(policy):
    for statement in policy["Statement"]:
        if statement["Sid"] == "OnlyTls12":
            statement["Condition"]["NumericLessThan"]["s3:TlsVersion"] = "1.0"
    return policy


def statement_path(policy, sid):
    """Statements are compared in the order in which they stand."""
    return f"PolicyDocument.Statement[{[s['Sid'] for s in policy['Statement']].index(sid)}]"


BUCKET_POLICY = [
    (["PolicyDocument.Statement"], lambda id: put_bucket_policy(id, without_the_last), bucket_policy),
    (lambda id: [f"{statement_path(bucket_policy(id), 'OnlyTls12')}.Condition.NumericLessThan.s3:TlsVersion"],
     lambda id: put_bucket_policy(id, tls_10), bucket_policy),
]


# -- table ---------------------------------------------------------------------------------

def table(id):
    return dynamodb.describe_table(TableName=physical(id))["Table"]


def settle(id):
    import time
    for _ in range(100):
        live = table(id)
        indexes = live.get("GlobalSecondaryIndexes", [])
        if live["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes):
            return
        time.sleep(0.1)
    raise Exception(f"{id} does not settle")


def update_table(**arguments):
    def change(id):
        dynamodb.update_table(TableName=physical(id), **arguments)
        settle(id)
    return change


def recovery(id):
    backups = dynamodb.describe_continuous_backups(TableName=physical(id))["ContinuousBackupsDescription"]
    live = backups["PointInTimeRecoveryDescription"]
    return {"status": live["PointInTimeRecoveryStatus"], "days": live.get("RecoveryPeriodInDays")}


def put_recovery(enabled, days=None):
    specification = {"PointInTimeRecoveryEnabled": enabled} | ({"RecoveryPeriodInDays": days} if days else {})
    return lambda id: dynamodb.update_continuous_backups(TableName=physical(id), PointInTimeRecoverySpecification=specification)


def table_encryption(id):
    live = table(id).get("SSEDescription", {})
    return {"type": live.get("SSEType"), "key": live.get("KMSMasterKeyArn"), "status": live.get("Status")}


def table_tags(id):
    return tags_of(dynamodb.list_tags_of_resource(ResourceArn=table(id)["TableArn"])["Tags"])


def indexes(id):
    return [{key: index[key] for key in ("IndexName", "KeySchema", "Projection")} for index in table(id).get("GlobalSecondaryIndexes", [])]


def billing(id):
    return table(id).get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")


def provision(id):
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    updates = [{"Update": {"IndexName": index["IndexName"], "ProvisionedThroughput": throughput}} for index in indexes(id)]
    update_table(BillingMode="PROVISIONED", ProvisionedThroughput=throughput, GlobalSecondaryIndexUpdates=updates)(id)


def another_index(id):
    update_table(
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("day", "requestId", "timestamp", "who")],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-who", "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}}}])(id)


TABLE = [
    (["DeletionProtectionEnabled"], update_table(DeletionProtectionEnabled=True),
     lambda id: table(id).get("DeletionProtectionEnabled", False)),
    (["PointInTimeRecoverySpecification.RecoveryPeriodInDays"], put_recovery(True, 10), recovery),
    (["PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "PointInTimeRecoverySpecification.RecoveryPeriodInDays"],
     put_recovery(False), recovery),
    (["SSESpecification.KMSMasterKeyId"],
     lambda id: update_table(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn_of_key("LogsKey")})(id),
     table_encryption),
    (["SSESpecification.KMSMasterKeyId", "SSESpecification.SSEEnabled", "SSESpecification.SSEType"],
     update_table(SSESpecification={"Enabled": False}), table_encryption),
    (["BillingMode"], provision, billing),
    (["AttributeDefinitions", "GlobalSecondaryIndexes"], update_table(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-day"}}]), indexes),
    (["AttributeDefinitions", "GlobalSecondaryIndexes"], another_index, indexes),
    (lambda id: [index(table_tags(id), "owner-of")],
     lambda id: dynamodb.tag_resource(ResourceArn=table(id)["TableArn"], Tags=[{"Key": "owner-of", "Value": "other"}]), table_tags),
    (["Tags"], lambda id: dynamodb.untag_resource(ResourceArn=table(id)["TableArn"], TagKeys=["owner-of"]), table_tags),
]


# -- topic ---------------------------------------------------------------------------------

def topic(name):
    return lambda id: sns.get_topic_attributes(TopicArn=physical(id))["Attributes"].get(name) or ""


def put_topic(name, value):
    return lambda id: sns.set_topic_attributes(TopicArn=physical(id), AttributeName=name, AttributeValue=value() if callable(value) else value)


def topic_tags(id):
    return tags_of(sns.list_tags_for_resource(ResourceArn=physical(id))["Tags"])


TOPIC = [
    (["DisplayName"], put_topic("DisplayName", "other"), topic("DisplayName")),
    (["KmsMasterKeyId"], put_topic("KmsMasterKeyId", lambda: arn_of_key("DataKey")), topic("KmsMasterKeyId")),
    (["KmsMasterKeyId"], put_topic("KmsMasterKeyId", ""), topic("KmsMasterKeyId")),
    (lambda id: [index(topic_tags(id), "owner-of")],
     lambda id: sns.tag_resource(ResourceArn=physical(id), Tags=[{"Key": "owner-of", "Value": "other"}]), topic_tags),
    (["Tags"], lambda id: sns.untag_resource(ResourceArn=physical(id), TagKeys=["owner-of"]), topic_tags),
]


def topic_policy(id):
    return json.loads(topic("Policy")(id))


def put_topic_policy(id):
    policy = without_the_last(topic_policy(id))
    sns.set_topic_attributes(TopicArn=physical(id), AttributeName="Policy", AttributeValue=json.dumps(policy))


TOPIC_POLICY = [(["PolicyDocument.Statement"], put_topic_policy, topic_policy)]


CHANGES = {
    "AWS::KMS::Key": KEY,
    "AWS::KMS::Alias": ALIAS,
    "AWS::S3::Bucket": BUCKET,
    "AWS::S3::BucketPolicy": BUCKET_POLICY,
    "AWS::DynamoDB::Table": TABLE,
    "AWS::SNS::Topic": TOPIC,
    "AWS::SNS::TopicPolicy": TOPIC_POLICY,
    # What a subscription connects is all that it is.
    "AWS::SNS::Subscription": [],
}


def of_this_round():
    for id, resource in sorted(resources.items()):
        changes = CHANGES[resource["type"]]
        if round < len(changes):
            yield id, changes[round]


def normal(value):
    """Sets as AWS answers them have no order."""
    return json.loads(json.dumps(value, sort_keys=True, default=str))


if action == "count":
    print(json.dumps({kind: len(changes) for kind, changes in CHANGES.items()}))
elif action == "look":
    print(json.dumps({id: normal(look(id)) for id, (_, _, look) in of_this_round()}))
elif action == "change":
    # Everything is looked at before anything is changed: what one change does
    # may show in another's property.
    todo = {}
    for id, (paths, change, look) in of_this_round():
        paths = paths(id) if callable(paths) else paths
        if paths:
            todo[id] = {"paths": sorted(paths), "was": normal(look(id))}
    for id, (_, change, look) in of_this_round():
        if id in todo:
            try:
                change(id)
            except Exception as error:
                raise Exception(f"{id}: {todo[id]['paths']} cannot be changed: {error}")
    for id, (_, _, look) in of_this_round():
        if id in todo:
            todo[id]["is"] = normal(look(id))
    print(json.dumps(todo))
elif action == "tidy":
    for key in kms.list_keys()["Keys"]:
        metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if metadata["Description"] == "a stranger's" and metadata["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
elif action in ("tag as a stranger", "see a stranger's tags"):
    tag = {"Key": "a-strangers", "Value": "x"}
    sets = {
        "AWS::KMS::Key": lambda id: kms.tag_resource(KeyId=physical(id), Tags=[{"TagKey": "a-strangers", "TagValue": "x"}]),
        "AWS::S3::Bucket": lambda id: put_bucket_tags(id, lambda tags: tags | {"a-strangers": "x"}),
        "AWS::DynamoDB::Table": lambda id: dynamodb.tag_resource(ResourceArn=table(id)["TableArn"], Tags=[tag]),
        "AWS::SNS::Topic": lambda id: sns.tag_resource(ResourceArn=physical(id), Tags=[tag]),
    }
    look = {"AWS::KMS::Key": key_tags, "AWS::S3::Bucket": bucket_tags, "AWS::DynamoDB::Table": table_tags, "AWS::SNS::Topic": topic_tags}
    tagged = {id: resource["type"] for id, resource in resources.items() if resource["type"] in sets}
    if action == "tag as a stranger":
        for id, kind in tagged.items():
            sets[kind](id)
    print(json.dumps({id: look[kind](id).get("a-strangers") for id, kind in tagged.items()}))
