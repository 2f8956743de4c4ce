//! remediate: what is done about findings and non-compliance, to whom, and
//! what is not.

use crate::events::{compliance_change, finding};
use crate::stage::{PIPELINE, Stage, expect_part};
use acceptance::lambda::{Answer, Function};
use acceptance::{Action, Rule};
use serde_json::{Value, json};

/// An instance in a VPC with a quarantine group, and its interface.
fn instance(stage: &Stage, pipeline: &str) -> Value {
    stage.boto3(&format!(
        r#"
ec2 = c("ec2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
tags = lambda kind, key, value: [{{"ResourceType": kind, "Tags": [{{"Key": key, "Value": value}}]}}]
group = ec2.create_security_group(GroupName=NAME + "-q", Description="q", VpcId=vpc, TagSpecifications=tags("security-group", "tap:quarantine", "true"))["GroupId"]
ec2.revoke_security_group_egress(GroupId=group, IpPermissions=ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"])
made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, TagSpecifications=tags("instance", "tap:pipeline", {pipeline:?}))["Instances"][0]
out({{"id": made["InstanceId"], "eni": made["NetworkInterfaces"][0]["NetworkInterfaceId"], "group": group, "before": [g["GroupId"] for g in made["NetworkInterfaces"][0]["Groups"]]}})"#
    ))
}

fn instance_finding(id: &str, instance: &Value, severity: f64) -> Value {
    let resource = json!({
        "resourceType": "Instance",
        "instanceDetails": {
            "instanceId": instance["id"],
            "instanceType": "t3.micro",
            "networkInterfaces": [{ "networkInterfaceId": instance["eni"], "vpcId": "vpc-from-the-past" }],
            "tags": [{ "key": "Name", "value": "x" }],
        },
    });
    finding(
        id,
        "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom",
        severity,
        resource,
    )
}

fn groups(stage: &Stage, instance: &Value) -> Value {
    stage.boto3(&format!(
        "eni = c(\"ec2\").describe_network_interfaces(NetworkInterfaceIds=[{}])[\"NetworkInterfaces\"][0]\nout([[g[\"GroupId\"] for g in eni[\"Groups\"]], {{t[\"Key\"]: t[\"Value\"] for t in eni.get(\"TagSet\", [])}}])",
        instance["eni"]
    ))
}

#[test]
pub fn an_instance_of_the_pipeline_is_cut_off_and_its_groups_are_remembered() {
    let stage = Stage::new("m-instance");
    let instance = instance(&stage, PIPELINE);
    let before = instance["before"].as_array().unwrap();
    let mut remediate = stage.function("remediate");
    let answer = remediate
        .invoke(&instance_finding("f-1", &instance, 8.0))
        .response();
    expect_part(&answer, json!({ "verdict": "remediated", "severity": 8.0 }));
    let remembered = before[0].as_str().unwrap();
    assert_eq!(
        groups(&stage, &instance),
        json!([[instance["group"]], { "tap:previous-security-groups": remembered }])
    );
    // The same finding again, and GuardDuty's update of it: nothing is left to
    // do, and what was remembered is not overwritten with the quarantine group.
    for id in ["f-1", "f-2"] {
        let answer = remediate
            .invoke(&instance_finding(id, &instance, 8.0))
            .response();
        expect_part(&answer, json!({ "verdict": "no-action" }));
    }
    assert_eq!(
        groups(&stage, &instance)[1],
        json!({ "tap:previous-security-groups": remembered })
    );
    let rows = stage.rows();
    assert_eq!(rows.len(), 3, "{rows:#?}");
    expect_part(
        &rows[0],
        json!({ "requestId": "remediate#f-1", "verdict": "remediated", "principal": "aws.guardduty" }),
    );
    let call = "remediate#f-1#ec2:ModifyNetworkInterfaceAttribute";
    expect_part(
        &rows[1],
        json!({
            "requestId": format!("{call}/{}", instance["eni"].as_str().unwrap()), "verdict": "intended", "operation": "remediate",
            "principal": "aws.guardduty", "source": "event", "pipeline": PIPELINE, "detail": { "undo": { "Groups": before } },
        }),
    );
    let undo = &rows[0]["detail"]["actions"][0]["undo"];
    assert_eq!(
        undo["Groups"],
        json!(before),
        "the row says what would undo it"
    );
    let alerts = stage.alerts();
    expect_part(
        &alerts[0],
        json!({
            "alert": "threat-finding", "attribute": "threat-finding", "pipeline": PIPELINE, "verdict": "remediated",
            "Subject": "GuardDuty: UnauthorizedAccess:EC2/MaliciousIPCaller.Custom (high)",
        }),
    );
}

#[test]
fn a_stranger_is_only_spoken_of_until_the_account_is_in_scope() {
    let mut stage = Stage::new("m-stranger");
    let instance = instance(&stage, "other-dev@us-east-1");
    let event = instance_finding("f-1", &instance, 9.5);
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "planned" }));
    assert_eq!(answer["actions"][0]["reason"], "not the pipeline's");
    assert_eq!(groups(&stage, &instance)[0], instance["before"]);
    let alerts = stage.alerts();
    expect_part(&alerts[0], json!({ "severity": 9.5, "verdict": "planned" }));
    assert!(
        alerts[0]["Subject"]
            .as_str()
            .unwrap()
            .ends_with("(critical)"),
        "{alerts:#?}"
    );

    stage.set(&[
        ("TAP_REMEDIATION_SCOPE", "account".to_owned()),
        ("TAP_DRY_RUN", "true".to_owned()),
    ]);
    let answer = stage
        .function("remediate")
        .invoke(&instance_finding("f-2", &instance, 8.0))
        .response();
    assert_eq!(
        (&answer["verdict"], &answer["actions"][0]["reason"]),
        (&json!("planned"), &json!("dry run"))
    );
    assert_eq!(groups(&stage, &instance)[0], instance["before"]);

    stage.set(&[("TAP_DRY_RUN", "false".to_owned())]);
    let answer = stage
        .function("remediate")
        .invoke(&instance_finding("f-3", &instance, 8.0))
        .response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    assert_eq!(groups(&stage, &instance)[0], json!([instance["group"]]));
}

