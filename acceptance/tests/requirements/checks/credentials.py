"""Secrets (Secrets Manager)."""

import json
import uuid

from frame import destroyed, equal, eventually, expect, tag_map

FORBIDDEN = "/@\"\\"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def described(x):
    """What lies behind the pipeline's secrets: name, ARN and version by id."""
    client, found = x.client("secretsmanager"), {}
    for id in x.of_type("AWS::SecretsManager::Secret"):
        secret = client.get_secret_value(SecretId=x.physical(id))
        found[id] = {"name": secret["Name"], "arn": secret["ARN"], "version": secret["VersionId"]}
    return found


def _described(x, id):
    return x.client("secretsmanager").describe_secret(SecretId=x.properties(id)["Name"])


def _value(x, id):
    return json.loads(x.client("secretsmanager").get_secret_value(SecretId=x.properties(id)["Name"])["SecretString"])


def _rotating(x, id):
    found = _described(x, id)
    expect(found.get("RotationEnabled"), f"{id} does not rotate")
    days = found["RotationRules"].get("AutomaticallyAfterDays")
    equal(days if days else found["RotationRules"].get("ScheduleExpression"), 30 if days else "rate(30 days)", f"how often {id} rotates")
    return found


def r092(x):
    """Secret for API keys under a key of the pipeline"""
    found = _described(x, "ApiKeySecret")
    equal(found.get("KmsKeyId"), x.key_arn("data"), "its key")
    return f"{found['Name']} under {found['KmsKeyId']}"


def r093(x):
    """Secret for credentials: dbadmin, 32 characters, without /@\"\\"""
    value = _value(x, "DatabaseSecret")
    equal(value["username"], "dbadmin", "the user")
    expect(len(value["password"]) == 32 and not set(FORBIDDEN) & set(value["password"]), "the password is not as it should be")
    equal(_described(x, "DatabaseSecret").get("KmsKeyId"), x.key_arn("data"), "its key")
    return "dbadmin, 32 characters, none of them forbidden"


def r094(x):
    """Secret for certificates, with mutual TLS only"""
    def live(pipeline):
        """Names by the tag, whatever the template says."""
        secrets = pipeline.pages("secretsmanager", "list_secrets", "SecretList")
        return {secret["Name"] for secret in secrets if tag_map(secret["Tags"]).get("tap:pipeline") == pipeline.pipeline}

    beside = x.neighbour("beside")
    ours, theirs = live(x), live(beside)
    expect(not [name for name in ours if "certificate" in name], f"a secret that nobody asked for: {sorted(ours)}")
    name = beside.named("credentials-client-certificate")
    equal({name: name in theirs, "others": len(theirs) - 1}, {name: True, "others": len(ours)}, "the secrets with mutual TLS")
    secret = beside.client("secretsmanager").describe_secret(SecretId=name)
    equal(secret.get("KmsKeyId"), beside.key_arn("data"), "its key")
    equal((secret.get("RotationEnabled"), secret.get("RotationLambdaARN")), (True, beside.function("rotate")["FunctionArn"]), "its rotation (R096)")
    value = json.loads(beside.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
    equal(value["username"], beside.settings["api"]["mutual_tls"]["domain_name"], "whose passphrase it is")
    expect(len(value["password"]) == 32, "it holds no passphrase")
    return f"{name} of the neighbour with mutual TLS, under its key and rotated; {len(ours)} secrets and none of it here"


def r095(x):
    """Credentials rotate every 30 days"""
    _rotating(x, "DatabaseSecret")
    return "30 days"


def r096(x):
    """API key secret rotates"""
    _rotating(x, "ApiKeySecret")
    return "30 days, by the rotation function"


def r097(x):
    """Rotation contract (create, set, test, finish), idempotent; forced here"""
    for id in ("ApiKeySecret", "DatabaseSecret"):
        before, version = _value(x, id), str(uuid.uuid4())
        arn = _described(x, id)["ARN"]
        # Twice: Secrets Manager repeats a step whose answer it has not had.
        x.rotate(arn, STEPS, version, times=2)
        now = x.client("secretsmanager").get_secret_value(SecretId=arn)
        equal(now["VersionId"], version, f"the current version of {id}")
        expect(json.loads(now["SecretString"]) != before, f"{id} has its old value")
        rows = eventually(lambda: x.rows(operation="rotate", requestId=version), f"audit rows of the rotation of {id}")
        equal(len(rows), len(STEPS), f"rows of eight steps, of which four were repetitions, of {id}")
    status, body = x.post("/documents/upload", {"document_key": "r097-none.txt"})
    equal(status, 404, f"the answer to the new key ({body})")
    return f"each of {', '.join(STEPS)} taken twice on two secrets; four audit rows each; the API takes the new key"


def r098(x):
    """API Gateway's key is the secret's"""
    value, client = _value(x, "ApiKeySecret")["api_key"], x.client("apigateway")
    keys = [k for k in client.get_api_keys(includeValues=True)["items"] if k["value"] == value]
    equal([k["enabled"] for k in keys], [True], "the keys with the secret's value")
    plan = client.get_usage_plan_keys(usagePlanId=x.physical("UsagePlan"))["items"]
    expect(keys[0]["id"] in [k["id"] for k in plan], "the key with the secret's value is in no plan")
    return f"key {keys[0]['id']}, of the usage plan, has the secret's value, after the rotation too"


@destroyed
def r099(x):
    """Same-name re-create after destroy"""
    again = x.again
    equal(again["applied"], 0, f"the apply after the destroy ({again['said']})")
    expect(x.secrets and again["secrets"], "nobody could look at the secrets")
    equal(set(again["secrets"]), set(x.secrets), "the secrets of the second life")
    for id, first in x.secrets.items():
        second = again["secrets"][id]
        equal(second["name"], first["name"], f"the name of {id}")
        equal(again["state"]["physical_ids"][id], second["arn"], f"the {id} of the provider's state")
        expect(second["version"] != first["version"], f"{id} was not made anew: its version is {first['version']} as before")
    # A name that waits for its deletion is not free, in this account neither.
    client, name = x.client("secretsmanager"), "r099-of-somebody-else"
    client.create_secret(Name=name, SecretString="x")
    client.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    try:
        client.create_secret(Name=name, SecretString="x")
        expect(False, "the account gives away names that wait for their deletion, which shows nothing")
    except client.exceptions.InvalidRequestException:
        pass
    first, second = x.state["physical_ids"], again["state"]["physical_ids"]
    equal(set(second), set(first), "the resources of the second life")
    same = [id for id in first if first[id] == second[id]]
    expect(same, "nothing has the name that it had")
    equal(again["destroyed"], 0, "the second destroy")
    equal(again["after"]["things"], x.after["things"], "what the second life left")
    return f"applied, destroyed and applied again: {', '.join(sorted(s['name'] for s in again['secrets'].values()))} and {len(same)} more of {len(second)} have the same names"


def r100(x):
    """No secret in state, plan or logs"""
    # As they were when the plan, the state and the logs were written: the
    # rotations of this table have made others since.
    values = x.generated
    expect(len(values) >= 2, "there is no secret to look for")
    expect(all(x.written.values()), "Terraform wrote nothing")
    for what, text in x.written.items():
        found = [v[:3] + "..." for v in values if v in text]
        expect(not found, f"{what} holds {found}")
    return f"{len(values)} secret values are in none of {', '.join(sorted(x.written))}"
