"""Alerts (SNS)."""

import json

from frame import ACCOUNT, condition_keys, equal, expect, many, statements


def _attributes(x):
    return x.client("sns").get_topic_attributes(TopicArn=x.topic_arn())["Attributes"]


def r116(x):
    """Topic encrypted with a CMK usable by its publishers"""
    equal(_attributes(x)["KmsMasterKeyId"], x.key_arn("logs"), "the topic's key")
    policy = x.client("kms").get_key_policy(KeyId=x.key_arn("logs"), PolicyName="default")["Policy"]
    may = {service for s in statements(policy, "Allow") for service in many(s["Principal"].get("Service", []))}
    expect({"events.amazonaws.com", "cloudwatch.amazonaws.com"} <= may, f"only {sorted(may)} may use it")
    return f"the logs key, for {', '.join(sorted(may))}"


def r117(x):
    """E-mail subscriptions"""
    found = x.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=x.topic_arn())
    found = [s for s in found if s["Protocol"] == "email"]
    equal([s["Endpoint"] for s in found], ["security@example.com"], "subscriptions")
    exported = x.state["alert_subscriptions"]
    for s in found:
        says = "pending confirmation" if s["SubscriptionArn"] == "PendingConfirmation" else "confirmed"
        equal(exported.get(s["Endpoint"]), says, f"the exported state of {s['Endpoint']}")
    return f"{found[0]['SubscriptionArn']}; exported as {exported}"


def r118(x):
    """Topic policy: only own account services; deny non-TLS"""
    policy = _attributes(x)["Policy"]
    for s in statements(policy, "Allow"):
        named = f"::{ACCOUNT}:" in json.dumps(s["Principal"])
        expect(named or condition_keys(s) & {"aws:sourceaccount", "aws:sourceowner", "aws:sourcearn"}, f"{s.get('Sid')} is open")
    denied = [s for s in statements(policy, "Deny") if s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"]
    expect(denied, "plain HTTP is taken")
    return f"{len(statements(policy, 'Allow'))} bound statements, and plain HTTP is denied"


def r119(x):
    """GuardDuty, Config, alarms, remediation publish"""
    arn = x.topic_arn()
    remediates = {a for s in x.allowed(x.role_of("remediate")) for a in many(s["Action"]) if arn in many(s["Resource"])}
    expect("sns:Publish" in remediates, "remediation may not publish")
    heard = {}
    for id in ("FindingsRule", "ComplianceRule"):
        targets = [t["Arn"] for t in x.rules()[id]["Targets"]]
        expect(arn in targets, f"{id} does not reach the topic: {targets}")
        heard[id] = "topic"
    names = [p["AlarmName"] for p in x.of_type("AWS::CloudWatch::Alarm").values()]
    alarms = x.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    expect(alarms and all(arn in a["AlarmActions"] for a in alarms), "alarms do not publish")
    return f"{heard}; {len(alarms)} alarms; remediation itself"
