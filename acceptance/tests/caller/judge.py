# Judges recorded calls by a policy: `calls`, `policy`, `pipeline`, `account`,
# `region`, `names` (a name of each service, for calls whose record holds none),
# `configured` (what the pipeline has besides) and `theirs` (what a user brings,
# as the block names it) stand before this.
#
# Who evaluates is moto: none of it is ours. What a call is allowed by is
# written down here once more, after botocore's models and the Service
# Authorization Reference, and not taken from the provider's table.
#
# moto leaves out what this adds: it takes a condition for fulfilled whose key
# is not in the request, it knows StringEquals alone, and of the patterns only
# the star.
import re

import botocore.session
from moto.iam.access_control import IAMPolicyStatement, PermissionResult

session = botocore.session.Session()
models = {}
OURS = {"aws:ResourceTag/tap:pipeline": pipeline}
MADE = {"aws:RequestTag/tap:pipeline": pipeline}


def method_of(service, operation):
    if service not in models:
        models[service] = session.get_service_model(service)
    return models[service].operation_model(operation).http["method"]


def arn(service, rest, here=region, of=account):
    return f"arn:aws:{service}:{here}:{of}:{rest}"


def name_in(call):
    return call["resource"] or names.get(call["service"], "")


def as_arn(call, service, before):
    name = name_in(call)
    return name if name.startswith("arn:") else arn(service, before + name)


KEY = arn("kms", "key/of-the-pipeline")
KEYS = theirs.get("keys", {})
# What is brought carries no tag of ours.
BROUGHT = {
    "vpc": [theirs["vpc_id"]] if "vpc_id" in theirs else [],
    "subnet": theirs.get("subnet_ids", []),
    "route-table": theirs.get("route_table_ids", []),
}


def via(service, use):
    """The key that a service uses for the caller, and the context in which."""
    through = {"kms:ViaService": f"{service}.{region}.amazonaws.com"}
    return (KEYS[use], through) if use in KEYS else (KEY, {**OURS, **through})


def within(kind):
    """What something of EC2 is made in, and the context."""
    return [(arn("ec2", f"{kind}/{name}"), {}) for name in BROUGHT.get(kind, [])] or [(arn("ec2", f"{kind}/x"), OURS)]


