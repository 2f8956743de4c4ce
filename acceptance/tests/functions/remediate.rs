//! remediate: what is done about findings and non-compliance, to whom, and
//! what is not.

use crate::events::{compliance_change, finding};
use crate::stage::{PIPELINE, Stage, expect_part};
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
fn an_instance_of_the_pipeline_is_cut_off_and_its_groups_are_remembered() {
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
    assert_eq!(rows.len(), 2, "{rows:#?}");
    expect_part(
        &rows[0],
        json!({ "requestId": "remediate#f-1", "verdict": "remediated", "principal": "aws.guardduty" }),
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

#[test]
fn a_users_key_is_deactivated_and_its_sessions_are_denied() {
    let stage = Stage::new("m-user");
    let key = stage.boto3(&format!(
        "iam = c(\"iam\")\niam.create_user(UserName=NAME, Tags=[{{\"Key\": \"tap:pipeline\", \"Value\": {PIPELINE:?}}}])\nout(iam.create_access_key(UserName=NAME)[\"AccessKey\"][\"AccessKeyId\"])"
    ));
    let event = |id: &str| key_finding(id, key.as_str().unwrap(), "m-user", "IAMUser");
    let mut remediate = stage.function("remediate");
    let answer = remediate.invoke(&event("f-1")).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    let now = || {
        stage.boto3("iam = c(\"iam\")\nout([iam.list_access_keys(UserName=NAME)[\"AccessKeyMetadata\"][0][\"Status\"], iam.get_user_policy(UserName=NAME, PolicyName=\"tap-deny-sessions-issued-before\")[\"PolicyDocument\"][\"Statement\"]])")
    };
    let denied = json!([{
        "Sid": "DenySessionsIssuedBefore", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": { "DateLessThan": { "aws:TokenIssueTime": "2026-11-12T10:00:00.000Z" } },
    }]);
    assert_eq!(now(), json!(["Inactive", denied]));
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
    assert_eq!(now()[1], denied);
    let mut later = event("f-4");
    later["time"] = json!("2026-11-12T11:00:00Z");
    let answer = remediate.invoke(&later).response();
    expect_part(&answer, json!({ "verdict": "remediated" }));
    assert_eq!(
        answer["actions"][0]["undo"]["PolicyDocument"]["Statement"],
        denied
    );
}

#[test]
fn a_roles_sessions_are_denied_and_nothing_is_attached() {
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
fn a_bucket_gets_back_what_the_baseline_says_and_nobody_elses_does() {
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
fn a_finding_on_a_bucket_closes_it_and_leaves_whoever_touched_it_alone() {
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
