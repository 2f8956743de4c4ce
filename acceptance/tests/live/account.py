# Compares an account with a template: every resource of the template is there
# and is what its properties say, and there is nothing else but the manifest.
#
# In: `templates` (region, template, pipeline id). Out: a list of sentences on
# what differs. Written against boto3 alone, so that the provider's own reading
# of AWS is not what it is held against.
#
# Not compared, because no API returns it: a key's pending window before its
# deletion.

differences = []


def differ(what, expected, found):
    if expected != found:
        differences.append(f"{what}: the template says {expected!r}, the account {found!r}")


def policy(document):
    """A policy with its sets in one order: actions, resources and the values
    of a condition are sets, which AWS and the provider may list differently."""
    if isinstance(document, dict):
        return {key: policy(value) for key, value in document.items()}
    if isinstance(document, list) and all(isinstance(item, str) for item in document):
        return sorted(document) if len(document) > 1 else document[0]
    if isinstance(document, list):
        return [policy(item) for item in document]
    return document


def tag_map(tags, key="Key", value="Value"):
    return {tag[key]: tag[value] for tag in tags}


class Account:
    """One region of the account, by what boto3 says."""

    def __init__(self, region):
        client = lambda name: boto3.client(name, region_name=region)
        self.region = region
        self.s3, self.kms, self.dynamodb = client("s3"), client("kms"), client("dynamodb")
        self.sns, self.ssm = client("sns"), client("ssm")
        buckets = self.s3.list_buckets()["Buckets"]
        self.buckets = {b["Name"] for b in buckets if (self.location(b["Name"]) == region)}
        self.tables = set(self.dynamodb.list_tables()["TableNames"])
        self.topics = {t["TopicArn"] for page in self.sns.get_paginator("list_topics").paginate() for t in page["Topics"]}
        self.subscriptions = [s for page in self.sns.get_paginator("list_subscriptions").paginate() for s in page["Subscriptions"]]
        aliases = [a for page in self.kms.get_paginator("list_aliases").paginate() for a in page["Aliases"]]
        self.aliases = {a["AliasName"]: a["TargetKeyId"] for a in aliases if not a["AliasName"].startswith("alias/aws/")}
        self.keys = {}
        for page in self.kms.get_paginator("list_keys").paginate():
            for key in page["Keys"]:
                metadata = self.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
                if metadata["KeyManager"] == "CUSTOMER" and metadata["KeyState"] != "PendingDeletion":
                    tags = self.kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
                    self.keys[key["KeyId"]] = (metadata, tag_map(tags, "TagKey", "TagValue"))
        self.parameters = {p["Name"] for page in self.ssm.get_paginator("describe_parameters").paginate() for p in page["Parameters"]}

    def location(self, bucket):
        return self.s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"


