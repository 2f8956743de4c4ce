# Config rules, and the recorder and the delivery channel of which a region has one each.

aws_config = Late("config")


@kind("Config rules")
def config_rules():
    return {rule["ConfigRuleName"] for rule in listed("config", "describe_config_rules", "ConfigRules")}


@kind("recorders")
def recorders():
    """Without the one that the account has before any pipeline."""
    return {recorder["name"] for recorder in aws_config.describe_configuration_recorders()["ConfigurationRecorders"]} - {"default"}


@kind("delivery channels")
def delivery_channels():
    return {channel["name"] for channel in aws_config.describe_delivery_channels()["DeliveryChannels"]} - {"default"}


def config_rule(name):
    return aws_config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"][0]


def config_rule_tags_of(name):
    return tag_map(aws_config.list_tags_for_resource(ResourceArn=config_rule(name)["ConfigRuleArn"])["Tags"])


@identify("AWS::Config::ConfigRule")
def identify_config_rule(x, id, p):
    return {"Ref": p["ConfigRuleName"]}


@compare("AWS::Config::ConfigRule")
def compare_config_rule(x, id, p):
    x.saw("Config rules", p["ConfigRuleName"])
    rule = config_rule(p["ConfigRuleName"])
    # What describes a rule is without the text of its policy.
    if rule["Source"]["Owner"] == "CUSTOM_POLICY":
        text = aws_config.get_custom_rule_policy(ConfigRuleName=p["ConfigRuleName"])["PolicyText"]
        details = rule["Source"]["CustomPolicyDetails"]
        details["PolicyText"] = text
        # Off is what it is where a template says nothing.
        if details.get("EnableDebugLogDelivery") is False:
            details.pop("EnableDebugLogDelivery")
    by_message = lambda source: source | {"SourceDetails": sorted(source.get("SourceDetails", []), key=lambda detail: detail["MessageType"])}
    same(id, p | {"Source": by_message(p["Source"])}, {
        "ConfigRuleName": rule["ConfigRuleName"],
        "Description": rule["Description"],
        "InputParameters": json.loads(rule["InputParameters"]) if "InputParameters" in rule else None,
        "MaximumExecutionFrequency": rule.get("MaximumExecutionFrequency"),
        "Scope": rule.get("Scope"),
        "Source": by_message(rule["Source"]),
    })
    # Its type has no property of tags: it carries only those of its owner.
    x.tags(id, {"Tags": []}, config_rule_tags_of(p["ConfigRuleName"]))


def live_recorder(name):
    return aws_config.describe_configuration_recorders(ConfigurationRecorderNames=[name])["ConfigurationRecorders"][0]


def live_channel(name):
    return aws_config.describe_delivery_channels(DeliveryChannelNames=[name])["DeliveryChannels"][0]


def is_recording():
    return [one["recording"] for one in aws_config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]]


@identify("AWS::Config::ConfigurationRecorder")
def identify_recorder(x, id, p):
    return {"Ref": p["Name"]}


@compare("AWS::Config::ConfigurationRecorder")
def compare_recorder(x, id, p):
    x.saw("recorders", p["Name"])
    live = live_recorder(p["Name"])
    group = {name[0].upper() + name[1:]: value for name, value in live["recordingGroup"].items() if value != []}
    same(id, p, {"Name": live["name"], "RoleARN": live["roleARN"], "RecordingGroup": group})
    # Its type has no property of tags either.
    x.tags(id, {"Tags": []}, tag_map(aws_config.list_tags_for_resource(ResourceArn=live["arn"])["Tags"]))


# The channel is what lets the recorder record.
@compare("AWS::Config::DeliveryChannel")
def compare_channel(x, id, p):
    x.saw("delivery channels", p["Name"])
    live = live_channel(p["Name"])
    snapshots = live.get("configSnapshotDeliveryProperties")
    same(id, p, {
        "Name": live["name"],
        "S3BucketName": live["s3BucketName"],
        "S3KeyPrefix": live.get("s3KeyPrefix"),
        "S3KmsKeyArn": live.get("s3KmsKeyArn"),
        "SnsTopicARN": live.get("snsTopicARN"),
        "ConfigSnapshotDeliveryProperties": snapshots and {"DeliveryFrequency": snapshots["deliveryFrequency"]},
    })
    differ(f"{id}: is recorded", [True], is_recording())


