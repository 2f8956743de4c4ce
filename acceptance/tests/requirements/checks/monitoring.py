"""Monitoring (EventBridge, CloudWatch)."""

import json

from frame import ACCOUNT, equal, expect, many, statements


def _alarms(x):
    names = {p["AlarmName"] for p in x.of_type("AWS::CloudWatch::Alarm").values()}
    expect(names, "the pipeline has no alarm")
    live = {a["AlarmName"]: a for a in x.pages("cloudwatch", "describe_alarms", "MetricAlarms")}
    expect(names <= set(live), f"not there: {sorted(names - set(live))}")
    return [live[name] for name in sorted(names)]


def _metrics(x):
    """Alarms by metric name; an expression has its metrics' names."""
    found = {}
    for alarm in _alarms(x):
        stats = [m["MetricStat"]["Metric"]["MetricName"] for m in alarm.get("Metrics", []) if "MetricStat" in m]
        for name in [alarm.get("MetricName"), *stats]:
            found.setdefault(name, []).append(alarm)
    return found


def r078(x):
    """EventBridge rule captures all API calls into a log group"""
    rule = x.rules()["ApiCallsRule"]
    equal(rule["Pattern"].get("detail-type"), ["AWS API Call via CloudTrail"], "its detail type")
    for source in ("aws.apigateway", "aws.iam", "aws.kms", "aws.s3"):
        event = {
            "id": "1", "account": ACCOUNT, "source": source, "time": "2026-01-01T00:00:00Z", "region": x.region, "resources": [],
            "detail-type": "AWS API Call via CloudTrail", "detail": {"eventSource": "x", "eventName": "y"},
        }
        answer = x.client("events").test_event_pattern(EventPattern=json.dumps(rule["Pattern"]), Event=json.dumps(event))
        expect(answer["Result"], f"it does not hear of {source}")
    group = x.properties("ApiCallsLogGroup")["LogGroupName"]
    arns = [t["Arn"] for t in rule["Targets"]]
    expect(any(arn.removesuffix(":*").endswith(f":log-group:{group}") for arn in arns), f"it goes to {arns}")
    equal(rule["State"], "ENABLED", "read-only calls of the whole account only on demand")
    return f"to {group}"


def r079(x):
    """Log resource policy lets events and log delivery write, bound"""
    policies = x.client("logs").describe_resource_policies()["resourcePolicies"]
    ours = [p for p in policies if f"{x.name}-{x.suffix}" in json.dumps(p)]
    expect(ours, "there is none")
    services = set()
    for policy in ours:
        for s in statements(policy["policyDocument"], "Allow"):
            services |= set(many(s["Principal"]["Service"]))
            expect("*" not in many(s["Resource"]) and s.get("Condition"), f"{s.get('Sid')} is open")
    equal(services, {"delivery.logs.amazonaws.com", "events.amazonaws.com"}, "whom they admit")
    return f"{', '.join(sorted(services))}, bound; {len(policies)} of 10 policies of the account"


def r080(x):
    """Retention on all log groups"""
    days = {name: group.get("retentionInDays") for name, group in x.log_groups().items()}
    equal(set(days.values()), {365}, "retention")
    return f"365 days on {len(days)} groups"


def r081(x):
    """Log groups under the logs key"""
    keys = {group.get("kmsKeyId") for group in x.log_groups().values()}
    equal(keys, {x.key_arn("logs")}, "their keys")
    return f"{len(x.log_groups())} groups"


def r082(x):
    """Alarms: function errors, 4XX, 5XX, denied uses of the keys"""
    metrics = _metrics(x)
    for name, threshold in {"Errors": 5, "4XXError": 10, "5XXError": 5}.items():
        expect(name in metrics, f"no alarm on {name}")
        for alarm in metrics[name]:
            equal((alarm["Threshold"], alarm["ComparisonOperator"]), (threshold, "GreaterThanOrEqualToThreshold"), alarm["AlarmName"])
            periods = {alarm.get("Period")} | {m["MetricStat"]["Period"] for m in alarm.get("Metrics", []) if "MetricStat" in m}
            equal(periods - {None}, {300}, f"the seconds over which {alarm['AlarmName']} counts")
    watched = {d["Value"] for a in metrics["Errors"] for d in a.get("Dimensions", [])} | {
        d["Value"] for a in metrics["Errors"] for m in a.get("Metrics", []) for d in m.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])}
    expect({x.named(o) for o in ("validate", "encrypt", "scan", "remediate", "rotate", "evaluate")} <= watched, f"only {sorted(watched)}")
    found = x.pages("logs", "describe_metric_filters", "metricFilters", logGroupName=x.properties("ApiCallsLogGroup")["LogGroupName"])
    filters = {t["metricName"]: f for f in found for t in f["metricTransformations"]}
    keys = [name for name in metrics if name in filters and "kms" in filters[name]["filterPattern"]]
    expect(keys and all(a["Threshold"] == 10 for a in metrics[keys[0]]), "no alarm at ten denied uses of a key")
    for alarm in _alarms(x):
        expect(x.topic_arn() in alarm["AlarmActions"], f"{alarm['AlarmName']} tells nobody")
        equal(alarm["TreatMissingData"], "notBreaching", f"{alarm['AlarmName']} without data")
    return f"{len(_alarms(x))} alarms to the topic; keys by the metric filter {filters[keys[0]]['filterName']}"


def r083(x):
    """Dashboard and its URL"""
    name = x.properties("Dashboard")["DashboardName"]
    body = json.loads(x.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    expect(body["widgets"], "it is empty")
    expect(name in x.state["dashboard_url"], f"dashboard_url is {x.state['dashboard_url']}")
    return x.state["dashboard_url"]


def r084(x):
    """Security events trigger functions"""
    remediate = x.named("remediate")
    found = {id for id, rule in x.rules().items() if any(t["Arn"].endswith(f":function:{remediate}") for t in rule["Targets"])}
    expect({"FindingsRule", "ComplianceRule"} <= found, f"remediation hears of {sorted(found)}")
    return f"{', '.join(sorted(found))} invoke {remediate}"


def r085(x):
    """Failure of the watchers itself alerts"""
    alarms = _metrics(x).get("ApproximateNumberOfMessagesVisible", [])
    queue = x.properties("DeadLetterQueue")["QueueName"]
    watched = [a["AlarmName"] for a in alarms if any(d["Value"] == queue for d in a["Dimensions"])]
    expect(watched, f"nobody watches {queue}")
    failing = [a["AlarmName"] for a in _metrics(x).get("NumberOfNotificationsFailed", [])]
    expect(failing, "nobody watches the alerts that could not be sent")
    return f"{watched[0]} watches {queue}, {failing[0]} the topic"
