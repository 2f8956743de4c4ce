"""The account around the pipeline: what it has before, and what of it is there.

`prepare` gives the account what a real one has: a recorder, a detector, a
trail, API Gateway's logging role, and things of somebody else's, some of which
the neighbours use. `snapshot`
says what is there, by kind.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import boto3

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "account"))
from log_bucket import log_bucket
from public_access_block import public_access_block

BLOCK = (
    b'<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><BlockPublicAcls>true</BlockPublicAcls>'
    b"<IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>"
    b"</PublicAccessBlockConfiguration>"
)


def attempt(make):
    """An emulator that lacks a service lacks its object, before and after; a row
    that needs it says so, and one that could be looked at before and not
    after fails."""
    try:
        return make()
    except Exception:
        return None


def built_in(provider, settings):
    """The functions that the provider holds, as a zip."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bootstrap.zip")
        subprocess.run([provider, "functions", settings["functions"]["architecture"], path], check=True)
        with open(path, "rb") as file:
            return file.read()


def _another(code):
    """The same functions in a zip that is somebody's own."""
    file = io.BytesIO(code)
    with zipfile.ZipFile(file, "a") as zip:
        zip.writestr("NOTICE", "Of somebody else.")
    return file.getvalue()


def prepare(provider, settings):
    iam, s3 = boto3.client("iam"), boto3.client("s3")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    role = iam.create_role(RoleName="of-somebody-else", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    log_bucket("of-somebody-else")
    s3.put_object(Bucket="of-somebody-else", Key="clients.pem", Body=b"-----BEGIN CERTIFICATE-----\n")
    s3.put_object(Bucket="of-somebody-else", Key="functions.zip", Body=_another(built_in(provider, settings)))
    boto3.client("sqs").create_queue(QueueName="of-somebody-else")
    boto3.client("events").put_rule(Name="of-somebody-else", EventPattern='{"source": ["of.somebody.else"]}')
    account = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    boto3.client("apigateway").update_account(patchOperations=account)
    boto3.client("guardduty").create_detector(Enable=True)
    config = boto3.client("config")
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "of-somebody-else"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    trail = boto3.client("cloudtrail")
    trail.create_trail(Name="management", S3BucketName="of-somebody-else", IsMultiRegionTrail=True)
    trail.start_logging(Name="management")
    public_access_block("PUT", BLOCK)


def _pages(service, operation, key, take, counts=lambda item: True, **arguments):
    def look():
        client = boto3.client(service)
        if client.can_paginate(operation):
            answers = client.get_paginator(operation).paginate(**arguments)
        else:
            answers = [getattr(client, operation)(**arguments)]
        return sorted(str(take(item)) for answer in answers for item in answer.get(key, []) if counts(item))

    return look


def _named(name):
    return lambda item: item[name]


def _there(endpoint):
    """AWS shows a deleted endpoint for a while."""
    return endpoint["State"].lower() != "deleted"


def _made(acl):
    """A VPC's default one comes and goes with the VPC; moto forgets to let it go."""
    return not acl["IsDefault"]


def _keys():
    kms = boto3.client("kms")
    ids = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]
    found = [kms.describe_key(KeyId=id)["KeyMetadata"] for id in ids]
    return sorted(m["KeyId"] for m in found if m.get("KeyManager") == "CUSTOMER" and m["KeyState"] != "PendingDeletion")


# Of these an account has one for everybody.
SINGLETONS = {
    "API Gateway account": lambda: {k: v for k, v in boto3.client("apigateway").get_account().items() if k != "ResponseMetadata"},
    "detectors": lambda: boto3.client("guardduty").list_detectors()["DetectorIds"],
    "recorders": lambda: boto3.client("config").describe_configuration_recorders()["ConfigurationRecorders"],
    "delivery channels": lambda: boto3.client("config").describe_delivery_channels()["DeliveryChannels"],
    "trails": lambda: boto3.client("cloudtrail").describe_trails()["trailList"],
    "public access block": lambda: public_access_block("GET"),
}

KINDS = {
    "alarms": _pages("cloudwatch", "describe_alarms", "MetricAlarms", _named("AlarmName")),
    "aliases": _pages("kms", "list_aliases", "Aliases", _named("AliasName")),
    "api keys": _pages("apigateway", "get_api_keys", "items", _named("id")),
    "buckets": _pages("s3", "list_buckets", "Buckets", _named("Name")),
    "client certificates": _pages("apigateway", "get_client_certificates", "items", _named("clientCertificateId")),
    "config rules": _pages("config", "describe_config_rules", "ConfigRules", _named("ConfigRuleName")),
    "dashboards": _pages("cloudwatch", "list_dashboards", "DashboardEntries", _named("DashboardName")),
    "endpoints": _pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", _named("VpcEndpointId"), counts=_there),
    "flow logs": _pages("ec2", "describe_flow_logs", "FlowLogs", _named("FlowLogId")),
    "functions": _pages("lambda", "list_functions", "Functions", _named("FunctionName")),
    "keys": _keys,
    "log groups": _pages("logs", "describe_log_groups", "logGroups", _named("logGroupName")),
    "log policies": _pages("logs", "describe_resource_policies", "resourcePolicies", _named("policyName")),
    "network acls": _pages("ec2", "describe_network_acls", "NetworkAcls", _named("NetworkAclId"), counts=_made),
    "parameters": _pages("ssm", "describe_parameters", "Parameters", _named("Name")),
    "policies": _pages("iam", "list_policies", "Policies", _named("PolicyName"), Scope="Local"),
    "queues": _pages("sqs", "list_queues", "QueueUrls", str),
    "rest apis": _pages("apigateway", "get_rest_apis", "items", _named("id")),
    "roles": _pages("iam", "list_roles", "Roles", _named("RoleName")),
    "route tables": _pages("ec2", "describe_route_tables", "RouteTables", _named("RouteTableId")),
    "rules": _pages("events", "list_rules", "Rules", _named("Name")),
    "secrets": _pages("secretsmanager", "list_secrets", "SecretList", _named("Name")),
    "security groups": _pages("ec2", "describe_security_groups", "SecurityGroups", _named("GroupId")),
    "subscriptions": _pages("sns", "list_subscriptions", "Subscriptions", _named("SubscriptionArn")),
    "subnets": _pages("ec2", "describe_subnets", "Subnets", _named("SubnetId")),
    "tables": lambda: boto3.client("dynamodb").list_tables()["TableNames"],
    "topics": _pages("sns", "list_topics", "Topics", _named("TopicArn")),
    "usage plans": _pages("apigateway", "get_usage_plans", "items", _named("id")),
    "vpcs": _pages("ec2", "describe_vpcs", "Vpcs", _named("VpcId")),
    "web acls": _pages("wafv2", "list_web_acls", "WebACLs", _named("Name"), Scope="REGIONAL"),
}


def snapshot():
    return {
        "singletons": {name: attempt(look) for name, look in SINGLETONS.items()},
        "things": {name: attempt(look) for name, look in KINDS.items()},
    }