STAGE = f"arn:aws:apigateway:{region}::/restapis/api/stages/v1"
VENDED = ["CreateLogDelivery", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"]

S3 = {
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "DeleteObjects": "DeleteObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
}


def s3(call):
    operation = call["operation"]
    action = S3.get(operation, operation)
    bucket, _, key = call["resource"].partition("/")
    of_object = action in ("DeleteObjectVersion", "AbortMultipartUpload")
    on = f"arn:aws:s3:::{bucket}/{key or 'any'}" if of_object else f"arn:aws:s3:::{bucket}"
    yield f"s3:{action}", on, {}
    if operation == "CreateBucket":
        yield "s3:TagResource", on, MADE


# What each makes, and what it is made in.
EC2_MAKES = {
    "CreateVpc": ("vpc", []),
    "CreateSubnet": ("subnet", ["vpc"]),
    "CreateRouteTable": ("route-table", ["vpc"]),
    "CreateNetworkAcl": ("network-acl", ["vpc"]),
    "CreateSecurityGroup": ("security-group", ["vpc"]),
    "CreateVpcEndpoint": ("vpc-endpoint", ["vpc", "subnet", "security-group", "route-table"]),
    "CreateFlowLogs": ("vpc-flow-log", ["vpc"]),
}
EC2_ON = {
    "AssociateRouteTable": ["route-table", "subnet"],
    "DisassociateRouteTable": ["route-table", "subnet"],
    "ReplaceRouteTableAssociation": ["route-table", "subnet"],
    "ReplaceNetworkAclAssociation": ["network-acl", "subnet"],
    "CreateNetworkAclEntry": ["network-acl"],
    "ReplaceNetworkAclEntry": ["network-acl"],
    "DeleteNetworkAclEntry": ["network-acl"],
    "DeleteNetworkAcl": ["network-acl"],
    "AuthorizeSecurityGroupEgress": ["security-group"],
    "AuthorizeSecurityGroupIngress": ["security-group"],
    "UpdateSecurityGroupRuleDescriptionsIngress": ["security-group"],
    "DeleteSecurityGroup": ["security-group"],
    "DeleteSubnet": ["subnet"],
    "ModifySubnetAttribute": ["subnet"],
    "DeleteRouteTable": ["route-table"],
    "DeleteRoute": ["route-table"],
    "DeleteVpc": ["vpc"],
    "ModifyVpcAttribute": ["vpc"],
    "DeleteVpcEndpoints": ["vpc-endpoint"],
    "ModifyVpcEndpoint": ["vpc-endpoint", "subnet", "security-group", "route-table"],
    "DeleteFlowLogs": ["vpc-flow-log"],
    "CreateTags": ["subnet"],
    "DeleteTags": ["subnet"],
}
# AWS makes these with a VPC or a function, and puts no tag of ours on them.
EC2_UNTAGGED = {
    "RevokeSecurityGroupEgress": "security-group",
    "RevokeSecurityGroupIngress": "security-group",
    "DeleteNetworkInterface": "network-interface",
}


def ec2(call):
    operation = call["operation"]
    action = f"ec2:{operation}"
    if operation.startswith("Describe"):
        yield action, "*", {}
    elif operation in EC2_UNTAGGED:
        # The default group of a VPC that is brought keeps its rules.
        of_group = operation.startswith("Revoke") and BROUGHT["vpc"]
        yield action, arn("ec2", f"{EC2_UNTAGGED[operation]}/x"), OURS if of_group else {}
    elif operation in EC2_MAKES:
        made, places = EC2_MAKES[operation]
        yield action, arn("ec2", f"{made}/*"), MADE
        yield "ec2:CreateTags", arn("ec2", f"{made}/*"), {**MADE, "ec2:CreateAction": operation}
        for kind in places:
            for place, context in within(kind):
                yield action, place, context
        if operation == "CreateVpcEndpoint":
            yield "route53:AssociateVPCWithHostedZone", "arn:aws:route53:::hostedzone/x", {}
        if operation == "CreateFlowLogs":
            yield "logs:CreateLogDelivery", "*", {}
    else:
        for kind in EC2_ON[operation]:
            places = within(kind) if operation == "ModifyVpcEndpoint" else [(arn("ec2", f"{kind}/x"), OURS)]
            for place, context in places:
                yield action, place, context
        if operation == "ReplaceNetworkAclAssociation":
            # Back to the VPC's default list.
            yield action, arn("ec2", "network-acl/default"), {}


API_CREATES = ("CreateRestApi", "CreateApiKey", "CreateUsagePlan", "GenerateClientCertificate", "CreateDomainName")


def apigateway(call):
    operation = call["operation"]
    verb = f"apigateway:{method_of('apigateway', operation)}"
    on = f"arn:aws:apigateway:{region}::{call['path']}"
    yield verb, on, MADE if operation in API_CREATES else OURS
    if operation in ("CreateDomainName", "UpdateDomainName"):
        yield "apigateway:AddCertificateToDomain", on, {}
        for reads in ("GetObject", "GetObjectVersion"):
            yield f"s3:{reads}", theirs["mutual_tls"]["truststore_uri"].replace("s3://", "arn:aws:s3:::"), {}
    if operation == "DeleteDomainName":
        yield "apigateway:RemoveCertificateFromDomain", on, {}
    if operation in ("CreateRestApi", "CreateDomainName"):
        role = f"arn:aws:iam::{account}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway"
        yield "iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": "ops.apigateway.amazonaws.com"}
    if operation == "UpdateAccount":
        role = f"arn:aws:iam::{account}:role/{names['api logging role']}"
        yield "iam:PassRole", role, {"iam:PassedToService": "apigateway.amazonaws.com"}
    if "Policy" in configured and operation in ("CreateRestApi", "UpdateRestApi"):
        yield "apigateway:UpdateRestApiPolicy", on, {}
    if operation in (*API_CREATES, "CreateStage"):
        yield "apigateway:PUT", f"arn:aws:apigateway:{region}::/tags/x", MADE
    if operation in ("CreateStage", "UpdateStage"):
        for action in VENDED:
            yield f"logs:{action}", "*", {}


