"""Encryption (KMS)."""

import datetime

from frame import ACCOUNT, condition_keys, destroyed, equal, expect, many, statements

PURPOSES = ("data", "environment", "logs")


def _keys(x):
    return {purpose: x.client("kms").describe_key(KeyId=x.key_arn(purpose))["KeyMetadata"] for purpose in PURPOSES}


def r001(x):
    """Customer-managed symmetric keys with automatic rotation"""
    for purpose, key in _keys(x).items():
        equal(key["KeyManager"], "CUSTOMER", f"the manager of the {purpose} key")
        equal(key["KeySpec"], "SYMMETRIC_DEFAULT", f"the {purpose} key")
        rotation = x.client("kms").get_key_rotation_status(KeyId=key["KeyId"])
        expect(rotation["KeyRotationEnabled"], f"the {purpose} key does not rotate")
    return "3 keys of the account's own, symmetric, rotation on"


def r002(x):
    """Separate key for Lambda environment variables and for stored data"""
    ids = {purpose: key["KeyId"] for purpose, key in _keys(x).items()}
    equal(len(set(ids.values())), 3, "the number of keys behind three aliases")
    return f"data {ids['data']}, environment {ids['environment']}, logs {ids['logs']}"


def r003(x):
    """Alias per key"""
    aliases = {a["AliasName"]: a.get("TargetKeyId") for a in x.pages("kms", "list_aliases", "Aliases")}
    ours = [f"alias/{x.named(purpose)}" for purpose in PURPOSES]
    for alias in ours:
        expect(aliases.get(alias), f"{alias} stands for no key")
    return ", ".join(ours)


def r004(x):
    """Key policy: account root and only needed service principals, bound; no wildcard principal"""
    services = set()
    for purpose in PURPOSES:
        policy = x.client("kms").get_key_policy(KeyId=x.key_arn(purpose), PolicyName="default")["Policy"]
        roots = 0
        for statement in statements(policy, "Allow"):
            principal = statement["Principal"]
            expect(principal != "*" and principal.get("AWS") != "*", f"{purpose}: {statement.get('Sid')} is for everybody")
            roots += f"arn:aws:iam::{ACCOUNT}:root" in many(principal.get("AWS", []))
            for service in many(principal.get("Service", [])):
                services.add(service)
                bound = {k for k in condition_keys(statement) if k in ("aws:sourceaccount", "aws:sourcearn") or k.startswith("kms:encryptioncontext:")}
                expect(bound, f"{purpose}: {service} is not bound to this account or pipeline")
        expect(roots, f"{purpose}: the account itself may not administer its key")
    needed = {f"{service}.amazonaws.com" for service in ("cloudwatch", "delivery.logs", "events", f"logs.{x.region}", "logging.s3", "sns")}
    expect(services and services <= needed, f"needless: {sorted(services - needed)}")
    return f"root, and bound: {', '.join(sorted(services))}"


def r005(x):
    """Environment variables of every function under the environment key"""
    key = x.key_arn("environment")
    for operation, function in x.functions().items():
        equal(function.get("KMSKeyArn"), key, f"the key of {operation}'s environment")
    return "6 functions, KMSKeyArn is the environment key"


def r006(x):
    """Every store at rest uses a CMK: S3, DynamoDB, log groups, SNS, SQS, secrets"""
    ours = {x.key_arn(purpose) for purpose in PURPOSES}
    ours |= {arn.split("/")[-1] for arn in ours}
    stores = {}
    for role, bucket in x.buckets().items():
        rule = x.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        stores[f"bucket {role}"] = rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    table = x.client("dynamodb").describe_table(TableName=x.named("audit"))["Table"]
    stores["audit table"] = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    topic = x.client("sns").get_topic_attributes(TopicArn=x.topic_arn())["Attributes"]
    stores["topic"] = topic.get("KmsMasterKeyId")
    for name, group in x.log_groups().items():
        stores[f"log group {name}"] = group.get("kmsKeyId")
    queues = x.of_type("AWS::SQS::Queue")
    expect(queues, "the pipeline has no queue")
    for properties in queues.values():
        url = x.client("sqs").get_queue_url(QueueName=properties["QueueName"])["QueueUrl"]
        stores[f"queue {properties['QueueName']}"] = x.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("KmsMasterKeyId")
    secrets = x.of_type("AWS::SecretsManager::Secret")
    expect(secrets, "the pipeline has no secret")
    for properties in secrets.values():
        stores[f"secret {properties['Name']}"] = x.client("secretsmanager").describe_secret(SecretId=properties["Name"]).get("KmsKeyId")
    bad = {name: key for name, key in stores.items() if key not in ours}
    expect(not bad, f"not under a key of the pipeline: {bad}")
    return f"{len(stores)} stores, each under one of the three keys"


@destroyed
def r007(x):
    """Keys deletable"""
    kms = x.client("kms")
    windows = []
    for purpose in PURPOSES:
        key = kms.describe_key(KeyId=x.state["key_arns"][purpose])["KeyMetadata"]
        equal(key["KeyState"], "PendingDeletion", f"the {purpose} key after the destroy")
        # The default, and what AWS admits at least.
        days = (key["DeletionDate"] - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 86400
        expect(6.9 < days <= 7, f"the {purpose} key goes in {days} days")
        windows.append(str(key["DeletionDate"])[:10])
    left = [a["AliasName"] for a in x.pages("kms", "list_aliases", "Aliases") if a["AliasName"].endswith(f"-{x.name}-{x.suffix}")]
    expect(not left, f"aliases that are still there: {left}")
    return f"3 keys are pending deletion until {windows[0]}, no alias is left"
