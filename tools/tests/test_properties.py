"""Each rule of our own holds of a template that is right, and catches one that
is not."""

import copy
import pathlib
import sys
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))

from exam import properties  # noqa: E402

GONE = object()


def ref(id):
    return {"Ref": id}


def statement(**members):
    return {"Statement": [{"Sid": "One", "Effect": "Allow", **members}]}


def trusting(principal, **more):
    bound = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    return statement(**{"Principal": principal, "Action": "x:Write", "Resource": "*", "Condition": bound, **more})


def allowing(action, resource="arn:aws:s3:::bucket/raw/*", **more):
    return statement(Action=action, Resource=resource, **more)


def denying(action, **more):
    return statement(Effect="Deny", Principal={"AWS": "*"}, Action=action, Resource="*", **more)


def web_acl_rule(name, **more):
    group = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name}}
    visible = {"CloudWatchMetricsEnabled": True}
    return {"Name": name, "OverrideAction": {"None": {}}, "Statement": group, "VisibilityConfig": visible, **more}


BAD_INPUTS = web_acl_rule("AWSManagedRulesKnownBadInputsRuleSet")
HIDDEN = web_acl_rule("AWSManagedRulesAnonymousIpList")
SERVICE = {"Service": "cloudwatch.amazonaws.com"}
INGRESS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
SETTING = {
    "HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "INFO", "MetricsEnabled": True, "DataTraceEnabled": False,
}
LIFECYCLE = {"Status": "Enabled", "Prefix": "", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
ABORT = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}


def endpoint(service, **more):
    return "AWS::EC2::VPCEndpoint", {"VpcId": ref("Vpc"), "ServiceName": f"com.amazonaws.us-east-1.{service}", **more}


