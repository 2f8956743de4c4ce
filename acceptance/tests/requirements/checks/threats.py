"""Threat detection (GuardDuty)."""

import json
import uuid

from frame import ACCOUNT, condition_keys, equal, eventually, expect, many


# An access key of a user that there is not: nothing can be done about it.
NOBODY = {"resourceType": "AccessKey", "accessKeyDetails": {"accessKeyId": "AKIAEXAMPLE", "principalId": "p", "userName": "nobody", "userType": "IAMUser"}}


def finding(resource, severity=8.0):
    """The detail of GuardDuty's event about this resource."""
    id = str(uuid.uuid4())
    return {
        "schemaVersion": "2.0", "accountId": ACCOUNT, "region": "us-east-1", "partition": "aws", "id": id,
        "arn": f"arn:aws:guardduty:us-east-1:{ACCOUNT}:detector/d/finding/{id}", "type": "Policy:S3/BucketBlockPublicAccessDisabled",
        "severity": severity, "title": "Something was seen.", "description": "Something was seen.", "service": {"count": 1}, "resource": resource,
    }


def _rule(x):
    return x.rules()["FindingsRule"]


def r086(x):
    """No detector is created"""
    expect(x.before["singletons"]["detectors"], "the account has none to begin with")
    equal(x.now["singletons"]["detectors"], x.before["singletons"]["detectors"], "the detectors")
    expect(not x.of_type("AWS::GuardDuty::Detector"), "the pipeline has one")
    return f"ListDetectors is as before: {x.now['singletons']['detectors']}"


def r087(x):
    """Rule for high severity findings"""
    pattern = _rule(x)["Pattern"]
    equal(pattern["detail-type"], ["GuardDuty Finding"], "its detail type")
    equal(pattern["detail"]["severity"], [{"numeric": [">=", 7]}], "its severities")
    matched = {}
    for severity in (5.0, 7.0, 8.95, 9.5):
        event = {
            "id": "1", "account": "123456789012", "source": "aws.guardduty", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
            "resources": [], "detail-type": "GuardDuty Finding", "detail": {"severity": severity, "type": "x", "id": "1"},
        }
        answer = x.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
        matched[severity] = answer["Result"]
    equal(matched, {5.0: False, 7.0: True, 8.95: True, 9.5: True}, "what it matches")
    return "numeric >= 7: matches 7, 8.95 and 9.5, not 5"


def _open(x, bucket):
    """Whether anybody took the bucket's public access block away."""
    try:
        block = x.client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except x.client("s3").exceptions.ClientError as error:
        expect(error.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration", str(error))
        return True
    return not all(block.values())


def r088(x):
    """Finding triggers the remediation function"""
    remediate, ours, theirs = x.function("remediate")["FunctionArn"], x.buckets()["raw"], "of-somebody-else"
    verdicts = {}
    for bucket in (ours, theirs):
        x.client("s3").delete_public_access_block(Bucket=bucket)
        details = [{"arn": f"arn:aws:s3:::{bucket}", "name": bucket, "type": "Destination"}]
        event, told = x.deliver("aws.guardduty", "GuardDuty Finding", finding({"resourceType": "S3Bucket", "s3BucketDetails": details}))
        expect(remediate in told, f"it reaches {sorted(told)}")
        row = eventually(lambda: x.rows(operation="remediate", requestId=f"remediate#{event}", principal="aws.guardduty"), f"a row about {bucket}")
        verdicts[bucket] = {one["verdict"] for one in row if one["requestId"] == f"remediate#{event}"}
    equal(verdicts, {ours: {"remediated"}, theirs: {"no-action"}}, "what was done")
    equal({bucket: _open(x, bucket) for bucket in (ours, theirs)}, {ours: False, theirs: True}, "what is open to the public")
    _, told = x.deliver("aws.guardduty", "GuardDuty Finding", finding(NOBODY, severity=5.0))
    expect(remediate not in told, "it hears of medium severity")
    return f"{x.named('remediate')} put {ours} right, which carries the pipeline's tag, and left {theirs} alone"


def r089(x):
    """Remediation permissions scoped"""
    actions = set()
    for s in x.allowed(x.role_of("remediate")):
        for action in many(s["Action"]):
            actions.add(action)
            expect("*" not in action, f"{action} is a wildcard")
            expect(not action.startswith(("iam:Attach", "iam:Put", "iam:Create", "iam:PassRole")) or s.get("Condition") or "*" not in json.dumps(s["Resource"]),
                   f"{action} may raise privileges")
            looks = action.split(":")[1].startswith(("Describe", "List", "Get"))
            # X-Ray has no resources to name.
            expect("*" not in many(s["Resource"]) or looks or condition_keys(s) or action.startswith("xray:Put"), f"{action} on everything")
    attach = [a for a in actions if a.startswith("iam:Attach")]
    expect(not attach, f"{attach}")
    return f"{len(actions)} actions, none attaches a policy, none writes to everything"


def r090(x):
    """Finding also goes to SNS and audit"""
    x.listen()
    detail = finding(NOBODY, severity=9.5)
    event, told = x.deliver("aws.guardduty", "GuardDuty Finding", detail)
    expect(x.topic_arn() in told, f"it reaches {sorted(told)}")
    said = eventually(lambda: x.alerts("GuardDuty: ", "The audit table says", detail["id"]), "EventBridge's alert")[0]
    for word in (detail["title"], detail["type"], "9.5", ACCOUNT):
        expect(word in said, f"{word} is not in: {said}")
    done = json.loads(eventually(lambda: x.alerts('"threat-finding"', detail["id"]), "remediation's alert")[0])
    row = eventually(lambda: x.rows(operation="remediate", requestId=event), "an audit row")[0]
    equal(done["verdict"], row["verdict"], "the verdict of the alert, which is the row's,")
    expect(detail["id"] in json.dumps(row), f"the row does not say which finding: {row}")
    return f"the topic had the finding of EventBridge, and of remediation what came of it; row {row['requestId']}: {row['verdict']}"


def r091(x):
    """Targets have retry policy and dead-letter queue"""
    count = 0
    for id, rule in x.rules().items():
        for target in rule["Targets"]:
            count += 1
            expect(target.get("RetryPolicy"), f"{id}: {target['Id']} has no retry policy")
            expect(target.get("DeadLetterConfig", {}).get("Arn"), f"{id}: {target['Id']} loses what fails")
    return f"{count} targets"
