"""Identity and access (IAM)."""

import json

from frame import ACCOUNT, OPERATIONS, condition_keys, equal, expect, many, statements


# Lambda's management of network interfaces, with the functions' roles
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions).
INTERFACES = {
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
# What has no resource type
# (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
UNBOUNDED = {
    "config:GetResourceConfigHistory", "config:PutEvaluations", "ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "secretsmanager:GetRandomPassword",
    "xray:PutTelemetryRecords", "xray:PutTraceSegments",
}


def _role(x, name):
    role = x.client("iam").get_role(RoleName=name)["Role"]
    trust = role["AssumeRolePolicyDocument"]
    return role, json.loads(trust) if isinstance(trust, str) else trust


def _auditor(x):
    return _role(x, x.properties("AuditorRole")["RoleName"])


def _roles(x):
    """Of the pipeline: name to role and trust."""
    names = [p["RoleName"] for p in x.of_type("AWS::IAM::Role").values()]
    expect(len(names) >= len(OPERATIONS), f"{len(names)} roles")
    return {name: _role(x, name) for name in names}


def _service_roles(x):
    return {n: (r, t) for n, (r, t) in _roles(x).items() if any("Service" in s["Principal"] for s in statements(t))}


def r101(x):
    """Cross-account role needs an external id"""
    _, trust = _auditor(x)
    expect(statements(trust, "Allow"), "nobody may assume the role")
    for statement in statements(trust, "Allow"):
        equal(statement["Condition"]["StringEquals"]["sts:ExternalId"], "auditors-2026", "sts:ExternalId")
        expect("210987654321" in json.dumps(statement["Principal"]), f"for {statement['Principal']}")
    without = x.render(access={})
    expect("AuditorRole" not in without, "the role is there without trusted accounts")
    return "sts:ExternalId is required; no trusted account, no role"


def r102(x):
    """Session duration limited"""
    role, _ = _auditor(x)
    equal(role["MaxSessionDuration"], 3600, "MaxSessionDuration")
    expect(role.get("PermissionsBoundary"), "the auditor has no boundary")
    longest = {name: r["MaxSessionDuration"] for name, (r, _) in _roles(x).items()}
    equal(set(longest.values()), {3600}, "of all roles")
    unbounded = [name for name, (r, _) in _roles(x).items() if not r.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "").startswith(f"arn:aws:iam::{ACCOUNT}:policy/")]
    expect(not unbounded, f"without a permissions boundary: {unbounded}")
    # What cannot be attached is exported, for whoever assumes the role to pass.
    policy = x.state["session_policy"]
    expect(len(policy) <= 2048, f"STS takes 2048 characters, and the session policy has {len(policy)}")
    for s in statements(policy):
        equal(s["Effect"], "Allow", "what a statement of the session policy does")
        reads = all(a.split(":")[1].startswith(("Get", "Query", "List", "Describe", "Filter", "Decrypt")) for a in many(s["Action"]))
        expect(reads, f"the session may do more than read: {s['Action']}")
        elsewhere = [r for r in many(s["Resource"]) if x.name not in r and ":key/" not in r]
        expect(not elsewhere, f"the session reads {elsewhere}")
    return f"3600 s and a boundary on {len(longest)} roles, and a session policy of {len(policy)} characters"


def r103(x):
    """IP-range condition, on people's roles and not on functions'"""
    _, trust = _auditor(x)
    expect(any("203.0.113.0/24" in json.dumps(s.get("Condition", {}).get("IpAddress", {})) for s in statements(trust, "Allow")), "the auditor may come from anywhere")
    for operation in OPERATIONS:
        bad = [s for document in x.policies_of(x.role_of(operation)) for s in statements(document) if "aws:sourceip" in condition_keys(s)]
        expect(not bad, f"{operation} has a condition on aws:SourceIp, which endpoints do not carry")
    return "aws:SourceIp in the auditor's trust; in no function's policy"


def r104(x):
    """MFA condition for sensitive operations, on people's roles and not on services'"""
    _, trust = _auditor(x)
    expect(all("aws:multifactorauthpresent" in condition_keys(s) for s in statements(trust, "Allow")), "the auditor needs no MFA")
    for name, (_, service_trust) in _service_roles(x).items():
        bad = [s for s in statements(service_trust) if "aws:multifactorauthpresent" in condition_keys(s)]
        bad += [s for document in x.policies_of(name) for s in statements(document) if "aws:multifactorauthpresent" in condition_keys(s)]
        expect(not bad, f"{name}: a service never has MFA")
    return "aws:MultiFactorAuthPresent in the auditor's trust; in no service role"


def r105(x):
    """Least privilege, no wildcard except network interfaces"""
    count, broad = 0, set()
    for name in _roles(x):
        for s in x.allowed(name):
            for action in many(s["Action"]):
                count += 1
                expect("*" not in action, f"{name}: {action}")
                # `*`, or an ARN that is of everything behind the account.
                if any(resource == "*" or resource.split(":", 5)[-1].startswith("*") for resource in many(s["Resource"])):
                    broad.add(action)
    expect(count, "no role may do anything")
    needless = broad - INTERFACES - UNBOUNDED
    expect(not needless, f"on everything: {sorted(needless)}")
    return f"{count} actions, none a wildcard; on everything only {len(broad & INTERFACES)} of network interfaces and {len(broad & UNBOUNDED)} which IAM lets be allowed no other way"


def r106(x):
    """Customer-managed policies only"""
    iam, count = x.client("iam"), 0
    for name in _roles(x):
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        expect(not inline, f"{name} has inline policies: {inline}")
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            count += 1
            expect(f"::{ACCOUNT}:policy/" in policy["PolicyArn"], f"{name} has {policy['PolicyArn']}")
    expect(count, "no role has a policy")
    return f"{count} policies of the account's own, none inline"


def r107(x):
    """Confused-deputy guard on all service trusts"""
    guarded = []
    for name, (_, trust) in _service_roles(x).items():
        for statement in statements(trust, "Allow"):
            # Lambda itself assumes the role with no source to go by
            # (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html)
            # unless one names the function.
            expect(condition_keys(statement) & {"aws:sourceaccount", "aws:sourcearn"}, f"{name} can be assumed for any account")
        guarded.append(name)
    expect(guarded, "there is no service role")
    return f"{len(guarded)} roles, each with aws:SourceAccount or aws:SourceArn"


def r108(x):
    """Provisioning principal not locked out"""
    me = x.client("sts").get_caller_identity()["Arn"]
    documents = {f"bucket {b}": x.client("s3").get_bucket_policy(Bucket=b)["Policy"] for b in x.buckets().values()}
    documents |= {f"key {p}": x.client("kms").get_key_policy(KeyId=x.key_arn(p), PolicyName="default")["Policy"] for p in ("data", "environment", "logs")}
    harmless = {"aws:securetransport", "s3:tlsversion", "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"}
    for what, document in documents.items():
        for s in statements(document, "Deny"):
            keys = condition_keys(s)
            # All conditions of a denial must hold: whom one of them spares is not denied.
            spares = [arn for operator, values in s.get("Condition", {}).items() if operator in ("ArnNotLike", "ArnNotEquals", "StringNotLike", "StringNotEquals")
                      for key, value in values.items() if key.lower() == "aws:principalarn" for arn in many(value)]
            expect(keys and (keys <= harmless or me in spares), f"{what}: {s.get('Sid')} may lock out {me}: it spares {spares}")
    return f"{len(documents)} policies; what they deny spares {me}, or is only plain HTTP and wrong encryption"