#[test]
fn a_vpc_without_a_quarantine_group_is_said_and_not_worked_around() {
    let stage = Stage::new("m-nogroup");
    let instance = instance(&stage, PIPELINE);
    stage.boto3(&format!(
        "c(\"ec2\").delete_tags(Resources=[{}], Tags=[{{\"Key\": \"tap:quarantine\"}}])",
        instance["group"]
    ));
    let answer = stage
        .function("remediate")
        .invoke(&instance_finding("f-1", &instance, 8.0))
        .response();
    expect_part(&answer, json!({ "verdict": "no-action" }));
    let reason = answer["actions"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("has no quarantine group") && reason.contains("tap:quarantine=true"),
        "{reason}"
    );
}

/// What an invocation failed with.
#[track_caller]
fn failure(function: &mut Function, event: &Value) -> String {
    match function.invoke(event) {
        Answer::Error { message, .. } => message,
        other => panic!("a failure was expected, and {other:?} came"),
    }
}

#[test]
fn what_undoes_a_step_is_kept_when_nobody_can_be_told_of_it() {
    let stage = Stage::alone("m-untold");
    let instance = instance(&stage, PIPELINE);
    stage
        .sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("sns")
            .operation("Publish")
            .nth(1)])
        .unwrap();
    let mut remediate = stage.function("remediate");
    let event = instance_finding("f-1", &instance, 8.0);
    let message = failure(&mut remediate, &event);
    assert!(message.contains("sns:Publish"), "{message}");
    assert_eq!(groups(&stage, &instance)[0], json!([instance["group"]]));
    // The event comes again, and finds nothing left to do.
    expect_part(
        &remediate.invoke(&event).response(),
        json!({ "verdict": "no-action" }),
    );
    let rows = stage.rows();
    let with = |verdict: &str| rows.iter().find(|row| row["verdict"] == verdict).unwrap();
    assert_eq!(
        with("intended")["detail"]["undo"]["Groups"],
        instance["before"]
    );
    let actions = &with("failed")["detail"]["actions"];
    assert_eq!(
        (&actions[0]["state"], &actions[0]["undo"]["Groups"]),
        (&json!("done"), &instance["before"])
    );
    assert_eq!(stage.alerts().len(), 1);
}

