"""Threat detection (GuardDuty)."""

import json

from frame import condition_keys, equal, expect, many


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


def r088(x):
    """Finding triggers the remediation function"""
    arns = [t["Arn"] for t in _rule(x)["Targets"]]
    expect(x.function("remediate")["FunctionArn"] in arns, f"its targets are {arns}")
    scope = x.function("remediate")["Environment"]["Variables"].get("TAP_REMEDIATION_SCOPE", "pipeline")
    equal(scope, "pipeline", "what it may touch by itself")
    return f"{x.named('remediate')}, which touches only what carries the pipeline's tag"


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
    role = x.role_of("remediate")
    allowed = {a for s in x.allowed(role) for a in many(s["Action"])}
    topic = x.topic_arn() in [t["Arn"] for t in _rule(x)["Targets"]]
    expect(topic, "the topic is no target of the rule")
    expect("dynamodb:PutItem" in allowed, "remediation may write no row")
    return "a target of the rule; remediation may put its row"


def r091(x):
    """Targets have retry policy and dead-letter queue"""
    count = 0
    for id, rule in x.rules().items():
        for target in rule["Targets"]:
            count += 1
            expect(target.get("RetryPolicy"), f"{id}: {target['Id']} has no retry policy")
            expect(target.get("DeadLetterConfig", {}).get("Arn"), f"{id}: {target['Id']} loses what fails")
    return f"{count} targets"
