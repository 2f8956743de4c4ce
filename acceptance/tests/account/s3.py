# Buckets and their policies.

s3 = Late("s3")


@kind("buckets")
def buckets():
    names = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    return {name for name in names if (s3.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1") == region}


@identify("AWS::S3::Bucket")
def identify_bucket(x, id, p):
    return {"Ref": p["BucketName"], "Arn": "arn:aws:s3:::" + p["BucketName"]}


@compare("AWS::S3::Bucket")
def compare_bucket(x, id, p):
    name = p["BucketName"]
    x.saw("buckets", name)
    differ(f"{id} VersioningConfiguration", p["VersioningConfiguration"]["Status"], s3.get_bucket_versioning(Bucket=name).get("Status"))
    rule = p["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    expected, default = rule["ServerSideEncryptionByDefault"], found["ApplyServerSideEncryptionByDefault"]
    differ(f"{id} encryption", (expected["SSEAlgorithm"], expected.get("KMSMasterKeyID")), (default["SSEAlgorithm"], default.get("KMSMasterKeyID")))
    differ(f"{id} BucketKeyEnabled", rule["BucketKeyEnabled"], found.get("BucketKeyEnabled", False))
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    differ(f"{id} PublicAccessBlockConfiguration", p["PublicAccessBlockConfiguration"], block)
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    differ(f"{id} OwnershipControls", p["OwnershipControls"], ownership)
    logging = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled")
    found = logging and {"DestinationBucketName": logging["TargetBucket"], "LogFilePrefix": logging["TargetPrefix"]}
    differ(f"{id} LoggingConfiguration", p.get("LoggingConfiguration"), found or None)
    notifications = s3.get_bucket_notification_configuration(Bucket=name)
    differ(f"{id} events", True, "EventBridgeConfiguration" in notifications)
    rules = [lifecycle_rule(rule) for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]]
    by_id = lambda rules: sorted(rules, key=lambda rule: rule["Id"])
    differ(f"{id} LifecycleConfiguration", by_id(p["LifecycleConfiguration"]["Rules"]), by_id(rules))
    x.tags(id, p, tag_map(s3.get_bucket_tagging(Bucket=name)["TagSet"]))


def lifecycle_rule(live):
    """A lifecycle rule of S3's as CloudFormation would write it."""
    rule = {"Id": live["ID"], "Status": live["Status"], "Prefix": live.get("Filter", {}).get("Prefix", live.get("Prefix", ""))}
    if "Expiration" in live:
        rule["ExpirationInDays"] = live["Expiration"]["Days"]
    if "AbortIncompleteMultipartUpload" in live:
        rule["AbortIncompleteMultipartUpload"] = live["AbortIncompleteMultipartUpload"]
    if "NoncurrentVersionExpiration" in live:
        rule["NoncurrentVersionExpiration"] = live["NoncurrentVersionExpiration"]
    if "NoncurrentVersionTransitions" in live:
        rule["NoncurrentVersionTransitions"] = [
            {"StorageClass": t["StorageClass"], "TransitionInDays": t["NoncurrentDays"]} for t in live["NoncurrentVersionTransitions"]]
    return rule


@compare("AWS::S3::BucketPolicy")
def compare_bucket_policy(x, id, p):
    found = json.loads(s3.get_bucket_policy(Bucket=p["Bucket"])["Policy"])
    differ(f"{id} PolicyDocument", policy(p["PolicyDocument"]), policy(found))


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
    return tag_map(s3.get_bucket_tagging(Bucket=physical(id))["TagSet"])


def put_bucket_tags(id, tags):
    """S3 puts all tags at once."""
    s3.put_bucket_tagging(Bucket=physical(id), Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]})


def add_bucket_tags(id, tags):
    put_bucket_tags(id, bucket_tags(id) | tags)


def remove_bucket_tag(id, key):
    put_bucket_tags(id, {k: v for k, v in bucket_tags(id).items() if k != key})


TAG["AWS::S3::Bucket"] = (add_bucket_tags, bucket_tags)
CHANGES["AWS::S3::Bucket"] = [
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
    *tag_changes(add_bucket_tags, remove_bucket_tag, bucket_tags),
    # The tag that a destroy goes by.
    (lambda id: [index(bucket_tags(id), "tap:force-destroy")],
     lambda id: add_bucket_tags(id, {"tap:force-destroy": "false"}), bucket_tags),
]


def bucket_policy(id):
    return json.loads(s3.get_bucket_policy(Bucket=physical(id))["Policy"])


def put_bucket_policy(id, change):
    s3.put_bucket_policy(Bucket=physical(id), Policy=json.dumps(change(bucket_policy(id))))


def tls_10(policy):
    for statement in policy["Statement"]:
        if statement["Sid"] == "OnlyTls12":
            statement["Condition"]["NumericLessThan"]["s3:TlsVersion"] = "1.0"
    return policy


CHANGES["AWS::S3::BucketPolicy"] = [
    (lambda id: [path_without_the_last(bucket_policy(id))], lambda id: put_bucket_policy(id, without_the_last), bucket_policy),
    (lambda id: condition_paths(bucket_policy(id), "OnlyTls12", "NumericLessThan.s3:TlsVersion", "1.0"),
     lambda id: put_bucket_policy(id, tls_10), bucket_policy),
]


@deletes("AWS::S3::BucketPolicy")
def delete_bucket_policy(bucket):
    s3.delete_bucket_policy(Bucket=bucket)


@deletes("AWS::S3::Bucket")
def delete_bucket(name):
    versions = s3.list_object_versions(Bucket=name)
    for version in versions.get("Versions", []) + versions.get("DeleteMarkers", []):
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)


def delete_bucket_of_a_stranger(name):
    if name in buckets():
        delete_bucket(name)
