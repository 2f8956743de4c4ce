# Roles and the policies that the pipeline makes for them. IAM is of no region:
# what a pipeline has made counts where the pipeline is, all else everywhere.

iam = Late("iam")


def counts_here(tags):
    return tag_map(tags).get("tap:pipeline", region).endswith(region)


@kind("roles")
def roles():
    """Without those that AWS makes for its services, and the one that the account has for API Gateway's logs."""
    names = {r["RoleName"] for r in listed("iam", "list_roles", "Roles") if not r["Path"].startswith("/aws-service-role/")}
    names -= {"api-gateway-logs"}
    return {name for name in names if counts_here(iam.list_role_tags(RoleName=name)["Tags"])}


@kind("policies")
def policies():
    arns = {p["Arn"] for p in listed("iam", "list_policies", "Policies", Scope="Local")}
    return {arn for arn in arns if counts_here(iam.list_policy_tags(PolicyArn=arn)["Tags"])}


def policy_arn(name):
    return f"arn:aws:iam::{account}:policy/{name}"


@identify("AWS::IAM::Role")
def identify_role(x, id, p):
    return {"Ref": p["RoleName"], "Arn": f"arn:aws:iam::{account}:role/{p['RoleName']}"}


@identify("AWS::IAM::ManagedPolicy")
def identify_policy(x, id, p):
    return {"Ref": policy_arn(p["ManagedPolicyName"])}