def wafv2(call):
    operation = call["operation"]
    action = f"wafv2:{operation}"
    acl = arn("wafv2", f"regional/webacl/{names['wafv2']}/x")
    if operation == "ListWebACLs":
        yield action, "*", {}
        return
    if operation != "DisassociateWebACL":
        yield action, acl, {}
    if operation in ("CreateWebACL", "UpdateWebACL"):
        yield action, arn("wafv2", "regional/managedruleset/AWS/x"), {}
    if operation in ("AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource"):
        yield action, STAGE, {}
    if operation in ("AssociateWebACL", "DisassociateWebACL"):
        yield "apigateway:SetWebACL", STAGE, OURS
    if operation == "GetWebACLForResource":
        yield "wafv2:GetWebACL", acl, {}
    if operation == "CreateWebACL":
        yield "wafv2:TagResource", acl, MADE
    if operation == "PutLoggingConfiguration":
        for logs in VENDED:
            yield f"logs:{logs}", "*", {}


def iam(call):
    operation, name = call["operation"], call["resource"].rsplit("/", 1)[-1]
    kind = "role" if "Role" in operation else "policy"
    on = f"arn:aws:iam::{account}:{kind}/{name}"
    # The record names the role; its policy is called as it is.
    policy_arn = {"iam:PolicyARN": f"arn:aws:iam::{account}:policy/{name}"}
    attaches = operation in ("AttachRolePolicy", "DetachRolePolicy")
    yield f"iam:{operation}", on, policy_arn if attaches else {}
    if operation in ("CreateRole", "CreatePolicy"):
        yield f"iam:Tag{kind.capitalize()}", on, MADE


def awslambda(call):
    operation = call["operation"]
    # The identifiers of permissions come last in a path.
    found = re.search(r"/functions/([^/]+)", call["path"])
    name = found.group(1) if found else name_in(call)
    on = name if name.startswith("arn:") else arn("lambda", f"function:{name}")
    known = re.sub(r"\d{8}(v\d)?$", "", operation)
    yield f"lambda:{known}", on, {}
    if known == "GetFunction":
        yield "lambda:ListTags", on, {}
    if known in ("CreateFunction", "UpdateFunctionConfiguration"):
        role = on.rsplit(":", 1)[-1] + f"-{region}"
        to = {"iam:PassedToService": "lambda.amazonaws.com"}
        yield "iam:PassRole", f"arn:aws:iam::{account}:role/{role}", to
        yield "kms:CreateGrant", *via("lambda", "environment")
        for describes in ("SecurityGroups", "Subnets", "Vpcs"):
            yield f"ec2:Describe{describes}", "*", {}
        yield "ec2:GetSecurityGroupsForVpc", within("vpc")[0][0], {}
    if known in ("CreateFunction", "UpdateFunctionCode") and "code" in theirs:
        for reads in ("GetObject", "GetObjectVersion"):
            yield f"s3:{reads}", f"arn:aws:s3:::{theirs['code']['s3_bucket']}/{theirs['code']['s3_key']}", {}


def kms(call):
    operation, name = call["operation"], call["resource"]
    action = f"kms:{operation}"
    if operation == "CreateKey":
        yield action, "*", MADE
        yield "kms:TagResource", KEY, MADE
    elif operation.startswith("List") and operation != "ListResourceTags":
        yield action, "*", {}
    else:
        yield action, KEY, OURS
        if operation.endswith("Alias"):
            yield action, arn("kms", name), {}


