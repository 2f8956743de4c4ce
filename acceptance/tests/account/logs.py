# Log groups, metric filters on them, and the account's policies of who may write to them.

logs = Late("logs")


@kind("log groups")
def log_groups():
    return {group["logGroupName"] for group in listed("logs", "describe_log_groups", "logGroups")}


@kind("metric filters")
def metric_filters():
    return {(one["logGroupName"], one["filterName"]) for one in listed("logs", "describe_metric_filters", "metricFilters")}


def log_policies():
    """AWS writes one by itself for what WAF logs."""
    found = {one["policyName"]: json.loads(one["policyDocument"]) for one in listed("logs", "describe_resource_policies", "resourcePolicies")}
    return {name: document for name, document in found.items() if not name.startswith("AWSLogDeliveryWrite")}


@kind("log policies")
def log_policy_names():
    return set(log_policies())


def log_group_arn(name):
    return f"arn:aws:logs:{region}:{account}:log-group:{name}"


def live_log_group(name):
    groups = listed("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return next(group for group in groups if group["logGroupName"] == name)


def tags_of_log_group(name):
    return logs.list_tags_for_resource(resourceArn=log_group_arn(name))["tags"]


@identify("AWS::Logs::LogGroup")
def identify_log_group(x, id, p):
    return {"Ref": p["LogGroupName"], "Arn": log_group_arn(p["LogGroupName"]) + ":*"}


@compare("AWS::Logs::LogGroup")
def compare_log_group(x, id, p):
    name = p["LogGroupName"]
    x.saw("log groups", name)
    group = live_log_group(name)
    same(id, {"LogGroupClass": "STANDARD"} | p, {
        "LogGroupName": name,
        "LogGroupClass": group.get("logGroupClass"),
        "KmsKeyId": group.get("kmsKeyId"),
        "RetentionInDays": group.get("retentionInDays"),
    })
    x.tags(id, p, tags_of_log_group(name))


@compare("AWS::Logs::ResourcePolicy")
def compare_log_policy(x, id, p):
    x.saw("log policies", p["PolicyName"])
    found = log_policies().get(p["PolicyName"])
    same(id, p | {"PolicyDocument": policy(json.loads(p["PolicyDocument"]))}, {"PolicyName": p["PolicyName"], "PolicyDocument": policy(found)})


def live_metric_filter(group, name):
    filters = listed("logs", "describe_metric_filters", "metricFilters", logGroupName=group, filterNamePrefix=name)
    return next(one for one in filters if one["filterName"] == name)


@compare("AWS::Logs::MetricFilter")
def compare_metric_filter(x, id, p):
    x.saw("metric filters", (p["LogGroupName"], p["FilterName"]))
    found = live_metric_filter(p["LogGroupName"], p["FilterName"])
    transformations = [{
        "MetricName": one["metricName"], "MetricNamespace": one["metricNamespace"], "MetricValue": one["metricValue"],
        "DefaultValue": one.get("defaultValue"), "Unit": one.get("unit", "None"),
    } for one in found["metricTransformations"]]
    said = p | {"MetricTransformations": [{"DefaultValue": None, "Unit": "None"} | one for one in p["MetricTransformations"]]}
    same(id, said, {
        "LogGroupName": found["logGroupName"],
        "FilterName": found["filterName"],
        "FilterPattern": found["filterPattern"],
        "MetricTransformations": transformations,
    })


def log_group(name):
    return lambda id: live_log_group(physical(id)).get(name)


def log_group_tags(id):
    return tags_of_log_group(physical(id))


def put_log_group_tags(id, tags):
    logs.tag_resource(resourceArn=log_group_arn(physical(id)), tags=tags)


def another_key(id):
    """A key of a stranger's that CloudWatch Logs may use."""
    service = {"Effect": "Allow", "Principal": {"Service": f"logs.{region}.amazonaws.com"}, "Action": "kms:*", "Resource": "*"}
    policy = STRANGER_POLICY | {"Statement": [*STRANGER_POLICY["Statement"], service]}
    key = kms.create_key(Description="a stranger's", Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    logs.associate_kms_key(logGroupName=physical(id), kmsKeyId=key)


TAG["AWS::Logs::LogGroup"] = (put_log_group_tags, log_group_tags)
CHANGES["AWS::Logs::LogGroup"] = [
    (["RetentionInDays"], lambda id: logs.put_retention_policy(logGroupName=physical(id), retentionInDays=30), log_group("retentionInDays")),
    (["RetentionInDays"], lambda id: logs.delete_retention_policy(logGroupName=physical(id)), log_group("retentionInDays")),
    (["KmsKeyId"], another_key, log_group("kmsKeyId")),
    (["KmsKeyId"], lambda id: logs.disassociate_kms_key(logGroupName=physical(id)), log_group("kmsKeyId")),
    *tag_changes(put_log_group_tags,
                 lambda id, key: logs.untag_resource(resourceArn=log_group_arn(physical(id)), tagKeys=[key]), log_group_tags),
]


def log_policy(id):
    return log_policies()[physical(id)]


def put_log_policy(change):
    return lambda id: logs.put_resource_policy(policyName=physical(id), policyDocument=json.dumps(change(log_policy(id))))


other_rule = f"arn:aws:events:{region}:{account}:rule/other"


def of_another_rule(policy):
    for statement in policy["Statement"]:
        if statement["Sid"] == "ApiCalls":
            statement["Condition"]["ArnEquals"]["aws:SourceArn"] = other_rule
    return policy


CHANGES["AWS::Logs::ResourcePolicy"] = [
    (lambda id: [path_without_the_last(log_policy(id))], put_log_policy(without_the_last), log_policy),
    (lambda id: condition_paths(log_policy(id), "ApiCalls", "ArnEquals.aws:SourceArn", other_rule), put_log_policy(of_another_rule), log_policy),
]


def metric_filter(id):
    live = live_metric_filter(*physical(id).rsplit("|", 1))
    return {key: value for key, value in live.items() if key != "creationTime"}


def put_metric_filter(pattern=None, **other):
    def change(id):
        live = metric_filter(id)
        logs.put_metric_filter(
            logGroupName=live["logGroupName"], filterName=live["filterName"], filterPattern=pattern or live["filterPattern"],
            metricTransformations=[live["metricTransformations"][0] | other])
    return change


CHANGES["AWS::Logs::MetricFilter"] = [
    (["FilterPattern"], put_metric_filter("{ $.other = 1 }"), metric_filter),
    (["MetricTransformations[0].MetricName", "MetricTransformations[0].MetricValue"], put_metric_filter(metricName="other", metricValue="2"),
     metric_filter),
]


@deletes("AWS::Logs::MetricFilter")
def delete_metric_filter(identifier):
    group, name = identifier.rsplit("|", 1)
    logs.delete_metric_filter(logGroupName=group, filterName=name)


@deletes("AWS::Logs::ResourcePolicy")
def delete_log_policy(name):
    logs.delete_resource_policy(policyName=name)


@deletes("AWS::Logs::LogGroup")
def delete_log_group(name):
    logs.delete_log_group(logGroupName=name)