#[test]
fn without_a_row_that_says_what_undoes_it_nothing_is_done() {
    let stage = Stage::alone("m-unwritten");
    let instance = instance(&stage, PIPELINE);
    stage
        .sandbox
        .weather([Rule::new(Action::AccessDenied)
            .service("dynamodb")
            .operation("PutItem")
            .nth(1)])
        .unwrap();
    let mut remediate = stage.function("remediate");
    let event = instance_finding("f-1", &instance, 8.0);
    let message = failure(&mut remediate, &event);
    assert!(message.contains("dynamodb:PutItem"), "{message}");
    assert_eq!(groups(&stage, &instance), json!([instance["before"], {}]));
    let rows = stage.rows();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["detail"]["actions"][0]["state"], "failed");
    expect_part(
        &remediate.invoke(&event).response(),
        json!({ "verdict": "remediated" }),
    );
}

#[test]
fn an_event_that_was_a_dry_run_first_has_rows_of_what_it_did_later() {
    let mut stage = Stage::new("m-redrive");
    let instance = instance(&stage, PIPELINE);
    let event = instance_finding("f-1", &instance, 8.0);
    stage.set(&[("TAP_DRY_RUN", "true".to_owned())]);
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "planned" }));
    assert_eq!(stage.rows().len(), 1);
    stage.set(&[("TAP_DRY_RUN", "false".to_owned())]);
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    let rows = stage.rows();
    let verdicts: Vec<&Value> = rows.iter().map(|row| &row["verdict"]).collect();
    assert_eq!(verdicts, ["planned", "intended"], "{rows:#?}");
    assert_eq!(rows[1]["detail"]["undo"]["Groups"], instance["before"]);
    assert!(
        rows[1]["timestamp"].as_str() > rows[0]["timestamp"].as_str(),
        "by the time of the attempt: {rows:#?}"
    );
}

#[test]
fn a_quarantine_group_with_rules_is_none_and_any_without_will_do() {
    let stage = Stage::new("m-open");
    let instance = instance(&stage, PIPELINE);
    let group = &instance["group"];
    let permissions = r#"[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]"#;
    let egress = |call: &str| {
        stage.boto3(&format!(
            "c(\"ec2\").{call}_security_group_egress(GroupId={group}, IpPermissions={permissions})"
        ));
    };
    egress("authorize");
    let mut remediate = stage.function("remediate");
    let answer = remediate
        .invoke(&instance_finding("f-1", &instance, 8.0))
        .response();
    expect_part(&answer, json!({ "verdict": "no-action" }));
    let reason = answer["actions"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("has rules") && reason.contains(group.as_str().unwrap()),
        "{reason}"
    );
    assert_eq!(groups(&stage, &instance)[0], instance["before"]);

    // Somebody has put it into another quarantine group by hand.
    egress("revoke");
    let other = stage.boto3(&format!(
        r#"
ec2 = c("ec2")
vpc = ec2.describe_security_groups(GroupIds=[{group}])["SecurityGroups"][0]["VpcId"]
other = ec2.create_security_group(GroupName=NAME + "-other", Description="q", VpcId=vpc, TagSpecifications=[{{"ResourceType": "security-group", "Tags": [{{"Key": "tap:quarantine", "Value": "true"}}]}}])["GroupId"]
ec2.revoke_security_group_egress(GroupId=other, IpPermissions={permissions})
ec2.modify_network_interface_attribute(NetworkInterfaceId={eni}, Groups=[other, {group}])
out(sorted([other, {group}]))"#,
        eni = instance["eni"],
    ));
    let answer = remediate
        .invoke(&instance_finding("f-2", &instance, 8.0))
        .response();
    expect_part(&answer, json!({ "verdict": "no-action", "actions": [] }));
    let mut now: Vec<Value> = groups(&stage, &instance)[0].as_array().unwrap().clone();
    now.sort_by_key(Value::to_string);
    assert_eq!(json!(now), other);
}

