# Tables.

dynamodb = Late("dynamodb")


@kind("tables")
def tables():
    return set(listed("dynamodb", "list_tables", "TableNames"))


@compare("AWS::DynamoDB::Table")
def compare_table(x, id, p):
    name = p["TableName"]
    x.saw("tables", name)
    table = dynamodb.describe_table(TableName=name)["Table"]
    by_name = lambda items: sorted(items, key=lambda item: item["AttributeName"])
    differ(f"{id} AttributeDefinitions", by_name(p["AttributeDefinitions"]), by_name(table["AttributeDefinitions"]))
    differ(f"{id} KeySchema", p["KeySchema"], table["KeySchema"])
    differ(f"{id} BillingMode", p["BillingMode"], table.get("BillingModeSummary", {}).get("BillingMode"))
    indexes = [{key: index[key] for key in ("IndexName", "KeySchema", "Projection")} for index in table.get("GlobalSecondaryIndexes", [])]
    differ(f"{id} GlobalSecondaryIndexes", p.get("GlobalSecondaryIndexes") or [], indexes)
    sse = table.get("SSEDescription", {})
    differ(f"{id} SSESpecification", (p["SSESpecification"]["SSEType"], p["SSESpecification"]["KMSMasterKeyId"]), (sse.get("SSEType"), sse.get("KMSMasterKeyArn")))
    differ(f"{id} DeletionProtectionEnabled", p["DeletionProtectionEnabled"], table.get("DeletionProtectionEnabled", False))
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    found = {"PointInTimeRecoveryEnabled": backups["PointInTimeRecoveryStatus"] == "ENABLED"}
    if found["PointInTimeRecoveryEnabled"]:
        found["RecoveryPeriodInDays"] = backups.get("RecoveryPeriodInDays")
    differ(f"{id} PointInTimeRecoverySpecification", p["PointInTimeRecoverySpecification"], found)
    x.tags(id, p, tag_map(dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]))


def table(id):
    return dynamodb.describe_table(TableName=physical(id))["Table"]


def settle(id):
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
    return tag_map(dynamodb.list_tags_of_resource(ResourceArn=table(id)["TableArn"])["Tags"])


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


def put_table_tags(id, tags):
    dynamodb.tag_resource(ResourceArn=table(id)["TableArn"], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


TAG["AWS::DynamoDB::Table"] = (put_table_tags, table_tags)
CHANGES["AWS::DynamoDB::Table"] = [
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
    *tag_changes(put_table_tags, lambda id, key: dynamodb.untag_resource(ResourceArn=table(id)["TableArn"], TagKeys=[key]), table_tags),
]


@deletes("AWS::DynamoDB::Table")
def delete_table(name):
    dynamodb.delete_table(TableName=name)
    for _ in range(100):
        try:
            dynamodb.describe_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return
        time.sleep(0.1)
    raise Exception(f"{name} does not go")