# Type and properties, by logical id: every rule is about something here.
GOOD = {
    "Vpc": ("AWS::EC2::VPC", {}),
    "FlowLog": ("AWS::EC2::FlowLog", {"ResourceId": ref("Vpc"), "TrafficType": "ALL"}),
    "Ec2Endpoint": endpoint("ec2"),
    "EcrApiEndpoint": endpoint("ecr.api"),
    "EcrDkrEndpoint": endpoint("ecr.dkr"),
    "SsmEndpoint": endpoint("ssm", SecurityGroupIds=[ref("EndpointGroup")]),
    "ContactsEndpoint": endpoint("ssm-contacts"),
    "IncidentsEndpoint": endpoint("ssm-incidents"),
    "Acl": ("AWS::EC2::NetworkAcl", {"VpcId": ref("Vpc")}),
    "Entry": ("AWS::EC2::NetworkAclEntry", {
        "NetworkAclId": ref("Acl"), "Egress": False, "RuleAction": "allow", "Protocol": 6, "CidrBlock": "0.0.0.0/0",
        "PortRange": {"From": 1024, "To": 3388},
    }),
    "Refusal": ("AWS::EC2::NetworkAclEntry", {
        "NetworkAclId": ref("Acl"), "RuleAction": "deny", "Protocol": -1, "CidrBlock": "0.0.0.0/0",
    }),
    "WayOut": ("AWS::EC2::NetworkAclEntry", {
        "NetworkAclId": ref("Acl"), "Egress": True, "RuleAction": "allow", "Protocol": -1, "CidrBlock": "0.0.0.0/0",
    }),
    "Association": ("AWS::EC2::SubnetNetworkAclAssociation", {"NetworkAclId": ref("Acl"), "SubnetId": ref("SubnetA")}),
    "Group": ("AWS::EC2::SecurityGroup", {"SecurityGroupIngress": [INGRESS], "SecurityGroupEgress": []}),
    "EndpointGroup": ("AWS::EC2::SecurityGroup", {"SecurityGroupEgress": []}),
    "Ingress": ("AWS::EC2::SecurityGroupIngress", {"GroupId": ref("Group"), **INGRESS}),
    "Egress": ("AWS::EC2::SecurityGroupEgress", {"GroupId": ref("Group"), "CidrIp": "10.0.0.0/16"}),
    "SubnetA": ("AWS::EC2::Subnet", {"AvailabilityZoneId": "use1-az1"}),
    "SubnetB": ("AWS::EC2::Subnet", {"AvailabilityZoneId": "use1-az2"}),
    "Function": ("AWS::Lambda::Function", {
        "Runtime": "provided.al2023", "TracingConfig": {"Mode": "Active"}, "CodeSigningConfigArn": "arn:x",
        "VpcConfig": {"SubnetIds": [ref("SubnetA"), ref("SubnetB")], "SecurityGroupIds": [ref("Group")]},
    }),
    "LogGroup": ("AWS::Logs::LogGroup", {"RetentionInDays": 365}),
    "Alarm": ("AWS::CloudWatch::Alarm", {
        "Period": 300, "AlarmActions": [ref("Topic")], "InsufficientDataActions": [ref("Topic")],
    }),
    "Table": ("AWS::DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": True}),
    "Selection": ("AWS::Backup::BackupSelection", {"Resources": [{"Fn::GetAtt": ["Table", "Arn"]}]}),
    "Bucket": ("AWS::S3::Bucket", {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True,
        },
        "LifecycleConfiguration": {"Rules": [LIFECYCLE, ABORT]},
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    }),
    "BucketPolicy": ("AWS::S3::BucketPolicy", {"PolicyDocument": trusting({"Service": "logging.s3.amazonaws.com"})}),
    "Secret": ("AWS::SecretsManager::Secret", {}),
    "Schedule": ("AWS::SecretsManager::RotationSchedule", {
        "SecretId": ref("Secret"), "RotationRules": {"AutomaticallyAfterDays": 30},
    }),
    "Key": ("AWS::KMS::Key", {"EnableKeyRotation": True, "KeyPolicy": allowing("kms:*")}),
    "Queue": ("AWS::SQS::Queue", {"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}),
    "QueuePolicy": ("AWS::SQS::QueuePolicy", {"PolicyDocument": trusting(SERVICE)}),
    "Topic": ("AWS::SNS::Topic", {"DeliveryStatusLogging": [{"Protocol": "lambda"}]}),
    "TopicPolicy": ("AWS::SNS::TopicPolicy", {"PolicyDocument": trusting(SERVICE)}),
    "Policy": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": allowing(["s3:GetObject", "s3:PutObject"])}),
    "Role": ("AWS::IAM::Role", {"ManagedPolicyArns": [ref("Policy")]}),
    "Api": ("AWS::ApiGateway::RestApi", {"EndpointConfiguration": {"Types": ["REGIONAL"]}}),
    "Domain": ("AWS::ApiGateway::DomainName", {"SecurityPolicy": "TLS_1_2"}),
    "Stage": ("AWS::ApiGateway::Stage", {"MethodSettings": [SETTING]}),
    "Method": ("AWS::ApiGateway::Method", {"RequestValidatorId": ref("Validator")}),
    "Validator": ("AWS::ApiGateway::RequestValidator", {"ValidateRequestBody": True, "ValidateRequestParameters": True}),
    "WebAcl": ("AWS::WAFv2::WebACL", {
        "VisibilityConfig": {"CloudWatchMetricsEnabled": True}, "Rules": [BAD_INPUTS, HIDDEN],
    }),
}


# What each rule must catch: the resource that is changed, its property and the
# value, and last the resource that the rule names, where that is another.
BAD = {
    "network_acls_close_ports_of_administration": [
        ("Entry", "PortRange", {"From": 1024, "To": 65535}, "Acl"),
        ("Entry", "PortRange", {"From": 22, "To": 22}, "Acl"),
        ("Entry", "PortRange", GONE, "Acl"),
        ("Entry", "Protocol", -1, "Acl"),
        ("Refusal", "RuleAction", "allow", "Acl"),
        ("WayOut", "Egress", GONE, "Acl"),
    ],
    "network_acls_are_used": [("Association", "NetworkAclId", ref("Other"), "Acl")],
    "security_groups_let_nothing_out_to_everywhere": [
        ("Group", "SecurityGroupEgress", GONE),
        ("Group", "SecurityGroupEgress", [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]),
        ("Group", "SecurityGroupEgress", [{"IpProtocol": "tcp", "CidrIpv6": "::/0"}]),
        ("Egress", "CidrIp", "0.0.0.0/0", "Group"),
    ],
    "security_groups_close_common_ports": [
        ("Group", "SecurityGroupIngress", [{**INGRESS, "FromPort": 0, "ToPort": 65535}]),
        ("Group", "SecurityGroupIngress", [{"IpProtocol": "-1", "CidrIp": "10.0.0.0/16"}]),
        ("Ingress", "IpProtocol", "-1", "Group"),
    ],
    "security_groups_are_used": [
        ("Function", "VpcConfig.SecurityGroupIds", [ref("Other")], "Group"),
        ("SsmEndpoint", "SecurityGroupIds", GONE, "EndpointGroup"),
    ],
    "vpcs_have_endpoint_ec2": [("Ec2Endpoint", "ServiceName", "com.amazonaws.us-east-1.ec2messages", "Vpc")],
    "vpcs_have_endpoint_ecr_api": [("EcrApiEndpoint", "VpcId", "vpc-1", "Vpc")],
    "vpcs_have_endpoint_ecr_dkr": [("EcrDkrEndpoint", "VpcId", "vpc-1", "Vpc")],
    "vpcs_have_endpoint_ssm": [("SsmEndpoint", "ServiceName", "com.amazonaws.us-east-1.ssmmessages", "Vpc")],
    "vpcs_have_endpoint_ssm_contacts": [("ContactsEndpoint", "VpcId", "vpc-1", "Vpc")],
    "vpcs_have_endpoint_ssm_incidents": [("IncidentsEndpoint", "VpcId", "vpc-1", "Vpc")],
    "vpcs_log_all_traffic": [
        ("FlowLog", "TrafficType", "ACCEPT", "Vpc"),
        ("FlowLog", "ResourceId", ref("SubnetA"), "Vpc"),
    ],
    "functions_are_traced": [("Function", "TracingConfig.Mode", "PassThrough"), ("Function", "TracingConfig", GONE)],
    "functions_run_on_the_newest_runtime": [
        ("Function", "Runtime", "provided.al2"),
        ("Function", "Runtime", "python3.9"),
    ],
    "functions_check_signatures": [("Function", "CodeSigningConfigArn", GONE)],
    "functions_are_in_a_vpc": [
        ("Function", "VpcConfig", GONE),
        ("Function", "VpcConfig.SubnetIds", []),
        ("Function", "VpcConfig.SecurityGroupIds", []),
    ],
    "functions_are_in_two_zones": [
        ("SubnetB", "AvailabilityZoneId", "use1-az1", "Function"),
        ("Function", "VpcConfig.SubnetIds", [ref("SubnetA")]),
        ("Function", "VpcConfig", GONE),
    ],
    "log_groups_keep_a_year": [("LogGroup", "RetentionInDays", 180), ("LogGroup", "RetentionInDays", GONE)],
    "alarms_act": [
        ("Alarm", "ActionsEnabled", False),
        ("Alarm", "AlarmActions", []),
        ("Alarm", "InsufficientDataActions", GONE),
    ],
    "alarms_look_every_five_minutes": [("Alarm", "Period", 3600)],
    "tables_are_on_demand": [("Table", "BillingMode", "PROVISIONED"), ("Table", "BillingMode", GONE)],
    "tables_are_protected_from_deletion": [("Table", "DeletionProtectionEnabled", False)],
    "tables_are_in_a_backup_plan": [("Selection", "Resources", ["arn:other"], "Table")],
    "buckets_have_no_acls": [
        ("Bucket", "OwnershipControls", GONE),
        ("Bucket", "OwnershipControls.Rules", [{"ObjectOwnership": "ObjectWriter"}]),
        ("Bucket", "AccessControl", "Private"),
    ],
    "buckets_block_public_access": [
        ("Bucket", "PublicAccessBlockConfiguration", GONE),
        ("Bucket", "PublicAccessBlockConfiguration.RestrictPublicBuckets", False),
    ],
    "buckets_have_a_lifecycle": [
        ("Bucket", "LifecycleConfiguration", GONE),
        ("Bucket", "LifecycleConfiguration.Rules", [{**LIFECYCLE, "Status": "Disabled"}]),
        ("Bucket", "LifecycleConfiguration.Rules", [ABORT]),
    ],
    "buckets_abort_incomplete_uploads": [
        ("Bucket", "LifecycleConfiguration.Rules", [LIFECYCLE]),
        ("Bucket", "LifecycleConfiguration.Rules", [{**ABORT, "Prefix": "raw/"}]),
        ("Bucket", "LifecycleConfiguration.Rules", [{**ABORT, "Status": "Disabled"}]),
    ],
    "buckets_notify": [
        ("Bucket", "NotificationConfiguration", GONE),
        ("Bucket", "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", False),
    ],
    "buckets_are_locked": [("Bucket", "ObjectLockEnabled", GONE), ("Bucket", "ObjectLockConfiguration", GONE)],
    "secrets_rotate_within_90_days": [
        ("Schedule", "RotationRules.AutomaticallyAfterDays", 91, "Secret"),
        ("Schedule", "RotationRules", GONE, "Secret"),
        ("Schedule", "SecretId", ref("Other"), "Secret"),
    ],
    "keys_are_enabled": [("Key", "Enabled", False)],
    "keys_rotate": [("Key", "EnableKeyRotation", False), ("Key", "EnableKeyRotation", GONE)],
    "keys_have_a_policy": [("Key", "KeyPolicy", GONE), ("Key", "KeyPolicy", {"Statement": []})],
    "queues_use_a_key_of_ours": [("Queue", "KmsMasterKeyId", "alias/aws/sqs"), ("Queue", "KmsMasterKeyId", GONE)],
    "topics_log_deliveries": [("Topic", "DeliveryStatusLogging", GONE)],
    **{
        rule: [
            (id, "PolicyDocument", trusting("*")),
            (id, "PolicyDocument", trusting({"AWS": "*"})),
            (id, "PolicyDocument", trusting({"AWS": "arn:aws:iam::999999999999:root"})),
            (id, "PolicyDocument", trusting({**SERVICE, "AWS": "arn:aws:iam::999999999999:root"})),
            (id, "PolicyDocument", trusting(SERVICE, Condition={"Bool": {"aws:SecureTransport": "true"}})),
            (id, "PolicyDocument", trusting(None, NotPrincipal=SERVICE)),
        ]
        for rule, id in [
            ("bucket_policies_admit_only_services", "BucketPolicy"),
            ("topic_policies_admit_only_services", "TopicPolicy"),
            ("queue_policies_admit_only_services", "QueuePolicy"),
        ]
    },
    "bucket_policies_lock_nobody_out": [
        ("BucketPolicy", "PolicyDocument", denying("s3:*")),
        ("BucketPolicy", "PolicyDocument", denying(["s3:GetObject", "s3:Put*"])),
        ("BucketPolicy", "PolicyDocument", denying("*")),
    ],
    "policies_grant_no_whole_service": [
        ("Policy", "PolicyDocument", allowing("*")),
        ("Policy", "PolicyDocument", allowing(["s3:GetObject", "kms:*"])),
        ("Policy", "PolicyDocument", allowing("iam:*", Condition={"Bool": {"aws:ViaAWSService": "true"}})),
        ("Policy", "PolicyDocument", allowing([], NotAction="iam:*")),
        ("Role", "Policies", [{"PolicyDocument": allowing("*")}]),
    ],
    "policies_name_resources": [
        ("Policy", "PolicyDocument", allowing("s3:GetObject", "*")),
        ("Policy", "PolicyDocument", allowing(["xray:PutTraceSegments", "logs:PutLogEvents"], ["*"])),
        ("Policy", "PolicyDocument", allowing("s3:GetObject", [], NotResource="arn:aws:s3:::other")),
    ],
    "policies_decrypt_with_named_keys": [
        ("Policy", "PolicyDocument", allowing("kms:Decrypt", "*")),
        ("Policy", "PolicyDocument", allowing("kms:ReEncrypt*", "arn:aws:kms:us-east-1:111122223333:key/*")),
        ("Policy", "PolicyDocument", allowing("KMS:D*", "*")),
    ],
    "principals_lack_sweeping_policies": [
        ("Role", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        ("Role", "ManagedPolicyArns", [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/IAMFullAccess"}]),
    ],
    "apis_are_regional_or_private": [
        ("Api", "EndpointConfiguration", GONE),
        ("Api", "EndpointConfiguration.Types", ["EDGE"]),
    ],
    "domains_speak_tls_1_2": [("Domain", "SecurityPolicy", "TLS_1_0"), ("Domain", "SecurityPolicy", GONE)],
    "stages_log_no_bodies": [
        ("Stage", "MethodSettings", [{**SETTING, "DataTraceEnabled": True}]),
        ("Stage", "MethodSettings", GONE),
    ],
    "stages_log_and_measure": [
        ("Stage", "MethodSettings", [{**SETTING, "LoggingLevel": "OFF"}]),
        ("Stage", "MethodSettings", [{**SETTING, "MetricsEnabled": False}]),
        ("Stage", "MethodSettings", [SETTING, {"HttpMethod": "POST", "ResourcePath": "/scan", "LoggingLevel": "OFF"}]),
        ("Stage", "MethodSettings", [{**SETTING, "ResourcePath": "/scan"}]),
    ],
    "stages_encrypt_what_they_cache": [
        ("Stage", "MethodSettings", [{**SETTING, "CachingEnabled": True}]),
        ("Stage", "CacheClusterEnabled", True),
    ],
    "methods_are_validated": [
        ("Method", "RequestValidatorId", GONE),
        ("Validator", "ValidateRequestBody", False, "Method"),
    ],
    "web_acls_have_rules": [("WebAcl", "Rules", []), ("WebAcl", "Rules", GONE)],
    "web_acl_rules_act": [("WebAcl", "Rules", [BAD_INPUTS, {**HIDDEN, "OverrideAction": {}}])],
    "web_acl_rules_are_measured": [
        ("WebAcl", "Rules", [{**BAD_INPUTS, "VisibilityConfig": {"CloudWatchMetricsEnabled": False}}]),
        ("WebAcl", "VisibilityConfig", GONE),
    ],
    "web_acls_stop_log4j_and_hidden_callers": [
        ("WebAcl", "Rules", [BAD_INPUTS]),
        ("WebAcl", "Rules", [BAD_INPUTS, {**HIDDEN, "OverrideAction": {"Count": {}}}]),
    ],
}


def changed(id, path, value):
    """The good template with a property changed."""
    resources = {name: {"Type": kind, "Properties": copy.deepcopy(one)} for name, (kind, one) in GOOD.items()}
    holder = resources[id]["Properties"]
    *steps, last = path.split(".")
    for step in steps:
        holder = holder[step]
    holder.pop(last, None)
    if value is not GONE:
        holder[last] = value
    return properties.Template("bad", {"Resources": resources})


def good():
    return properties.Template("good", {"Resources": {id: {"Type": t, "Properties": p} for id, (t, p) in GOOD.items()}})


class Rules(unittest.TestCase):
    def test_every_rule_holds_of_a_template_that_is_right(self):
        found = list(properties.findings([good()]))
        self.assertEqual([(one.control, one.resource, one.text) for one in found if not one.passed], [])
        self.assertEqual({one.control for one in found}, set(properties.RULES))

    def test_every_rule_names_the_resource_that_breaks_it(self):
        self.assertEqual(set(BAD), set(properties.RULES))
        for rule, changes in BAD.items():
            for id, path, value, *guilty in changes:
                found = properties.findings([changed(id, path, value)])
                failed = [one.resource for one in found if one.control == rule and not one.passed]
                self.assertEqual(failed, guilty or [id], (rule, id, path, value))

    def test_no_rule_minds_what_it_is_not_about(self):
        for rule, (id, path, value) in {
            "functions_are_in_two_zones": ("Function", "VpcConfig.SubnetIds", ["subnet-1", "subnet-2"]),
            "policies_name_resources": ("Policy", "PolicyDocument", allowing("xray:PutTraceSegments", "*")),
            "policies_decrypt_with_named_keys": ("Policy", "PolicyDocument", allowing("kms:Decrypt", ref("Key"))),
            "bucket_policies_lock_nobody_out": (
                "BucketPolicy", "PolicyDocument", denying("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
            ),
            "stages_encrypt_what_they_cache": (
                "Stage", "MethodSettings", [{**SETTING, "CachingEnabled": True, "CacheDataEncrypted": True}],
            ),
        }.items():
            found = properties.findings([changed(id, path, value)])
            self.assertEqual([one.text for one in found if one.control == rule and not one.passed], [], rule)

    def test_an_intrinsic_function_is_seen_in_every_spelling(self):
        for value, there in [
            (ref("Key"), True),
            ({"Fn::GetAtt": ["Key", "Arn"]}, True),
            ({"Fn::GetAtt": "Key.Arn"}, True),
            ({"Fn::Sub": "${Key.Arn}/*"}, True),
            ({"Fn::Sub": ["${Key}-${other}", {"other": "x"}]}, True),
            ({"Fn::Join": ["", ["a", ref("Key")]]}, True),
            ({"Fn::Sub": "${KeyAlias}"}, False),
            (ref("KeyAlias"), False),
            ("Key", False),
        ]:
            self.assertEqual(properties.refers(value, "Key"), there, value)


if __name__ == "__main__":
    unittest.main()