fn key_finding(id: &str, key: &str, user: &str, kind: &str) -> Value {
    let resource = json!({
        "resourceType": "AccessKey",
        "accessKeyDetails": { "accessKeyId": key, "principalId": "AIDA", "userType": kind, "userName": user },
    });
    finding(
        id,
        "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
        8.0,
        resource,
    )
}

/// A user of the pipeline with an access key; its key's id.
fn user(stage: &Stage) -> String {
    let key = stage.boto3(&format!(
        "iam = c(\"iam\")\niam.create_user(UserName=NAME, Tags=[{{\"Key\": \"tap:pipeline\", \"Value\": {PIPELINE:?}}}])\nout(iam.create_access_key(UserName=NAME)[\"AccessKey\"][\"AccessKeyId\"])"
    ));
    key.as_str().unwrap().to_owned()
}

#[test]
pub fn a_users_key_is_deactivated_and_its_sessions_are_denied() {
    let stage = Stage::new("m-user");
    let key = user(&stage);
    let event = |id: &str| key_finding(id, &key, "m-user", "IAMUser");
    let began = stage.boto3("import datetime\nout(datetime.datetime.now(datetime.timezone.utc).strftime(\"%Y-%m-%dT%H:%M:%S.000Z\"))");
    let mut remediate = stage.function("remediate");
    let answer = remediate.invoke(&event("f-1")).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    let now = || {
        stage.boto3("iam = c(\"iam\")\nout([iam.list_access_keys(UserName=NAME)[\"AccessKeyMetadata\"][0][\"Status\"], iam.get_user_policy(UserName=NAME, PolicyName=\"tap-deny-sessions-issued-before\")[\"PolicyDocument\"][\"Statement\"]])")
    };
    let first = now();
    let denied = &first[1];
    // Sessions that were made since the finding too.
    let before = &denied[0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
    assert!(before.as_str() >= began.as_str(), "{before} {began}");
    assert_eq!(
        first,
        json!(["Inactive", [{
            "Sid": "DenySessionsIssuedBefore", "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": before } },
        }]])
    );
    expect_part(
        &remediate.invoke(&event("f-2")).response(),
        json!({ "verdict": "no-action" }),
    );
    // An older finding that comes late does not let sessions in again.
    let mut late = event("f-3");
    late["time"] = json!("2026-11-12T09:00:00Z");
    expect_part(
        &remediate.invoke(&late).response(),
        json!({ "verdict": "no-action" }),
    );
    assert_eq!(&now()[1], denied);
    let mut later = event("f-4");
    later["time"] = json!("2099-11-12T11:00:00Z");
    let answer = remediate.invoke(&later).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    assert_eq!(
        &answer["actions"][0]["undo"]["PolicyDocument"]["Statement"],
        denied
    );
}

