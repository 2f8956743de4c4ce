//! Tables as AWS documents them. A test that is named after a shim fails
//! without it; the others show what the emulator does right alone.

use super::*;

const TABLE: &str = r#"
ddb = c("dynamodb")
def table(name, **more):
    keys = dict(AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("id", "day", "at")],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                GlobalSecondaryIndexes=[{"IndexName": "by-day", "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}])
    return ddb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **keys, **more)["TableDescription"]
def describe(name):
    return ddb.describe_table(TableName=name)["Table"]
def settled(name):
    while describe(name)["TableStatus"] != "ACTIVE":
        time.sleep(0.05)
    return describe(name)
"#;

#[test]
fn a_table_is_created_encrypted_protected_changed_and_deleted() {
    let script = r#"
key, other = (c("kms").create_key()["KeyMetadata"]["Arn"] for _ in range(2))
arn = table("trip", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}, Tags=[{"Key": "tap:pipeline", "Value": "p"}], DeletionProtectionEnabled=True)["TableArn"]
made = settled("trip")
found = [made["SSEDescription"]["KMSMasterKeyArn"] == key, made["DeletionProtectionEnabled"], [i["IndexStatus"] for i in made["GlobalSecondaryIndexes"]], code(ddb.delete_table, TableName="trip")]
ddb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
ddb.untag_resource(ResourceArn=arn, TagKeys=["a"])
ddb.update_table(TableName="trip", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": other}, DeletionProtectionEnabled=False)
made = settled("trip")
found += [ddb.list_tags_of_resource(ResourceArn=arn)["Tags"], made["SSEDescription"]["KMSMasterKeyArn"] == other, made["DeletionProtectionEnabled"], code(ddb.create_table, TableName="trip", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])]
found += [code(ddb.delete_table, TableName="trip")]
out(found)"#;
    assert_eq!(
        run(shared(), &format!("{TABLE}{script}")),
        json!([true, true, ["ACTIVE"], "ValidationException", [{"Key": "tap:pipeline", "Value": "p"}], true, false, "ResourceInUseException", "ok"])
    );
}

#[test]
fn dynamodb_table_status_makes_callers_wait() {
    let sandbox = own();
    // Long enough for a busy machine to ask everything meanwhile.
    sandbox.settle_in(Duration::from_secs(2)).unwrap();
    let script = r#"
on = {"PointInTimeRecoveryEnabled": True}
found = [table("slow")["TableStatus"], describe("slow")["TableStatus"], describe("slow")["GlobalSecondaryIndexes"][0]["IndexStatus"]]
found += [code(ddb.update_continuous_backups, TableName="slow", PointInTimeRecoverySpecification=on), code(ddb.delete_table, TableName="slow")]
settled("slow")
found += [ddb.update_table(TableName="slow", DeletionProtectionEnabled=False)["TableDescription"]["TableStatus"], code(ddb.update_table, TableName="slow", DeletionProtectionEnabled=False)]
settled("slow")
ddb.delete_table(TableName="slow")
found += [describe("slow")["TableStatus"], code(table, name="slow"), code(ddb.delete_table, TableName="slow")]
time.sleep(2.1)
out(found + [code(ddb.describe_table, TableName="slow")])"#;
    let in_use = "ResourceInUseException";
    assert_eq!(
        run(&sandbox, &format!("{TABLE}{script}")),
        json!([
            "CREATING",
            "CREATING",
            "CREATING",
            "ContinuousBackupsUnavailableException",
            in_use,
            "UPDATING",
            in_use,
            "DELETING",
            in_use,
            in_use,
            "ResourceNotFoundException"
        ])
    );
}

#[test]
fn dynamodb_recovery_period_reads_back() {
    let script = r#"
table("recovered"); settled("recovered")
def put(**more):
    return code(ddb.update_continuous_backups, TableName="recovered", PointInTimeRecoverySpecification=more)
def get():
    found = ddb.describe_continuous_backups(TableName="recovered")["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return [found["PointInTimeRecoveryStatus"], found.get("RecoveryPeriodInDays")]
found = [get()]
for more in ({}, {"RecoveryPeriodInDays": 14}, {"RecoveryPeriodInDays": 7}, {}):
    put(PointInTimeRecoveryEnabled=True, **more)
    found.append(get())
found.append(put(PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=36))
put(PointInTimeRecoveryEnabled=False)
out(found + [get()])"#;
    assert_eq!(
        run(shared(), &format!("{TABLE}{script}")),
        json!([
            ["DISABLED", null],
            ["ENABLED", 35],
            ["ENABLED", 14],
            ["ENABLED", 7],
            ["ENABLED", 35],
            "ValidationException",
            ["DISABLED", null]
        ])
    );
}

#[test]
fn dynamodb_table_key_must_be_usable_and_is_shown_by_its_arn() {
    let script = r#"
kms = c("kms")
key, gone = (kms.create_key()["KeyMetadata"] for _ in range(2))
kms.create_alias(AliasName="alias/table-key", TargetKeyId=key["KeyId"])
kms.schedule_key_deletion(KeyId=gone["KeyId"])
sse = lambda id: {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": id}}
found = [table("key-" + name, **sse(id))["SSEDescription"]["KMSMasterKeyArn"] == key["Arn"] for name, id in (("id", key["KeyId"]), ("alias", "alias/table-key"), ("arn", key["Arn"]))]
out(found + [code(table, name="key-gone", **sse(gone["Arn"])), code(table, name="key-none", **sse("alias/none"))])"#;
    assert_eq!(
        run(shared(), &format!("{TABLE}{script}")),
        json!([
            true,
            true,
            true,
            "ValidationException",
            "ValidationException"
        ])
    );
}

#[test]
fn dynamodb_error_codes_are_those_of_the_api_reference() {
    let script = r#"
key = c("kms").create_key()["KeyMetadata"]["Arn"]
table("plain", SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}); settled("plain")
ddb.update_table(TableName="plain", SSESpecification={"Enabled": False})
out([code(ddb.describe_continuous_backups, TableName="none-such"), code(ddb.list_tags_of_resource, ResourceArn="arn:aws:dynamodb:us-east-1:123456789012:table/none-such"), code(ddb.describe_table, TableName="none-such"), "SSEDescription" in settled("plain")])"#;
    assert_eq!(
        run(shared(), &format!("{TABLE}{script}")),
        json!([
            "TableNotFoundException",
            "ResourceNotFoundException",
            "ResourceNotFoundException",
            false
        ])
    );
}