class Expected:
    """A template's resources in that account."""

    def __init__(self, account, template, pipeline):
        self.account, self.pipeline = account, pipeline
        self.resources = template["Resources"]
        self.names = {}
        self.seen = {"buckets": set(), "tables": set(), "topics": set(), "aliases": set(), "keys": set(), "subscriptions": set()}

    def identify(self):
        """What Ref and GetAtt of each resource mean here."""
        for id, resource in self.resources.items():
            properties, kind = resource["Properties"], resource["Type"]
            if kind == "AWS::KMS::Key":
                found = [(m["KeyId"], m["Arn"]) for m, tags in self.account.keys.values()
                         if tags.get("tap:pipeline") == self.pipeline and tags.get("tap:logical-id") == id]
                if len(found) != 1:
                    differences.append(f"{id}: {len(found)} keys carry its tags")
                self.names[id] = dict(zip(("Ref", "Arn"), found[0])) if found else {"Ref": None, "Arn": None}
            elif kind == "AWS::S3::Bucket":
                self.names[id] = {"Ref": properties["BucketName"], "Arn": "arn:aws:s3:::" + properties["BucketName"]}
            elif kind == "AWS::SNS::Topic":
                found = [arn for arn in self.account.topics if arn.endswith(":" + properties["TopicName"])]
                self.names[id] = {"Ref": found[0] if found else None}

    def resolve(self, value):
        if isinstance(value, dict) and set(value) == {"Ref"}:
            return self.names[value["Ref"]]["Ref"]
        if isinstance(value, dict) and set(value) == {"Fn::GetAtt"}:
            id, attribute = value["Fn::GetAtt"]
            return self.names[id][attribute]
        if isinstance(value, dict):
            return {key: self.resolve(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value

    def tags(self, id, properties, found):
        expected = tag_map(properties["Tags"]) | {"tap:pipeline": self.pipeline, "tap:logical-id": id}
        if not found.pop("tap:provider-version", None):
            differences.append(f"{id}: the tag tap:provider-version is missing")
        differ(f"{id} tags", expected, found)

    def compare(self):
        self.identify()
        methods = {
            "AWS::KMS::Key": self.key, "AWS::KMS::Alias": self.alias, "AWS::S3::Bucket": self.bucket,
            "AWS::S3::BucketPolicy": self.bucket_policy, "AWS::DynamoDB::Table": self.table, "AWS::SNS::Topic": self.topic,
            "AWS::SNS::TopicPolicy": self.topic_policy, "AWS::SNS::Subscription": self.subscription,
        }
        for id, resource in self.resources.items():
            try:
                methods[resource["Type"]](id, self.resolve(resource["Properties"]))
            except Exception as error:
                differences.append(f"{id}: {type(error).__name__}: {error}")

    def key(self, id, p):
        key = self.names[id]["Ref"]
        self.seen["keys"].add(key)
        metadata, tags = self.account.keys[key]
        kms = self.account.kms
        rotation = kms.get_key_rotation_status(KeyId=key) if p["KeySpec"] == "SYMMETRIC_DEFAULT" else {"KeyRotationEnabled": False}
        differ(f"{id} Description", p["Description"], metadata["Description"])
        differ(f"{id} KeySpec", p["KeySpec"], metadata["KeySpec"])
        differ(f"{id} KeyUsage", p["KeyUsage"], metadata["KeyUsage"])
        differ(f"{id} EnableKeyRotation", p["EnableKeyRotation"], rotation["KeyRotationEnabled"])
        if p["EnableKeyRotation"]:
            differ(f"{id} RotationPeriodInDays", p["RotationPeriodInDays"], rotation.get("RotationPeriodInDays"))
        differ(f"{id} KeyPolicy", policy(p["KeyPolicy"]), policy(json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])))
        self.tags(id, p, tags)

    def alias(self, id, p):
        self.seen["aliases"].add(p["AliasName"])
        differ(f"{id} TargetKeyId", p["TargetKeyId"], self.account.aliases.get(p["AliasName"]))

    def bucket(self, id, p):
        name, s3 = p["BucketName"], self.account.s3
        self.seen["buckets"].add(name)
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
        rules = [self.rule(rule) for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]]
        by_id = lambda rules: sorted(rules, key=lambda rule: rule["Id"])
        differ(f"{id} LifecycleConfiguration", by_id(p["LifecycleConfiguration"]["Rules"]), by_id(rules))
        self.tags(id, p, tag_map(s3.get_bucket_tagging(Bucket=name)["TagSet"]))

    def rule(self, live):
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

    def bucket_policy(self, id, p):
        found = json.loads(self.account.s3.get_bucket_policy(Bucket=p["Bucket"])["Policy"])
        differ(f"{id} PolicyDocument", policy(p["PolicyDocument"]), policy(found))

    def table(self, id, p):
        name, dynamodb = p["TableName"], self.account.dynamodb
        self.seen["tables"].add(name)
        table = dynamodb.describe_table(TableName=name)["Table"]
        by_name = lambda items: sorted(items, key=lambda item: item["AttributeName"])
        differ(f"{id} AttributeDefinitions", by_name(p["AttributeDefinitions"]), by_name(table["AttributeDefinitions"]))
        differ(f"{id} KeySchema", p["KeySchema"], table["KeySchema"])
        differ(f"{id} BillingMode", p["BillingMode"], table.get("BillingModeSummary", {}).get("BillingMode"))
        indexes = [{key: index[key] for key in ("IndexName", "KeySchema", "Projection")} for index in table.get("GlobalSecondaryIndexes", [])]
        differ(f"{id} GlobalSecondaryIndexes", p["GlobalSecondaryIndexes"], indexes)
        sse = table.get("SSEDescription", {})
        differ(f"{id} SSESpecification", (p["SSESpecification"]["SSEType"], p["SSESpecification"]["KMSMasterKeyId"]), (sse.get("SSEType"), sse.get("KMSMasterKeyArn")))
        differ(f"{id} DeletionProtectionEnabled", p["DeletionProtectionEnabled"], table.get("DeletionProtectionEnabled", False))
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        found = {"PointInTimeRecoveryEnabled": backups["PointInTimeRecoveryStatus"] == "ENABLED"}
        if found["PointInTimeRecoveryEnabled"]:
            found["RecoveryPeriodInDays"] = backups.get("RecoveryPeriodInDays")
        differ(f"{id} PointInTimeRecoverySpecification", p["PointInTimeRecoverySpecification"], found)
        self.tags(id, p, tag_map(dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]))

    def topic(self, id, p):
        arn, sns = self.names[id]["Ref"], self.account.sns
        self.seen["topics"].add(arn)
        differ(f"{id} KmsMasterKeyId", p["KmsMasterKeyId"], sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId"))
        self.tags(id, p, tag_map(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]))

    def topic_policy(self, id, p):
        for arn in p["Topics"]:
            attributes = self.account.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            differ(f"{id} PolicyDocument", policy(p["PolicyDocument"]), policy(json.loads(attributes["Policy"])))

    def subscription(self, id, p):
        self.seen["subscriptions"].add((p["TopicArn"], p["Endpoint"]))
        found = [s for s in self.account.subscriptions if (s["TopicArn"], s["Protocol"], s["Endpoint"]) == (p["TopicArn"], p["Protocol"], p["Endpoint"])]
        differ(f"{id}: subscriptions of {p['Endpoint']}", 1, len(found))


for region in sorted({region for region, _, _ in templates}):
    account = Account(region)
    seen, manifests = {}, set()
    for here, template, pipeline in templates:
        if here == region:
            expected = Expected(account, template, pipeline)
            expected.compare()
            for kind, names in expected.seen.items():
                seen.setdefault(kind, set()).update(names)
            manifests.add("/tap/" + pipeline.split("@")[0] + "/manifest")
    live = {
        "buckets": account.buckets, "tables": account.tables, "topics": account.topics, "aliases": set(account.aliases),
        "keys": set(account.keys), "subscriptions": {(s["TopicArn"], s["Endpoint"]) for s in account.subscriptions},
    }
    for kind, names in live.items():
        differ(f"the {kind} of {region}", sorted(map(str, seen[kind])), sorted(map(str, names)))
    differ(f"the parameters of {region}", sorted(manifests), sorted(account.parameters))
    for name in manifests & account.parameters:
        tags = tag_map(account.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])
        pipeline = next(p for r, _, p in templates if r == region and "/tap/" + p.split("@")[0] + "/manifest" == name)
        differ(f"{name} pipeline tag", pipeline, tags.get("tap:pipeline"))
        differ(f"{name} owner tag", "tap", tags.get("owner"))

print(json.dumps(differences))