#[test]
fn a_finding_about_another_accounts_user_does_not_touch_ours_of_the_same_name() {
    let stage = Stage::new("m-member");
    let key = user(&stage);
    let mut event = key_finding("f-1", &key, "m-member", "IAMUser");
    event["detail"]["accountId"] = json!("210987654321");
    let mut remediate = stage.function("remediate");
    let answer = remediate.invoke(&event).response();
    expect_part(
        &answer,
        json!({ "verdict": "no-action", "account": "210987654321" }),
    );
    let reason = answer["actions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("210987654321"), "{reason}");
    let now = stage.boto3("iam = c(\"iam\")\nout([iam.list_access_keys(UserName=NAME)[\"AccessKeyMetadata\"][0][\"Status\"], iam.list_user_policies(UserName=NAME)[\"PolicyNames\"]])");
    assert_eq!(now, json!(["Active", []]));
    let alerts = stage.alerts();
    assert_eq!(alerts.len(), 1, "{alerts:#?}");
    expect_part(&alerts[0], json!({ "account": "210987654321" }));
    expect_part(&stage.rows()[0], json!({ "verdict": "no-action" }));
}

#[test]
pub fn a_roles_sessions_are_denied_and_nothing_is_attached() {
    let stage = Stage::new("m-role");
    stage.boto3(&format!(
        "c(\"iam\").create_role(RoleName=NAME, AssumeRolePolicyDocument=\"{{}}\", Tags=[{{\"Key\": \"tap:pipeline\", \"Value\": {PIPELINE:?}}}])"
    ));
    let event = key_finding("f-1", "ASIAEXAMPLE", "m-role", "AssumedRole");
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    let role = stage.boto3("iam = c(\"iam\")\nout([iam.list_role_policies(RoleName=NAME)[\"PolicyNames\"], iam.list_attached_role_policies(RoleName=NAME)[\"AttachedPolicies\"]])");
    assert_eq!(role, json!([["tap-deny-sessions-issued-before"], []]));
    let root = key_finding("f-2", "AKIAROOT", "Root", "Root");
    let answer = stage.function("remediate").invoke(&root).response();
    expect_part(&answer, json!({ "verdict": "no-action" }));
    assert!(
        answer["actions"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("by hand")
    );
}

/// A bucket of the pipeline as it should be, and its baseline.
fn bucket(stage: &Stage) -> String {
    let name = format!("{}-mended", stage.name);
    stage.boto3(&format!(
        r#"
name = {name:?}
s3.create_bucket(Bucket=name)
key = c("kms").create_key()["KeyMetadata"]["Arn"]
s3.put_bucket_tagging(Bucket=name, Tagging={{"TagSet": [{{"Key": "tap:pipeline", "Value": {PIPELINE:?}}}]}})
policy = {{"Version": "2012-10-17", "Statement": [{{"Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::" + name, "arn:aws:s3:::" + name + "/*"], "Condition": {{"Bool": {{"aws:SecureTransport": "false"}}}}}}]}}
flags = {{"BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}}
baseline = {{
    "BucketEncryption": {{"ServerSideEncryptionConfiguration": [{{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}}}]}},
    "PublicAccessBlockConfiguration": flags,
    "PolicyDocument": policy,
}}
c("ssm").put_parameter(Name="/tap/" + NAME + "/baseline/" + name, Type="String", Value=json.dumps(baseline))
s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict(flags, BlockPublicPolicy=False))"#
    ));
    name
}

fn live(stage: &Stage, bucket: &str) -> Value {
    stage.boto3(&format!(
        r#"
name = {bucket:?}
rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
out([rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], rule["BucketKeyEnabled"], s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]["Sid"]])"#
    ))
}

#[test]
pub fn a_bucket_gets_back_what_the_baseline_says_and_nobody_elses_does() {
    let stage = Stage::new("m-bucket");
    let bucket = bucket(&stage);
    let mut remediate = stage.function("remediate");
    let event = compliance_change("c-1", "AWS::S3::Bucket", &bucket, "NON_COMPLIANT");
    let answer = remediate.invoke(&event).response();
    expect_part(
        &answer,
        json!({ "verdict": "remediated", "rule": "encryption-documents-dev" }),
    );
    assert_eq!(
        live(&stage, &bucket),
        json!(["aws:kms", true, true, "OnlyTls"])
    );
    let actions = answer["actions"].as_array().unwrap();
    let calls: Vec<&str> = actions
        .iter()
        .map(|action| action["call"].as_str().unwrap())
        .collect();
    assert_eq!(
        calls,
        [
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketPolicy"
        ]
    );
    assert_eq!(actions[0]["undo"]["before"]["SSEAlgorithm"], "AES256");
    assert_eq!(
        actions[2]["undo"],
        json!({ "call": "s3:DeleteBucketPolicy", "Bucket": bucket, "before": null })
    );
    let again = compliance_change("c-2", "AWS::S3::Bucket", &bucket, "NON_COMPLIANT");
    expect_part(
        &remediate.invoke(&again).response(),
        json!({ "verdict": "no-action" }),
    );

    stage.boto3("s3.create_bucket(Bucket=NAME + \"-stranger\")");
    let stranger = format!("{}-stranger", stage.name);
    let event = compliance_change("c-3", "AWS::S3::Bucket", &stranger, "NON_COMPLIANT");
    assert_eq!(
        remediate.invoke(&event).response(),
        json!({ "ignored": "another's resource" })
    );
    let event = compliance_change("c-4", "AWS::S3::Bucket", &bucket, "COMPLIANT");
    assert_eq!(
        remediate.invoke(&event).response(),
        json!({ "ignored": "nothing that could be mended" })
    );
    let alerts = stage.alerts();
    assert_eq!(alerts.len(), 2, "of our bucket only: {alerts:#?}");
}

