//! Logs, EventBridge, CloudWatch and GuardDuty as AWS documents them. Each
//! test is named after a shim and fails without it.

use super::*;

#[test]
fn cloudwatch_cbor_is_what_todays_sdks_speak() {
    let script = r#"
import datetime
cloudwatch = c("cloudwatch")
alarm = dict(AlarmName="cbor", Namespace="a", MetricName="b", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.5, ComparisonOperator="GreaterThanThreshold")
found = [code(cloudwatch.put_metric_alarm, **alarm)]
live = cloudwatch.describe_alarms(AlarmNames=["cbor"])["MetricAlarms"][0]
found += [live["Threshold"], isinstance(live["StateUpdatedTimestamp"], datetime.datetime)]
out(found + [code(cloudwatch.get_dashboard, DashboardName="none-such"), code(cloudwatch.delete_alarms, AlarmNames=["cbor"])])"#;
    assert_eq!(
        run(shared(), script),
        json!(["ok", 1.5, true, "ResourceNotFound", "ok"])
    );
}

#[test]
fn cloudwatch_dashboard_tags_are_those_of_its_making_and_of_later_calls() {
    let script = r#"
cloudwatch = c("cloudwatch")
arn = "arn:aws:cloudwatch::123456789012:dashboard/tagged"
tags = lambda: sorted((t["Key"], t["Value"]) for t in cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"])
found = [code(cloudwatch.list_tags_for_resource, ResourceARN=arn)]
cloudwatch.put_dashboard(DashboardName="tagged", DashboardBody="{}", Tags=[{"Key": "a", "Value": "1"}])
cloudwatch.put_dashboard(DashboardName="tagged", DashboardBody="{}", Tags=[{"Key": "a", "Value": "2"}])
found.append(tags())
cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "3"}])
cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
found.append(tags())
cloudwatch.delete_dashboards(DashboardNames=["tagged"])
out(found + [code(cloudwatch.list_tags_for_resource, ResourceARN=arn)])"#;
    assert_eq!(
        run(shared(), script),
        json!([
            "ResourceNotFoundException",
            [["a", "1"]],
            [["b", "3"]],
            "ResourceNotFoundException"
        ])
    );
}

#[test]
fn events_rule_tags_count_only_for_a_new_rule() {
    let script = r#"
events = c("events")
put = lambda value: events.put_rule(Name="tagged", EventPattern='{"source": ["a"]}', Tags=[{"Key": "a", "Value": value}])["RuleArn"]
arn = put("1")
put("2")
out(events.list_tags_for_resource(ResourceARN=arn)["Tags"])"#;
    assert_eq!(run(shared(), script), json!([{ "Key": "a", "Value": "1" }]));
}

#[test]
fn events_rule_targets_go_before_the_rule() {
    let script = r#"
events = c("events")
events.put_rule(Name="targeted", EventPattern='{"source": ["a"]}')
events.put_targets(Rule="targeted", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
found = [code(events.delete_rule, Name="targeted")]
events.remove_targets(Rule="targeted", Ids=["1"])
out(found + [code(events.delete_rule, Name="targeted"), code(events.list_targets_by_rule, Rule="targeted"), code(events.delete_rule, Name="targeted")])"#;
    assert_eq!(
        run(shared(), script),
        json!([
            "ValidationException",
            "ok",
            "ResourceNotFoundException",
            "ok"
        ])
    );
}

#[test]
fn guardduty_one_detector_is_all_that_a_region_has() {
    let script = r#"
found = [code(c("guardduty", "eu-west-1").create_detector, Enable=True) for _ in range(2)]
out(found + [code(c("guardduty", "eu-west-2").create_detector, Enable=True)])"#;
    assert_eq!(
        run(shared(), script),
        json!(["ok", "BadRequestException", "ok"])
    );
}

#[test]
fn guardduty_tags_are_changed_by_the_detectors_arn() {
    let script = r#"
guardduty = c("guardduty", "eu-central-1")
detector = guardduty.create_detector(Enable=True, Tags={"a": "1", "b": "2"})["DetectorId"]
arn = f"arn:aws:guardduty:eu-central-1:123456789012:detector/{detector}"
guardduty.tag_resource(ResourceArn=arn, Tags={"a": "3"})
guardduty.untag_resource(ResourceArn=arn, TagKeys=["b"])
out(guardduty.get_detector(DetectorId=detector)["Tags"])"#;
    assert_eq!(run(shared(), script), json!({ "a": "3" }));
}

#[test]
fn logs_group_key_admits_logs_for_the_group_and_can_be_changed() {
    let script = r#"
logs, kms = c("logs"), c("kms")
def key(groups):
    statements = [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}]
    if groups:
        context = f"arn:aws:logs:us-east-1:123456789012:log-group:{groups}"
        statements.append({"Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Action": "kms:*", "Resource": "*",
                           "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": context}}})
    return kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))["KeyMetadata"]["Arn"]