def secretsmanager(call):
    operation = call["operation"]
    action = f"secretsmanager:{operation}"
    if operation == "GetRandomPassword":
        yield action, "*", {}
        return
    on = as_arn(call, "secretsmanager", "secret:")
    # A name is that of an ARN with six characters more.
    on = on if re.search(r"-\w{6}$", on) and call["resource"].startswith("arn:") else f"{on}-AbCdEf"
    yield action, on, OURS
    if operation == "CreateSecret":
        yield "secretsmanager:TagResource", on, MADE
        yield "kms:GenerateDataKey", *via("secretsmanager", "data")
    if operation == "GetSecretValue":
        yield "kms:Decrypt", *via("secretsmanager", "data")
    if operation == "RotateSecret":
        yield "lambda:InvokeFunction", arn("lambda", f"function:{names['rotation']}"), {}


def logs(call):
    operation = call["operation"]
    action = f"logs:{operation}"
    if operation in ("DescribeLogGroups", "DescribeResourcePolicies", "PutResourcePolicy", "DeleteResourcePolicy"):
        yield action, "*", {}
        return
    group = as_arn(call, "logs", "log-group:")
    yield action, group if "Resource" in operation else f"{group}:*", {}
    if operation == "CreateLogGroup":
        yield "logs:TagResource", group, MADE
        yield "kms:DescribeKey", *via("logs", "logs")


def config(call):
    operation = call["operation"]
    action, on = f"config:{operation}", arn("config", "config-rule/config-rule-x")
    recorder = arn("config", f"configuration-recorder/{names['recorder']}/x")
    if operation.startswith("Describe") or "DeliveryChannel" in operation:
        yield action, "*", {}
    elif "ConfigurationRecorder" in operation:
        yield action, recorder, {}
        if operation == "PutConfigurationRecorder":
            yield "config:TagResource", recorder, {}
            role = f"arn:aws:iam::{account}:role/{names['recorder role']}"
            yield "iam:PassRole", role, {"iam:PassedToService": "config.amazonaws.com"}
    elif operation == "PutConfigRule":
        yield action, on, MADE
        yield "config:TagResource", on, MADE
    elif operation == "ListTagsForResource":
        yield action, recorder if "recorder" in call["resource"] else on, OURS
    else:
        yield action, on, OURS


def dynamodb(call):
    operation = call["operation"]
    on = as_arn(call, "dynamodb", "table/")
    yield f"dynamodb:{operation}", on, {}
    if operation == "CreateTable":
        yield "dynamodb:TagResource", on, MADE
        for action in ("CreateGrant", "DescribeKey"):
            yield f"kms:{action}", *via("dynamodb", "data")


def ssm(call):
    operation = call["operation"]
    if operation == "DescribeParameters":
        yield f"ssm:{operation}", "*", {}
        return
    on = arn("ssm", f"parameter/{call['resource'].lstrip('/')}")
    yield f"ssm:{operation}", on, {}
    if operation == "PutParameter":
        yield "ssm:AddTagsToResource", on, MADE


def cloudwatch(call):
    operation, name = call["operation"], call["resource"]
    action = f"cloudwatch:{operation}"
    if operation == "DescribeAlarms":
        yield action, arn("cloudwatch", "alarm:*"), {}
    elif name.startswith("arn:"):
        yield action, name, {}
    elif "Dashboard" in operation:
        name = name or names["dashboard"]
        yield action, f"arn:aws:cloudwatch::{account}:dashboard/{name}", {}
    else:
        yield action, as_arn(call, "cloudwatch", "alarm:"), {}


def events(call):
    on = as_arn(call, "events", "rule/")
    yield f"events:{call['operation']}", on, {}
    if call["operation"] == "PutRule":
        yield "events:TagResource", on, MADE


