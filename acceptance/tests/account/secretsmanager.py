# Secrets, whose values are never shown, and their rotation.

secrets = Late("secretsmanager")


@kind("secrets")
def secret_arns():
    return {secret["ARN"] for secret in listed("secretsmanager", "list_secrets", "SecretList")}


def in_secret(reference):
    """The value behind `{{resolve:secretsmanager:ARN:SecretString:member}}`."""
    arn, member = reference.removeprefix("{{resolve:secretsmanager:").removesuffix("}}").split(":SecretString:")
    return json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])[member]


@identify("AWS::SecretsManager::Secret")
def identify_secret(x, id, p):
    return {"Ref": secrets.describe_secret(SecretId=p["Name"])["ARN"]}


@compare("AWS::SecretsManager::Secret")
def compare_secret(x, id, p):
    x.saw("secrets", x.name(id, "Ref"))
    secret = secrets.describe_secret(SecretId=x.name(id, "Ref"))
    same(id, {name: value for name, value in p.items() if name != "GenerateSecretString"}, {
        "Name": secret["Name"],
        "Description": secret["Description"],
        "KmsKeyId": secret.get("KmsKeyId"),
    })
    # Of the value the members, and of these only what the template itself says.
    generate = p["GenerateSecretString"]
    said = json.loads(generate["SecretStringTemplate"])
    value = json.loads(secrets.get_secret_value(SecretId=x.name(id, "Ref"))["SecretString"])
    differ(f"{id} members of the value", sorted([*said, generate["GenerateStringKey"]]), sorted(value))
    differ(f"{id} members as the template says", True, all(value.get(name) == member for name, member in said.items()))
    differ(f"{id} length of what was generated", generate["PasswordLength"], len(value.get(generate["GenerateStringKey"], "")))
    x.tags(id, p, tag_map(secret["Tags"]))


# Not compared, because no API returns it: whether a changed schedule rotates at once.
@compare("AWS::SecretsManager::RotationSchedule")
def compare_rotation(x, id, p):
    secret = secrets.describe_secret(SecretId=p["SecretId"])
    differ(f"{id} is enabled", True, secret.get("RotationEnabled", False))
    same(id, {name: value for name, value in p.items() if name != "RotateImmediatelyOnUpdate"}, {
        "SecretId": secret["ARN"],
        "RotationLambdaARN": secret.get("RotationLambdaARN"),
        "RotationRules": secret.get("RotationRules"),
    })


def secret(name):
    return lambda id: secrets.describe_secret(SecretId=physical(id)).get(name)


def secret_tags(id):
    return tag_map(secret("Tags")(id))


def put_secret_tags(id, tags):
    secrets.tag_resource(SecretId=physical(id), Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


TAG["AWS::SecretsManager::Secret"] = (put_secret_tags, secret_tags)
CHANGES["AWS::SecretsManager::Secret"] = [
    (["Description"], lambda id: secrets.update_secret(SecretId=physical(id), Description="other"), secret("Description")),
    (["KmsKeyId"], lambda id: secrets.update_secret(SecretId=physical(id), KmsKeyId=arn_of_key("EnvironmentKey")), secret("KmsKeyId")),
    *tag_changes(put_secret_tags, lambda id, key: secrets.untag_resource(SecretId=physical(id), TagKeys=[key]), secret_tags),
    # The tag that a destroy goes by.
    (lambda id: [index(secret_tags(id), "tap:force-destroy")],
     lambda id: put_secret_tags(id, {"tap:force-destroy": "false"}), secret_tags),
]


def put_rotation_days(id):
    secrets.rotate_secret(SecretId=physical(id), RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 60})


def rotate_by_another_function(id):
    """Secrets Manager looks whether it may call the function at this moment."""
    function = secret("RotationLambdaARN")(id).rsplit(":", 1)[0] + ":" + physical("ValidateFunction")
    c("lambda").add_permission(
        FunctionName=function, StatementId="a-strangers", Action="lambda:InvokeFunction", Principal="secretsmanager.amazonaws.com")
    secrets.rotate_secret(SecretId=physical(id), RotateImmediately=False, RotationLambdaARN=function)
    c("lambda").remove_permission(FunctionName=function, StatementId="a-strangers")


def rotation(id):
    return [secret("RotationLambdaARN")(id), secret("RotationRules")(id)]


CHANGES["AWS::SecretsManager::RotationSchedule"] = [
    (["RotationRules.AutomaticallyAfterDays"], put_rotation_days, rotation),
    (["RotationLambdaARN"], rotate_by_another_function, rotation),
]


@deletes("AWS::SecretsManager::RotationSchedule")
def delete_rotation(arn):
    secrets.cancel_rotate_secret(SecretId=arn)


@deletes("AWS::SecretsManager::Secret")
def delete_secret(arn):
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