closed, other, fits = key(None), key("/aws/other*"), key("/aws/keyed*")
put = lambda key: code(logs.create_log_group, logGroupName="/aws/keyed/1", kmsKeyId=key)
live = lambda: logs.describe_log_groups(logGroupNamePrefix="/aws/keyed/1")["logGroups"][0].get("kmsKeyId")
found = [put(fits[:-1]), put(closed), put(other), put(fits), live() == fits]
logs.disassociate_kms_key(logGroupName="/aws/keyed/1")
found.append(live())
found.append(code(logs.associate_kms_key, logGroupName="/aws/keyed/1", kmsKeyId=closed))
logs.associate_kms_key(logGroupName="/aws/keyed/1", kmsKeyId=fits)
found.append(live() == fits)
logs.delete_log_group(logGroupName="/aws/keyed/1")
out(found + [code(logs.disassociate_kms_key, logGroupName="/aws/keyed/1")])"#;
    let refused = "InvalidParameterException";
    assert_eq!(
        run(shared(), script),
        json!([
            refused,
            refused,
            refused,
            "ok",
            true,
            null,
            refused,
            true,
            "ResourceNotFoundException"
        ])
    );
}

#[test]
fn cloudtrail_bucket_is_there_and_admits_the_trail() {
    let script = r#"
trail, s3 = c("cloudtrail"), c("s3")
make = lambda **more: code(trail.create_trail, Name="blind", S3BucketName="blind-trail", **more)
def admit(key, source):
    write = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
             "Resource": f"arn:aws:s3:::blind-trail/{key}AWSLogs/123456789012/*", "Condition": {"StringEquals": {"aws:SourceArn": source}}}
    s3.put_bucket_policy(Bucket="blind-trail", Policy=json.dumps({"Version": "2012-10-17", "Statement": [write]}))
ours, other = (f"arn:aws:cloudtrail:us-east-1:123456789012:trail/{name}" for name in ("blind", "other"))
found = [make()]
s3.create_bucket(Bucket="blind-trail")
found.append(make())
admit("", other)
found.append(make())
admit("", ours)
found += [make(S3KeyPrefix="elsewhere"), make()]
found += [code(trail.update_trail, Name="blind", **other) for other in (dict(S3BucketName="no-bucket"), dict(S3KeyPrefix="p"), dict(KmsKeyId=""))]
trail.delete_trail(Name="blind")
out(found)"#;
    let refused = "InsufficientS3BucketPolicyException";
    assert_eq!(
        run(shared(), script),
        json!([
            "S3BucketDoesNotExistException",
            refused,
            refused,
            refused,
            "ok",
            "S3BucketDoesNotExistException",
            refused,
            "ok"
        ])
    );
}

#[test]
fn config_delivery_is_as_the_recorders_role_or_as_config_itself() {
    let script = r#"
config, s3, iam = c("config", "eu-north-1"), c("s3", "eu-north-1"), c("iam")
put = lambda **more: code(config.put_delivery_channel, DeliveryChannel={"name": "x", "s3BucketName": "recorded", **more})
found = [put()]
role = iam.create_role(RoleName="recorder", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
config.put_configuration_recorder(ConfigurationRecorder={"name": "x", "roleARN": role})
found.append(put())
s3.create_bucket(Bucket="recorded", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
found.append(put())
write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::recorded/p/AWSLogs/123456789012/*"}
document = json.dumps({"Version": "2012-10-17", "Statement": [write]})
iam.put_role_policy(RoleName="recorder", PolicyName="own", PolicyDocument=document)
found += [put(), put(s3KeyPrefix="p")]
iam.delete_role_policy(RoleName="recorder", PolicyName="own")
attached = iam.create_policy(PolicyName="recorder", PolicyDocument=document)["Policy"]["Arn"]
found.append(put(s3KeyPrefix="p"))
iam.attach_role_policy(RoleName="recorder", PolicyArn=attached)
found.append(put(s3KeyPrefix="p"))
iam.detach_role_policy(RoleName="recorder", PolicyArn=attached)
s3.put_bucket_policy(Bucket="recorded", Policy=json.dumps({"Version": "2012-10-17", "Statement": [write | {"Principal": {"Service": "config.amazonaws.com"}}]}))
out(found + [put(), put(s3KeyPrefix="p")])"#;
    let refused = "InsufficientDeliveryPolicyException";
    assert_eq!(
        run(shared(), script),
        json!([
            "NoAvailableConfigurationRecorderException",
            "NoSuchBucketException",
            refused,
            refused,
            "ok",
            refused,
            "ok",
            refused,
            "ok"
        ])
    );
}

#[test]
fn config_recorder_records_where_there_is_a_channel_which_then_stays() {
    let script = r#"
config = c("config", "eu-south-1")
config.put_configuration_recorder(ConfigurationRecorder={"name": "x", "roleARN": "arn:aws:iam::123456789012:role/x"})
start = lambda: code(config.start_configuration_recorder, ConfigurationRecorderName="x")
drop = lambda: code(config.delete_delivery_channel, DeliveryChannelName="x")
found = [start()]
config.put_delivery_channel(DeliveryChannel={"name": "x", "s3BucketName": log_bucket("recorded-in-the-south", "eu-south-1")})
found += [start(), drop()]
config.stop_configuration_recorder(ConfigurationRecorderName="x")
out(found + [drop()])"#;
    assert_eq!(
        run(shared(), &format!("{LOG_BUCKET}{script}")),
        json!([
            "NoAvailableDeliveryChannelException",
            "ok",
            "LastDeliveryChannelDeleteFailedException",
            "ok"
        ])
    );
}