def sns(call):
    operation = call["operation"]
    if operation == "Unsubscribe":
        yield f"sns:{operation}", "*", {}
        return
    on = as_arn(call, "sns", "")
    yield f"sns:{operation}", on, {}
    if operation == "CreateTopic":
        yield "sns:TagResource", on, MADE


def sqs(call):
    name = name_in(call).rsplit("/", 1)[-1]
    on = name if name.startswith("arn:") else arn("sqs", name)
    yield f"sqs:{call['operation']}", on, {}
    if call["operation"] == "CreateQueue":
        yield "sqs:TagQueue", on, MADE


def cloudtrail(call):
    operation = call["operation"]
    if operation == "DescribeTrails":
        yield f"cloudtrail:{operation}", "*", {}
        return
    # Of the pipeline's own, where it has one.
    name = call["resource"] or ("management-documents-dev" if "Trail" in configured else "management")
    on = name if name.startswith("arn:") else arn("cloudtrail", f"trail/{name}")
    yield f"cloudtrail:{operation}", on, {}
    if operation == "CreateTrail":
        yield "cloudtrail:AddTags", on, {}


def guardduty(call):
    operation = call["operation"]
    if operation in ("ListDetectors", "CreateDetector"):
        yield f"guardduty:{operation}", "*", MADE
    else:
        yield f"guardduty:{operation}", arn("guardduty", "detector/x"), OURS
    if operation == "CreateDetector":
        yield "guardduty:TagResource", "*", MADE
        for service, role in (
            ("guardduty", "AWSServiceRoleForAmazonGuardDuty"),
            ("malware-protection.guardduty", "AWSServiceRoleForAmazonGuardDutyMalwareProtection"),
        ):
            linked = f"arn:aws:iam::{account}:role/aws-service-role/{service}.amazonaws.com/{role}"
            yield "iam:CreateServiceLinkedRole", linked, {"iam:AWSServiceName": f"{service}.amazonaws.com"}


ASKS = {
    "apigateway": apigateway, "cloudtrail": cloudtrail, "cloudwatch": cloudwatch, "config": config,
    "dynamodb": dynamodb, "ec2": ec2, "events": events, "guardduty": guardduty, "iam": iam, "kms": kms,
    "lambda": awslambda, "logs": logs, "monitoring": cloudwatch, "s3": s3, "secretsmanager": secretsmanager,
    "sns": sns, "sqs": sqs, "ssm": ssm, "wafv2": wafv2,
}


def for_moto(statement):
    """With its patterns as moto, which makes regular expressions of them, takes them."""
    patterns = statement["Resource"]
    patterns = patterns if isinstance(patterns, list) else [patterns]
    escaped = [re.escape(pattern).replace(r"\*", "*").replace(r"\?", ".") for pattern in patterns]
    return {**statement, "Resource": escaped}


statements = policy["Statement"]
assert all(statement["Effect"] == "Allow" for statement in statements)
operators = {operator for statement in statements for operator in statement.get("Condition", {})}
assert operators <= {"StringEquals"}, operators
evaluators = [IAMPolicyStatement(for_moto(statement)) for statement in statements]


def allowing(action, resource, context):
    """The statements that allow it."""
    for index, statement in enumerate(statements):
        keys = statement.get("Condition", {}).get("StringEquals", {})
        if not all(key in context for key in keys):
            continue
        result = evaluators[index].is_action_permitted(action, resource, None, context)
        if result == PermissionResult.PERMITTED:
            yield statement["Sid"]


refused, used, asked = [], set(), set()
for call in calls:
    if call["service"] == "sts":
        continue
    for action, resource, context in ASKS[call["service"]](call):
        by = set(allowing(action, resource, context))
        used |= by
        asked.add(action)
        if not by:
            refused.append(f"{action} on {resource} for {call['service']}:{call['operation']}")

print(json.dumps({
    "calls": len(calls),
    "permissions": len(asked),
    "statements": len(statements),
    "refused": sorted(set(refused)),
    "unused": [statement for statement in statements if statement["Sid"] not in used],
}))
