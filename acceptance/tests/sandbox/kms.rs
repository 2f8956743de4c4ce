//! Keys and aliases as AWS documents them. A test that is named after a shim fails
//! without it; the others show what the emulator does right alone.

use super::*;

const POLICY: &str = r#"
def policy(actions="kms:*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": actions, "Resource": "*"}]})
"#;

#[test]
fn a_key_is_created_configured_and_scheduled_for_deletion() {
    let script = r#"
kms = c("kms")
key = kms.create_key(Description="one", Policy=policy(), MultiRegion=False, KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Tags=[{"TagKey": "tap:pipeline", "TagValue": "p"}])["KeyMetadata"]
id = key["KeyId"]
kms.enable_key_rotation(KeyId=id, RotationPeriodInDays=180)
kms.update_key_description(KeyId=id, Description="two")
kms.tag_resource(KeyId=id, Tags=[{"TagKey": "owner", "TagValue": "o"}])
kms.untag_resource(KeyId=id, TagKeys=["owner"])
kms.put_key_policy(KeyId=id, PolicyName="default", Policy=policy(["kms:Describe*", "kms:Put*"]))
kms.create_alias(AliasName="alias/trip", TargetKeyId=id)
rotation = kms.get_key_rotation_status(KeyId=id)
found = [
    key["MultiRegion"], kms.describe_key(KeyId="alias/trip")["KeyMetadata"]["Description"], rotation["KeyRotationEnabled"], rotation["RotationPeriodInDays"],
    kms.list_resource_tags(KeyId=id)["Tags"], json.loads(kms.get_key_policy(KeyId=id, PolicyName="default")["Policy"])["Statement"][0]["Action"],
    [alias["AliasName"] for alias in kms.list_aliases(KeyId=id)["Aliases"]], code(kms.create_alias, AliasName="alias/trip", TargetKeyId=id),
]
kms.delete_alias(AliasName="alias/trip")
found += [code(kms.delete_alias, AliasName="alias/trip"), kms.schedule_key_deletion(KeyId=id, PendingWindowInDays=7)["KeyState"]]
found += [kms.cancel_key_deletion(KeyId=id)["KeyId"] == key["Arn"], kms.describe_key(KeyId=id)["KeyMetadata"]["KeyState"], code(c("kms", "eu-central-1").describe_key, KeyId=id)]
out(found)"#;
    assert_eq!(
        run(shared(), &format!("{POLICY}{script}")),
        json!([
            false, "two", true, 180, [{"TagKey": "tap:pipeline", "TagValue": "p"}], ["kms:Describe*", "kms:Put*"], ["alias/trip"], "AlreadyExistsException", "NotFoundException", "PendingDeletion", true,
            "Disabled", "NotFoundException"
        ])
    );
}

#[test]
fn kms_key_state_refuses_changes_of_a_key_that_is_pending_deletion() {
    let script = r#"
kms = c("kms")
id = kms.create_key()["KeyMetadata"]["KeyId"]
kms.enable_key_rotation(KeyId=id)
early = code(kms.cancel_key_deletion, KeyId=id)
kms.schedule_key_deletion(KeyId=id, PendingWindowInDays=7)
pending = {
    code(kms.create_alias, AliasName="alias/pending", TargetKeyId=id), code(kms.enable_key_rotation, KeyId=id), code(kms.tag_resource, KeyId=id, Tags=[{"TagKey": "a", "TagValue": "b"}]),
    code(kms.update_key_description, KeyId=id, Description="x"), code(kms.schedule_key_deletion, KeyId=id), code(kms.enable_key, KeyId=id),
}
rotates = kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"]
readable = [code(kms.describe_key, KeyId=id), code(kms.get_key_policy, KeyId=id, PolicyName="default"), code(kms.list_resource_tags, KeyId=id)]
kms.cancel_key_deletion(KeyId=id)
out([early, sorted(pending), rotates, readable, code(kms.enable_key_rotation, KeyId=id), code(kms.enable_key, KeyId=id), kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"]])"#;
    let invalid = "KMSInvalidStateException";
    assert_eq!(
        run(shared(), script),
        json!([
            invalid,
            [invalid],
            false,
            ["ok", "ok", "ok"],
            "DisabledException",
            "ok",
            true
        ])
    );
}

#[test]
fn kms_policy_document_refuses_what_is_no_policy_and_what_locks_everybody_out() {
    let script = r#"
kms = c("kms")
id = kms.create_key()["KeyMetadata"]["KeyId"]
put = lambda text, **more: code(kms.put_key_policy, KeyId=id, PolicyName="default", Policy=text, **more)
out([put("{"), put('{"Statement": [{"Effect": "Allow"}]}'), put(policy("kms:Encrypt")), put(policy("kms:Encrypt"), BypassPolicyLockoutSafetyCheck=True), put(policy()), code(kms.create_key, Policy="{}")])"#;
    let malformed = "MalformedPolicyDocumentException";
    assert_eq!(
        run(shared(), &format!("{POLICY}{script}")),
        json!([malformed, malformed, malformed, "ok", "ok", malformed])
    );
}

#[test]
fn kms_pages_lead_from_the_first_key_to_the_last() {
    let script = r#"
kms = c("kms", "ap-south-1")
made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(7)}
first = kms.list_keys(Limit=3)
all = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 3}) for key in page["Keys"]]
out([len(first["Keys"]), first["Truncated"], len(all), set(all) == made, kms.list_keys()["Truncated"], code(kms.list_keys, Marker="nonsense")])"#;
    assert_eq!(
        run(shared(), script),
        json!([3, true, 7, true, false, "InvalidMarkerException"])
    );
}

#[test]
fn kms_key_metadata_says_whose_key_it_is() {
    let script = r#"
key = c("kms").create_key()["KeyMetadata"]
out([key["AWSAccountId"], c("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["AWSAccountId"]])"#;
    assert_eq!(
        run(shared(), script),
        json!(["123456789012", "123456789012"])
    );
}
