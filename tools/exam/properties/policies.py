"""Rules about who may do what."""

import fnmatch
import json

from .frame import many, required, rule, statements


def everyone(statement):
    principal = statement.get("Principal")
    named = principal.values() if isinstance(principal, dict) else [principal]
    return any("*" in many(one) for one in named) or "NotPrincipal" in statement


def condition_keys(statement):
    return {key.lower() for operator in (statement.get("Condition") or {}).values() for key in operator}


def only_services(resource):
    """A policy that lets in nobody but services of AWS, each for something of
    ours: no account, no user, and not everybody."""
    wrong = []
    for one in statements(resource.at("PolicyDocument"), "Allow"):
        principal = one.get("Principal")
        named = isinstance(principal, dict) and set(principal) == {"Service"} and not everyone(one)
        wrong += required(named, f"{one.get('Sid')} lets in {principal}")
        bound = condition_keys(one) & {"aws:sourceaccount", "aws:sourcearn"}
        wrong += required(bound, f"{one.get('Sid')} does not say for whom the service acts")
    return wrong


@rule("AWS::S3::BucketPolicy")
def bucket_policies_admit_only_services(policy):
    return only_services(policy)


@rule("AWS::SNS::TopicPolicy")
def topic_policies_admit_only_services(policy):
    return only_services(policy)


@rule("AWS::SQS::QueuePolicy")
def queue_policies_admit_only_services(policy):
    return only_services(policy)


@rule("AWS::S3::BucketPolicy")
def bucket_policies_lock_nobody_out(policy):
    """Of the policy itself, for good: what only the root user could undo."""
    wrong = []
    for one in statements(policy.at("PolicyDocument"), "Deny"):
        actions = [pattern for pattern in many(one.get("Action")) if matches(pattern, "s3:PutBucketPolicy")]
        always = everyone(one) and not one.get("Condition")
        wrong += required(not (always and (actions or "NotAction" in one)), f"{one.get('Sid')} denies {actions} to all")
    return wrong


def matches(pattern, action):
    return fnmatch.fnmatchcase(action.lower(), str(pattern).lower().replace("[", "[[]"))


PRINCIPALS = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")
INLINE = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy")
POLICIES = ("AWS::IAM::ManagedPolicy", *INLINE, *PRINCIPALS)


def allowed(resource):
    """The statements that allow something to whoever has the policy, or None
    where there is no policy: a role may have none in itself."""
    inline = [one.get("PolicyDocument") for one in many(resource.at("Policies"))]
    documents = [one for one in [resource.at("PolicyDocument"), *inline] if one]
    return [one for document in documents for one in statements(document, "Allow")] if documents else None


@rule(*POLICIES)
def policies_grant_no_whole_service(policy):
    """Nor everything, and on no resource."""
    if allowed(policy) is None:
        return None
    wrong = []
    for one in allowed(policy):
        whole = [action for action in many(one.get("Action")) if action == "*" or str(action).endswith(":*")]
        wrong += required(not whole and "NotAction" not in one, f"{one.get('Sid')} allows {whole or 'all but some'}")
    return wrong


# Of what the pipeline's policies allow on `*`, the actions that AWS knows no
# resource for (the service authorization reference of each service).
WITHOUT_RESOURCE = (
    "config:GetResourceConfigHistory",
    "config:PutEvaluations",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "secretsmanager:GetRandomPassword",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


@rule(*POLICIES)
def policies_name_resources(policy):
    if allowed(policy) is None:
        return None
    wrong = []
    for one in allowed(policy):
        if "*" in many(one.get("Resource")) or "NotResource" in one:
            broad = [action for action in many(one.get("Action")) or ["all but some"] if action not in WITHOUT_RESOURCE]
            wrong += required(not broad, f"{one.get('Sid')} allows {', '.join(map(str, broad))} on everything")
    return wrong


@rule(*POLICIES)
def policies_decrypt_with_named_keys(policy):
    if allowed(policy) is None:
        return None
    wrong = []
    for one in allowed(policy):
        decrypting = [
            action for action in many(one.get("Action"))
            if matches(action, "kms:Decrypt") or matches(action, "kms:ReEncryptFrom")
        ]
        keys = many(one.get("Resource"))
        all_keys = "NotResource" in one or any(isinstance(key, str) and key.endswith("*") for key in keys)
        wrong += required(not (all_keys and (decrypting or "NotAction" in one)), f"{one.get('Sid')}: {decrypting} with any key")
    return wrong


@rule(*PRINCIPALS)
def principals_lack_sweeping_policies(principal):
    """Of AWS's own."""
    arns = [json.dumps(one) for one in many(principal.at("ManagedPolicyArns"))]
    sweeping = [arn for arn in arns for name in ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess") if name in arn]
    return required(not sweeping, f"it has {', '.join(sweeping)}")