def put_config_rule(change):
    def put(id):
        rule = config_rule(physical(id))
        for name in ("ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "CreatedBy", "EvaluationModes"):
            rule.pop(name, None)
        aws_config.put_config_rule(ConfigRule=rule | change(rule))
    return put


def live_config_rule(name):
    return lambda id: config_rule(physical(id)).get(name)


def one_detail(rule):
    return {"Source": rule["Source"] | {"SourceDetails": rule["Source"]["SourceDetails"][:1]}}


CHANGES["AWS::Config::ConfigRule"] = [
    (["Description"], put_config_rule(lambda rule: {"Description": "other"}), live_config_rule("Description")),
    (["InputParameters.check"], put_config_rule(lambda rule: {"InputParameters": json.dumps({"check": "nothing"})}),
     live_config_rule("InputParameters")),
    (["Scope.TagValue"], put_config_rule(lambda rule: {"Scope": rule["Scope"] | {"TagValue": "other"}}), live_config_rule("Scope")),
    (["Source.SourceDetails"], put_config_rule(one_detail), live_config_rule("Source")),
]


def put_recorder(**other):
    def put(id):
        live = live_recorder(physical(id))
        said = {key: live[key] for key in ("name", "roleARN", "recordingGroup")}
        aws_config.put_configuration_recorder(ConfigurationRecorder=said | other)
    return put


def of_recorder(name):
    return lambda id: live_recorder(physical(id))[name]


# The role that AWS keeps for it.
SERVICE_ROLE = f"arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
CHANGES["AWS::Config::ConfigurationRecorder"] = [
    (["RecordingGroup.AllSupported", "RecordingGroup.IncludeGlobalResourceTypes", "RecordingGroup.ResourceTypes"],
     put_recorder(recordingGroup={"allSupported": False, "includeGlobalResourceTypes": False, "resourceTypes": ["AWS::EC2::Instance"]}),
     of_recorder("recordingGroup")),
    (["RecordingGroup.IncludeGlobalResourceTypes"], put_recorder(recordingGroup={"allSupported": True, "includeGlobalResourceTypes": False}),
     of_recorder("recordingGroup")),
    (["RoleARN"], put_recorder(roleARN=SERVICE_ROLE), of_recorder("roleARN")),
]


def deliver_elsewhere(id):
    aws_config.put_delivery_channel(DeliveryChannel={"name": physical(id), "s3BucketName": log_bucket("a-strangers-records")})


def stop_recording(id):
    aws_config.stop_configuration_recorder(ConfigurationRecorderName=next(iter(recorders())))


CHANGES["AWS::Config::DeliveryChannel"] = [
    # What it stands for: that something is recorded.
    (["RecorderStopped"], stop_recording, lambda id: is_recording()),
    (["S3BucketName", "S3KeyPrefix"], deliver_elsewhere, lambda id: live_channel(physical(id))),
]
TIDY.append(lambda: delete_bucket_of_a_stranger("a-strangers-records"))


@deletes("AWS::Config::ConfigRule")
def delete_config_rule(name):
    aws_config.delete_config_rule(ConfigRuleName=name)


@deletes("AWS::Config::DeliveryChannel")
def delete_channel(name):
    # One that is written to cannot be deleted.
    for recorder in recorders():
        aws_config.stop_configuration_recorder(ConfigurationRecorderName=recorder)
    aws_config.delete_delivery_channel(DeliveryChannelName=name)


@deletes("AWS::Config::ConfigurationRecorder")
def delete_recorder(name):
    aws_config.delete_configuration_recorder(ConfigurationRecorderName=name)
