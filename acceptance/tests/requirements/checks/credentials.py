"""Secrets (Secrets Manager)."""

import json
import uuid

from api import MUTUAL_TLS
from frame import destroyed, equal, eventually, expect, template_only

FORBIDDEN = "/@\"\\"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


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
    expect(found.get("KmsKeyId") in {x.key_arn(p) for p in ("data", "environment")}, f"it is under {found.get('KmsKeyId')}")
    return f"{found['Name']} under {found['KmsKeyId']}"


def r093(x):
    """Secret for credentials: dbadmin, 32 characters, without /@\"\\"""
    value = _value(x, "DatabaseSecret")
    equal(value["username"], "dbadmin", "the user")
    expect(len(value["password"]) == 32 and not set(FORBIDDEN) & set(value["password"]), "the password is not as it should be")
    expect(_described(x, "DatabaseSecret").get("KmsKeyId"), "it is under no key of ours")
    return "dbadmin, 32 characters, none of them forbidden"


@template_only
def r094(x):
    """Secret for certificates, with mutual TLS only"""
    expect(not [id for id in x.template if "Certificate" in id and id.endswith("Secret")], "a secret that nobody asked for")
    with_tls = x.render(api={"mutual_tls": MUTUAL_TLS})
    extra = {id for id, r in with_tls.items() if r["Type"] == "AWS::SecretsManager::Secret"} - set(x.of_type("AWS::SecretsManager::Secret"))
    expect(extra, "mutual TLS comes without one")
    return f"{', '.join(sorted(extra))} with mutual TLS, none without"


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
        x.stage_pending(arn, version)
        for step in STEPS:
            # Twice: Secrets Manager repeats a step whose answer it has not had.
            for _ in range(2):
                event = json.dumps({"Step": step, "SecretId": arn, "ClientRequestToken": version})
                answer = x.client("lambda").invoke(FunctionName=x.named("rotate"), Payload=event)
                expect("FunctionError" not in answer, f"{step} of {id}: {answer['Payload'].read()}")
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
    client, free = x.client("secretsmanager"), []
    for properties in x.of_type("AWS::SecretsManager::Secret").values():
        client.create_secret(Name=properties["Name"], SecretString="x")
        client.delete_secret(SecretId=properties["Name"], ForceDeleteWithoutRecovery=True)
        free.append(properties["Name"])
    expect(free, "the pipeline had no secret")
    return f"the names are free at once: {', '.join(free)}"


def r100(x):
    """No secret in state, plan or logs"""
    # As they were when the plan, the state and the logs were written: the
    # rotations of this table have made others since.
    values = x.generated
    expect(len(values) >= 2, "there is no secret to look for")
    for what, text in x.written.items():
        found = [v[:3] + "..." for v in values if v in text]
        expect(not found, f"{what} holds {found}")
    return f"{len(values)} secret values are in none of {', '.join(sorted(x.written))}"