def all_attached(role):
    return sorted(p["PolicyArn"] for p in listed("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role))


def attached(role):
    """The policies that the role names; those that name the role say so in a tag. AWS' own carry none."""
    of_aws = lambda arn: arn.split(":")[4] == "aws"
    names_it = lambda arn: not of_aws(arn) and role in tag_map(iam.list_policy_tags(PolicyArn=arn)["Tags"]).get("tap:roles", "").split()
    return [arn for arn in all_attached(role) if not names_it(arn)]


def roles_of_policy(arn):
    return sorted(role["RoleName"] for role in listed("iam", "list_entities_for_policy", "PolicyRoles", PolicyArn=arn, EntityFilter="Role"))


def default_version(arn):
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


@compare("AWS::IAM::Role")
def compare_role(x, id, p):
    name = p["RoleName"]
    x.saw("roles", name)
    role = iam.get_role(RoleName=name)["Role"]
    # An hour is what AWS takes where nothing is said.
    said = {"MaxSessionDuration": 3600} | p
    differ_by_property(
        id, said | {"AssumeRolePolicyDocument": policy(p["AssumeRolePolicyDocument"]), "ManagedPolicyArns": sorted(p.get("ManagedPolicyArns", []))},
        {"AssumeRolePolicyDocument": policy(role["AssumeRolePolicyDocument"]), "Description": role.get("Description"),
         "ManagedPolicyArns": attached(name), "MaxSessionDuration": role["MaxSessionDuration"],
         "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"), "RoleName": role["RoleName"]})
    differ(f"{id}: inline policies", [], inline_policies_of(name))
    x.tags(id, p, tag_map(role["Tags"]))


# CloudFormation gives managed policies no tags: they carry ours alone.
@compare("AWS::IAM::ManagedPolicy")
def compare_managed_policy(x, id, p):
    arn = x.names[id]["Ref"]
    x.saw("policies", arn)
    live = iam.get_policy(PolicyArn=arn)["Policy"]
    roles, tags = {}, []
    if "Roles" in p:
        roles = {"Roles": roles_of_policy(arn)}
        tags = [{"Key": "tap:roles", "Value": " ".join(p["Roles"])}]
    differ_by_property(id, p | {"PolicyDocument": policy(p["PolicyDocument"])}, {
        "Description": live.get("Description"), "ManagedPolicyName": live["PolicyName"], "PolicyDocument": policy(default_version(arn))} | roles)
    x.tags(id, {"Tags": tags}, tag_map(iam.list_policy_tags(PolicyArn=arn)["Tags"]))


def role(id):
    return iam.get_role(RoleName=physical(id))["Role"]


def role_tags(id):
    return tag_map(role(id)["Tags"])


def put_role_tags(id, tags):
    iam.tag_role(RoleName=physical(id), Tags=listed_tags(tags))


def trust_everybody(id):
    trust = role(id)["AssumeRolePolicyDocument"]
    trust["Statement"].append({"Sid": "Stranger", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"})
    iam.update_assume_role_policy(RoleName=physical(id), PolicyDocument=json.dumps(trust))


def detach(id):
    for arn in attached(physical(id)):
        iam.detach_role_policy(RoleName=physical(id), PolicyArn=arn)


INLINE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

TAG["AWS::IAM::Role"] = (put_role_tags, role_tags)
CHANGES["AWS::IAM::Role"] = [
    ([f"AssumeRolePolicyDocument.Statement[+Stranger: Allow sts:AssumeRole to arn:aws:iam::{account}:root]"], trust_everybody, lambda id: policy(role(id)["AssumeRolePolicyDocument"])),
    (["Description"], lambda id: iam.update_role(RoleName=physical(id), Description="other", MaxSessionDuration=role(id)["MaxSessionDuration"]),
     lambda id: role(id).get("Description")),
    (["MaxSessionDuration"], lambda id: iam.update_role(RoleName=physical(id), Description=role(id)["Description"], MaxSessionDuration=7200),
     lambda id: role(id)["MaxSessionDuration"]),
    # A role that AWS' services act as has no boundary, and one may name no policy.
    (lambda id: ["PermissionsBoundary"] if "PermissionsBoundary" in role(id) else [],
     lambda id: iam.delete_role_permissions_boundary(RoleName=physical(id)), lambda id: role(id).get("PermissionsBoundary")),
    (lambda id: ["ManagedPolicyArns"] if attached(physical(id)) else [], detach, lambda id: attached(physical(id))),
    (["ManagedPolicyArns"], lambda id: iam.attach_role_policy(RoleName=physical(id), PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
     lambda id: attached(physical(id))),
    (["InlinePolicies"], lambda id: iam.put_role_policy(RoleName=physical(id), PolicyName="a-strangers", PolicyDocument=json.dumps(INLINE)),
     lambda id: inline_policies_of(physical(id))),
    *tag_changes(put_role_tags, lambda id, key: iam.untag_role(RoleName=physical(id), TagKeys=[key]), role_tags),
]


def policy_document(id):
    return policy(default_version(physical(id)))


def put_version(change):
    def put(id):
        document = change(default_version(physical(id)))
        iam.create_policy_version(PolicyArn=physical(id), PolicyDocument=json.dumps(document), SetAsDefault=True)
    return put


def everything_allowed(document):
    document["Statement"].append({"Sid": "Stranger", "Effect": "Allow", "Action": "*", "Resource": "*"})
    return document


def put_policy_tags(id, tags):
    iam.tag_policy(PolicyArn=physical(id), Tags=listed_tags(tags))


def policy_tags(id):
    return tag_map(iam.list_policy_tags(PolicyArn=physical(id))["Tags"])


def detach_from_roles(id):
    for name in roles_of_policy(physical(id)):
        iam.detach_role_policy(RoleName=name, PolicyArn=physical(id))


TAG["AWS::IAM::ManagedPolicy"] = (put_policy_tags, policy_tags)
CHANGES["AWS::IAM::ManagedPolicy"] = [
    ([statement_path("+Stranger: Allow * on *")], put_version(everything_allowed), policy_document),
    # A policy says something: AWS takes none without a statement.
    (lambda id: [path_without_the_last(default_version(physical(id)))] if len(default_version(physical(id))["Statement"]) > 1 else [],
     put_version(without_the_last), policy_document),
    (lambda id: ["Roles"] if "tap:roles" in policy_tags(id) else [], detach_from_roles, lambda id: roles_of_policy(physical(id))),
]


def inline_policies_of(name):
    return listed("iam", "list_role_policies", "PolicyNames", RoleName=name)


@deletes("AWS::IAM::Role")
def delete_role(name):
    for arn in all_attached(name):
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    for inline in inline_policies_of(name):
        iam.delete_role_policy(RoleName=name, PolicyName=inline)
    iam.delete_role(RoleName=name)


@deletes("AWS::IAM::ManagedPolicy")
def delete_policy(arn):
    for having in listed("iam", "list_entities_for_policy", "PolicyRoles", PolicyArn=arn):
        iam.detach_role_policy(RoleName=having["RoleName"], PolicyArn=arn)
    for version in listed("iam", "list_policy_versions", "Versions", PolicyArn=arn):
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=arn)
