# Keys and aliases.

kms = Late("kms")

STRANGER_POLICY = {"Version": "2012-10-17", "Statement": [{
    "Sid": "Stranger", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
    "Action": "kms:*", "Resource": "*"}]}


def arn_of_key(id):
    return kms.describe_key(KeyId=physical(id))["KeyMetadata"]["Arn"]


def key_tags_of(key):
    return tag_map(kms.list_resource_tags(KeyId=key)["Tags"], "TagKey", "TagValue")


@kind("keys")
def living_keys():
    found = set()
    for key in listed("kms", "list_keys", "Keys"):
        metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if metadata["KeyManager"] == "CUSTOMER" and metadata["KeyState"] != "PendingDeletion":
            found.add(key["KeyId"])
    return found


def aliases():
    found = {a["AliasName"]: a.get("TargetKeyId") for a in listed("kms", "list_aliases", "Aliases")}
    return {name: key for name, key in found.items() if not name.startswith("alias/aws/")}


@kind("aliases")
def alias_names():
    return set(aliases())


@identify("AWS::KMS::Key")
def identify_key(x, id, p):
    """By its tags: a key has no name."""
    found = [key for key in x.all("keys") if x.carries(key_tags_of(key), id)]
    if len(found) != 1:
        differences.append(f"{id}: {len(found)} keys carry its tags")
        return {"Ref": None, "Arn": None}
    return {"Ref": found[0], "Arn": kms.describe_key(KeyId=found[0])["KeyMetadata"]["Arn"]}


# Not compared, because no API returns it: the pending window before a deletion.
@compare("AWS::KMS::Key")
def compare_key(x, id, p):
    key = x.names[id]["Ref"]
    x.saw("keys", key)
    metadata, tags = kms.describe_key(KeyId=key)["KeyMetadata"], key_tags_of(key)
    rotation = kms.get_key_rotation_status(KeyId=key) if p["KeySpec"] == "SYMMETRIC_DEFAULT" else {"KeyRotationEnabled": False}
    differ(f"{id} Description", p["Description"], metadata["Description"])
    differ(f"{id} KeySpec", p["KeySpec"], metadata["KeySpec"])
    differ(f"{id} KeyUsage", p["KeyUsage"], metadata["KeyUsage"])
    differ(f"{id} EnableKeyRotation", p["EnableKeyRotation"], rotation["KeyRotationEnabled"])
    if p["EnableKeyRotation"]:
        differ(f"{id} RotationPeriodInDays", p["RotationPeriodInDays"], rotation.get("RotationPeriodInDays"))
    differ(f"{id} KeyPolicy", policy(p["KeyPolicy"]), policy(json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])))
    x.tags(id, p, tags)


@compare("AWS::KMS::Alias")
def compare_alias(x, id, p):
    x.saw("aliases", p["AliasName"])
    differ(f"{id} TargetKeyId", p["TargetKeyId"], aliases().get(p["AliasName"]))


def key_metadata(field):
    return lambda id: kms.describe_key(KeyId=physical(id))["KeyMetadata"][field]


def key_rotation(id):
    status = kms.get_key_rotation_status(KeyId=physical(id))
    return status.get("RotationPeriodInDays") if status["KeyRotationEnabled"] else None


def key_policy(id):
    return json.loads(kms.get_key_policy(KeyId=physical(id), PolicyName="default")["Policy"])


def key_tags(id):
    return tag_map(kms.list_resource_tags(KeyId=physical(id))["Tags"], "TagKey", "TagValue")


def put_key_tags(id, tags):
    kms.tag_resource(KeyId=physical(id), Tags=[{"TagKey": k, "TagValue": v} for k, v in tags.items()])


def put_key_policy(id):
    policy = key_policy(id)
    policy["Statement"] = policy["Statement"][:1] + [dict(STRANGER_POLICY["Statement"][0])] + policy["Statement"][1:]
    kms.put_key_policy(KeyId=physical(id), PolicyName="default", Policy=json.dumps(policy))


CHANGES["AWS::KMS::Key"] = [
    (["Description"], lambda id: kms.update_key_description(KeyId=physical(id), Description="other"), key_metadata("Description")),
    ([f"KeyPolicy.Statement[+Stranger: Allow kms:* to arn:aws:iam::{account}:root]"], put_key_policy, key_policy),
    (["RotationPeriodInDays"], lambda id: kms.enable_key_rotation(KeyId=physical(id), RotationPeriodInDays=100), key_rotation),
    (["EnableKeyRotation", "RotationPeriodInDays"], lambda id: kms.disable_key_rotation(KeyId=physical(id)), key_rotation),
    (["Enabled"], lambda id: kms.disable_key(KeyId=physical(id)), key_metadata("KeyState")),
    *tag_changes(put_key_tags, lambda id, key: kms.untag_resource(KeyId=physical(id), TagKeys=[key]), key_tags),
    # The tag that a destroy goes by.
    (lambda id: [index(key_tags(id), "tap:deletion-window-days")],
     lambda id: put_key_tags(id, {"tap:deletion-window-days": "30"}), key_tags),
]

TAG["AWS::KMS::Key"] = (put_key_tags, key_tags)


def alias_target(id):
    return kms.describe_key(KeyId=physical(id))["KeyMetadata"]["KeyId"]


def retarget(id):
    other = "LogsKey" if alias_target(id) != physical("LogsKey") else "DataKey"
    kms.update_alias(AliasName=physical(id), TargetKeyId=physical(other))


def retarget_to_a_stranger(id):
    key = kms.create_key(Description="a stranger's")["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=physical(id), TargetKeyId=key)


def delete_keys_of_strangers():
    for key in kms.list_keys()["Keys"]:
        metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if metadata["Description"] == "a stranger's" and metadata["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)


TIDY.append(delete_keys_of_strangers)
CHANGES["AWS::KMS::Alias"] = [
    (["TargetKeyId"], retarget, alias_target),
    (["TargetKeyId"], retarget_to_a_stranger, alias_target),
]


@deletes("AWS::KMS::Alias")
def delete_alias(name):
    kms.delete_alias(AliasName=name)


@deletes("AWS::KMS::Key")
def delete_key(id):
    kms.schedule_key_deletion(KeyId=id, PendingWindowInDays=7)