#[test]
pub fn a_finding_on_a_bucket_closes_it_and_leaves_whoever_touched_it_alone() {
    let stage = Stage::new("m-finding");
    let bucket = bucket(&stage);
    let resource = json!({
        "resourceType": "S3Bucket",
        "s3BucketDetails": [{ "arn": format!("arn:aws:s3:::{bucket}"), "name": bucket, "type": "Destination" }],
        "accessKeyDetails": { "accessKeyId": "AKIAADMIN", "userType": "IAMUser", "userName": "admin" },
    });
    let event = finding("f-1", "Policy:S3/BucketPublicAccessGranted", 8.0, resource);
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    assert_eq!(answer["actions"].as_array().unwrap().len(), 3);
    assert_eq!(live(&stage, &bucket)[2], true);
}

#[test]
fn a_finding_about_anything_else_is_alerted_of() {
    let stage = Stage::new("m-other");
    let resource = json!({ "resourceType": "EKSCluster", "eksClusterDetails": { "name": "x" } });
    let event = finding(
        "f-1",
        "Discovery:Kubernetes/MaliciousIPCaller",
        7.0,
        resource,
    );
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(
        &answer,
        json!({ "verdict": "no-action", "resource_type": "EKSCluster" }),
    );
    assert_eq!(stage.alerts().len(), 1);
}

#[test]
pub fn another_teams_resource_is_no_concern_of_ours_and_need_not_be_readable() {
    let stage = Stage::alone("m-others");
    stage
        .sandbox
        .weather([
            Rule::new(Action::AccessDenied).service("s3"),
            Rule::new(Action::Error {
                status: 400,
                code: "ResourceNotDiscoveredException".to_owned(),
                message: String::new(),
            })
            .service("config")
            .operation("GetResourceConfigHistory"),
        ])
        .unwrap();
    let mut remediate = stage.function("remediate");
    for (id, kind) in [("c-1", "AWS::S3::Bucket"), ("c-2", "AWS::SNS::Topic")] {
        let event = compliance_change(id, kind, "theirs", "NON_COMPLIANT");
        assert_eq!(
            remediate.invoke(&event).response(),
            json!({ "ignored": "another's resource" }),
            "{kind}"
        );
    }
    assert!(stage.alerts().is_empty() && stage.rows().is_empty());
}

#[test]
fn a_bucket_of_ours_whose_tag_was_taken_off_is_spoken_of() {
    let stage = Stage::new("m-untagged");
    let bucket = bucket(&stage);
    stage.boto3(&format!("s3.delete_bucket_tagging(Bucket={bucket:?})"));
    let event = compliance_change("c-1", "AWS::S3::Bucket", &bucket, "NON_COMPLIANT");
    let answer = stage.function("remediate").invoke(&event).response();
    expect_part(&answer, json!({ "verdict": "planned" }));
    let reasons: Vec<&str> = answer["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["reason"].as_str().unwrap())
        .collect();
    assert!(reasons[0].contains("put it back"), "{reasons:?}");
    assert_eq!(reasons[1], "its ownership tag is gone");
    assert_eq!(stage.alerts().len(), 1);
    expect_part(&stage.rows()[0], json!({ "verdict": "planned" }));
}
