"""Across all of it."""

import glob
import json
import os
import re
import subprocess

from frame import REGION, destroyed, equal, eventually, expect, source, tag_map

# Properties that are a name, where the type has one. Not those that name
# something of AWS's, or what is within something that has a name.
NAMES = re.compile(r"^(Name|.*[a-z]Name)$")
TAGLESS = {
    "AWS::ApiGateway::Account", "AWS::ApiGateway::BasePathMapping", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Method", "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::Resource", "AWS::ApiGateway::UsagePlanKey",
    "AWS::Config::DeliveryChannel",
    "AWS::EC2::NetworkAclEntry", "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation", "AWS::KMS::Alias", "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter", "AWS::Logs::ResourcePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy", "AWS::SecretsManager::RotationSchedule", "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
}
OUTPUTS = (
    "api_endpoint", "api_key_id", "bucket_names", "audit_table_name", "dashboard_url", "key_arns", "alert_topic_arn", "alert_subscriptions",
    "vpc_endpoint_ids", "function_names", "role_arns", "session_policy", "web_acl_arn", "vpc_id", "subnet_ids", "api_key_secret_arn",
)


def _names(template):
    """Logical id and property to name, of what has a name of ours."""
    return {
        (id, key): value for id, r in template.items() for key, value in r["Properties"].items()
        if NAMES.match(key) and isinstance(value, str) and key not in ("StageName", "ServiceName", "DestinationBucketName", "MetricName")
        and not (key == "Name" and r["Type"] in ("AWS::ApiGateway::Model", "AWS::ApiGateway::RequestValidator"))
    }


# What AWS names itself: known by its Name tag, or by what it lies in.
NAMELESS = {
    "AWS::ApiGateway::ClientCertificate", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Method", "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::Resource", "AWS::ApiGateway::Stage", "AWS::ApiGateway::UsagePlanKey", "AWS::EC2::FlowLog",
    "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet", "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPC", "AWS::EC2::VPCEndpoint",
    "AWS::KMS::Key", "AWS::SNS::Subscription", "AWS::WAFv2::WebACLAssociation",
}


def r120(x):
    """Names carry the suffix"""
    names = _names(x.template)
    short = {k: v for k, v in names.items() if f"{x.name}-{x.suffix}" not in v and f"{x.name}_{x.suffix}" not in v}
    expect(not short, f"without {x.name}-{x.suffix}: {short}")
    upper = {k: v for k, v in names.items() if v != v.lower()}
    expect(not upper, f"not in lower case: {upper}")
    # In the account: every object that can have a name has one of ours. What has
    # an id instead is found under its name by who lists its kind.
    listed = " ".join(name for names in x.now["things"].values() for name in names)
    listed = set(listed.split()) | set(_named_beside(x))
    bare, named = {}, 0
    for id, r in x.template.items():
        if r["Type"] in NAMELESS:
            continue
        named += 1
        physical, own = x.physical(id), {value for (of, _), value in names.items() if of == id}
        # API Gateway has one log group's name by the API's id.
        by_api = r["Type"] == "AWS::Logs::LogGroup" and x.physical("RestApi") in physical
        if f"{x.name}-{x.suffix}" not in physical and not own & listed and not by_api:
            bare[id] = physical
    expect(not bare, f"no name of ours in the account: {bare}")
    tagged = {r["ResourceId"]: r["Value"] for r in x.pages("ec2", "describe_tags", "Tags") if r["Key"] == "Name"}
    of_ec2 = {id: x.physical(id) for id, r in x.template.items() if r["Type"].startswith("AWS::EC2::") and r["Properties"].get("Tags")}
    bare = {id: tagged.get(physical) for id, physical in of_ec2.items() if f"{x.name}-{x.suffix}" not in tagged.get(physical, "")}
    expect(not bare, f"without a Name tag of ours: {bare}")
    return f"all of {named} objects that can have a name, and the Name tags of {len(of_ec2)} of EC2's"


def _named_beside(x):
    """The names of what is known by an id."""
    api, ec2 = x.client("apigateway"), x.client("ec2")
    for answer in (api.get_rest_apis(), api.get_usage_plans(), api.get_api_keys()):
        yield from (one["name"] for one in answer["items"])
    yield from (group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"])


# Of these there is one name space for all regions.
WORLDWIDE = ("AWS::IAM::", "AWS::S3::", "AWS::CloudWatch::Dashboard")


def r121(x):
    """Parallel deployments do not collide"""
    beside, abroad = x.neighbour("beside"), x.neighbour("abroad")
    for one in (x, beside, abroad):
        made = set(one.state.get("physical_ids") or {})
        # Abroad the account has no role with which API Gateway would write logs.
        wanted = set(one.template) - ({"ApiAccessLogGroup", "ApiExecutionLogGroup"} if one is abroad else set())
        equal((sorted(made - wanted), sorted(wanted - made)), ([], []), f"what there is of {one.pipeline} and should not be, and the other way round,")
        tags = tag_map(one.client("ec2").describe_vpcs(VpcIds=[one.physical("Vpc")])["Vpcs"][0]["Tags"])
        equal(tags.get("tap:pipeline"), one.pipeline, f"whose the VPC of {one.pipeline} is")

    def ids(one, kinds):
        return {one.physical(id): id for id, r in one.template.items() if r["Type"].startswith(kinds)}

    for other, kinds in ((beside, "AWS::"), (abroad, WORLDWIDE)):
        ours, theirs = ids(x, kinds), ids(other, kinds)
        both = {id: ours[id] for id in set(ours) & set(theirs)}
        expect(ours and not both, f"shared with {other.pipeline}: {both}")
    # What is brought to one is its alone.
    for one in (beside, abroad):
        one.upload("r121.txt", b"For one of them.\n")
        seen = eventually(lambda: {row["operation"] for row in one.rows(documentKey="r121.txt")} >= {"validate", "encrypt", "scan"}, f"rows of {one.pipeline}")
        expect(seen and not x.rows(documentKey="r121.txt"), f"a document of {one.pipeline} is in the rows of {x.pipeline}")
    keys = {one["name"]: one["value"] for one in x.client("apigateway").get_api_keys(includeValues=True)["items"]}
    equal(len(set(keys.values())), len(keys), "the number of different API keys")
    return f"{x.pipeline}, {beside.pipeline} and {abroad.pipeline} were applied at the same time; none of {len(ids(x, 'AWS::'))} ids is shared, and a document is seen by its own pipeline alone"


def r122(x):
    """Region"""
    equal((x.state["region"], x.state["id"]), (REGION, f"{x.name}-{x.suffix}@{REGION}"), "region and id")
    abroad = x.neighbour("abroad")
    equal((abroad.state["region"], abroad.state["id"]), (abroad.region, f"{x.name}-{x.suffix}@{abroad.region}"), "the neighbour's region and id")
    for bucket in abroad.buckets().values():
        equal(abroad.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"], abroad.region, f"where {bucket} is")
    zones = {s["AvailabilityZone"] for s in abroad.client("ec2").describe_subnets(SubnetIds=abroad.state["subnet_ids"])["Subnets"]}
    expect(zones and all(zone.startswith(abroad.region) for zone in zones), f"its zones are {zones}")
    # IAM is global; its endpoint service lives in us-east-1 and says so.
    elsewhere = abroad.render()
    equal(elsewhere["IamEndpoint"]["Properties"].pop("ServiceRegion"), "us-east-1", "where IAM's endpoint is looked for")
    named = [id for id, r in elsewhere.items() if "us-east-1" in json.dumps(r)]
    expect(not named, f"in a template for {abroad.region} us-east-1 is named by {named}")
    gov = json.dumps(x.render(region="us-gov-west-1"))
    expect("arn:aws:" not in gov, "a template for GovCloud has ARNs of the standard partition")
    return f"us-east-1 by the provider, {abroad.region} by another; in its template and GovCloud's every ARN is theirs"


# Type to the kind of a snapshot; the rest is within something of these.
SHOWN = {
    "AWS::ApiGateway::ApiKey": "api keys", "AWS::ApiGateway::ClientCertificate": "client certificates", "AWS::ApiGateway::RestApi": "rest apis",
    "AWS::ApiGateway::UsagePlan": "usage plans", "AWS::CloudWatch::Alarm": "alarms", "AWS::CloudWatch::Dashboard": "dashboards",
    "AWS::Config::ConfigRule": "config rules", "AWS::DynamoDB::Table": "tables", "AWS::EC2::FlowLog": "flow logs", "AWS::EC2::NetworkAcl": "network acls",
    "AWS::EC2::RouteTable": "route tables", "AWS::EC2::SecurityGroup": "security groups", "AWS::EC2::Subnet": "subnets", "AWS::EC2::VPC": "vpcs",
    "AWS::EC2::VPCEndpoint": "endpoints", "AWS::Events::Rule": "rules", "AWS::IAM::ManagedPolicy": "policies", "AWS::IAM::Role": "roles",
    "AWS::KMS::Alias": "aliases", "AWS::KMS::Key": "keys", "AWS::Lambda::Function": "functions", "AWS::Logs::LogGroup": "log groups",
    "AWS::Logs::ResourcePolicy": "log policies", "AWS::S3::Bucket": "buckets", "AWS::SNS::Subscription": "subscriptions", "AWS::SNS::Topic": "topics",
    "AWS::SQS::Queue": "queues", "AWS::SSM::Parameter": "parameters", "AWS::SecretsManager::Secret": "secrets", "AWS::WAFv2::WebACL": "web acls",
}
# Types that go with what they are in.
WITHIN = {
    "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Method", "AWS::ApiGateway::Model", "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource", "AWS::ApiGateway::Stage", "AWS::ApiGateway::UsagePlanKey", "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::Lambda::Permission", "AWS::Logs::MetricFilter", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy", "AWS::SecretsManager::RotationSchedule", "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
}


def _sets(things):
    return {kind: None if names is None else set(names) for kind, names in things.items()}


@destroyed
def r123(x):
    """Everything destroyable; nothing left"""
    before, now, after = (_sets(snapshot["things"]) for snapshot in (x.before, x.now, x.after))
    unseen = [kind for kind in before if None in (before[kind], now[kind], after[kind])]
    expect(not unseen, f"nobody could look at: {unseen}")
    # A kind of which there was nothing would show nothing.
    idle = [kind for kind in before if not now[kind] - before[kind]]
    expect(not idle, f"the pipeline had none of: {idle}")
    left = {kind: sorted(after[kind] - before[kind]) for kind in before if after[kind] - before[kind]}
    expect(not left, f"left: {left}")
    gone = {kind: sorted(before[kind] - after[kind]) for kind in before if before[kind] - after[kind]}
    expect(not gone, f"of somebody else's are gone: {gone}")
    unshown = {r["Type"] for r in x.template.values()} - set(SHOWN) - WITHIN
    expect(not unshown, f"no snapshot shows {sorted(unshown)}")
    equal(set(SHOWN.values()), set(before), "the kinds of a snapshot")
    equal(x.unharmed["code"], 0, f"the exit code of the neighbours' plan after the destroy ({x.unharmed['text'][-400:]})")
    made = sum(len(now[kind] - before[kind]) for kind in before)
    return f"{made} things of {len(before)} kinds, the neighbours' among them, are gone; what was there before is there; the neighbours had nothing to mend after the first destroy"


@destroyed
def r124(x):
    """No account-level object changed"""
    for when, singletons in (("while it was up", x.now["singletons"]), ("after the destroy", x.after["singletons"])):
        for name, before in x.before["singletons"].items():
            equal(singletons[name], before, f"{name} {when}")
    asked = [name for name, value in x.before["singletons"].items() if value]
    lacking = set(x.before["singletons"]) - set(asked)
    expect(not lacking, f"the account has none before: {sorted(lacking)}")
    return f"before, with the pipeline and after: {', '.join(asked)}"


def r125(x):
    """Outputs"""
    missing = [name for name in OUTPUTS if not x.state.get(name)]
    expect(not missing, f"empty: {missing}")
    apigateway, functions = x.client("apigateway"), x.functions()
    live = {
        "api_endpoint": f"https://{x.physical('RestApi')}.execute-api.{x.region}.amazonaws.com/{x.physical('ApiStage').split('|')[1]}",
        "api_key_id": next(k["id"] for k in apigateway.get_api_keys()["items"] if k["name"] == x.properties("ApiKey")["Name"]),
        "audit_table_name": x.client("dynamodb").describe_table(TableName=x.named("audit"))["Table"]["TableName"],
        "bucket_names": x.buckets(),
        "function_names": {operation: function["FunctionName"] for operation, function in functions.items()},
        "key_arns": {purpose: x.key_arn(purpose) for purpose in ("data", "environment", "logs")},
    }
    for name, value in live.items():
        equal(x.state[name], value, name)
    roles = {operation: x.state["role_arns"].get(operation) for operation in functions}
    equal(roles, {operation: function["Role"] for operation, function in functions.items()}, "role_arns")
    topics = [topic["TopicArn"] for topic in x.pages("sns", "list_topics", "Topics")]
    expect(x.state["alert_topic_arn"] in topics, f"alert_topic_arn is not among {topics}")
    secret = x.client("secretsmanager").describe_secret(SecretId=x.properties("ApiKeySecret")["Name"])
    equal(x.state["api_key_secret_arn"], secret["ARN"], "api_key_secret_arn")
    return f"{', '.join(OUTPUTS)}: as the account has them"


def _dashboard(x, name):
    # Of no region.
    return x.arn("cloudwatch", f"dashboard/{name}").replace(f":{REGION}:", "::")


def _config_rule(x, name):
    return x.client("config").describe_config_rules(ConfigRuleNames=[name])["ConfigRules"][0]["ConfigRuleArn"]


# What has a list of tags of its own, beside EC2 and the Tagging API.
READERS = {
    "AWS::ApiGateway::ApiKey": lambda x, id: x.client("apigateway").get_api_key(apiKey=id)["tags"],
    "AWS::ApiGateway::ClientCertificate": lambda x, id: x.client("apigateway").get_client_certificate(clientCertificateId=id)["tags"],
    "AWS::ApiGateway::RestApi": lambda x, id: x.client("apigateway").get_rest_api(restApiId=id)["tags"],
    "AWS::ApiGateway::Stage": lambda x, id: x.client("apigateway").get_stage(restApiId=id.split("|")[0], stageName=id.split("|")[1])["tags"],
    "AWS::ApiGateway::UsagePlan": lambda x, id: x.client("apigateway").get_usage_plan(usagePlanId=id)["tags"],
    "AWS::CloudWatch::Alarm": lambda x, id: tag_map(x.client("cloudwatch").list_tags_for_resource(ResourceARN=x.arn("cloudwatch", f"alarm:{id}"))["Tags"]),
    "AWS::CloudWatch::Dashboard": lambda x, id: tag_map(x.client("cloudwatch").list_tags_for_resource(ResourceARN=_dashboard(x, id))["Tags"]),
    "AWS::Config::ConfigRule": lambda x, id: tag_map(x.client("config").list_tags_for_resource(ResourceArn=_config_rule(x, id))["Tags"]),
    "AWS::IAM::ManagedPolicy": lambda x, id: tag_map(x.client("iam").list_policy_tags(PolicyArn=id)["Tags"]),
    "AWS::IAM::Role": lambda x, id: tag_map(x.client("iam").list_role_tags(RoleName=id)["Tags"]),
    "AWS::Logs::LogGroup": lambda x, id: x.client("logs").list_tags_for_resource(resourceArn=x.arn("logs", f"log-group:{id}"))["tags"],
    "AWS::SSM::Parameter": lambda x, id: tag_map(x.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=id)["TagList"]),
    "AWS::SecretsManager::Secret": lambda x, id: tag_map(x.client("secretsmanager").describe_secret(SecretId=id)["Tags"]),
    "AWS::WAFv2::WebACL": lambda x, id: tag_map(x.client("wafv2").list_tags_for_resource(ResourceARN=x.state["web_acl_arn"])["TagInfoForResource"]["TagList"]),
}


def r126(x):
    """All objects tagged owner, pipeline, stack, suffix"""
    wanted = {"owner": "tap", "stack": x.name, "environment-suffix": x.suffix, "tap:pipeline": x.pipeline} | x.settings["tags"]
    by_ec2 = {}
    for tag in x.pages("ec2", "describe_tags", "Tags"):
        by_ec2.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
    found = x.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=[{"Key": "tap:pipeline", "Values": [x.pipeline]}])
    by_arn = {one["ResourceARN"]: tag_map(one["Tags"]) for one in found}
    expect(len(by_arn) > 20, f"the Tagging API knows only {sorted(by_arn)}")

    def tags(type, id):
        if type in READERS:
            return READERS[type](x, id)
        if type.startswith("AWS::EC2::"):
            return by_ec2.get(id, {})
        # By its ARN, or the name at the end of it; a queue's is its URL.
        name = id.split("/")[-1] if type == "AWS::SQS::Queue" else id
        return next((tags for arn, tags in by_arn.items() if arn == id or re.split(r":::|[:/]", arn)[-1] == name), {})

    bad, count = {}, 0
    for id, r in x.template.items():
        if r["Type"] in TAGLESS:
            continue
        count += 1
        live = tags(r["Type"], x.physical(id))
        # CloudFormation has no tags for IAM's policies and Config's rules: theirs are the provider's.
        asked = ("tap:pipeline",) if r["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::Config::ConfigRule") else wanted
        lacking = {key: live.get(key) for key in asked if live.get(key) != wanted[key]}
        if lacking:
            bad[f"{id} ({r['Type']})"] = lacking
    expect(not bad, f"tags of the account that are not as they should be: {bad}")
    return f"{count} objects as the account shows them: {len(by_arn)} by the Tagging API, the others by EC2 and their own services"


def r127(x):
    """Cost: no NAT, on-demand, lifecycle; endpoints in fewer zones"""
    kinds = {r["Type"] for r in x.template.values()}
    expect("AWS::EC2::NatGateway" not in kinds, "there is a NAT gateway")
    table = x.client("dynamodb").describe_table(TableName=x.named("audit"))["Table"]
    equal(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST", "billing")
    for bucket in x.buckets().values():
        rules = x.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        expect(any(r["Status"] == "Enabled" for r in rules), f"{bucket} only grows")

    def places(pipeline):
        """What is paid for by the hour: each interface endpoint in each zone."""
        ec2, vpc = pipeline.client("ec2"), [{"Name": "vpc-id", "Values": [pipeline.physical("Vpc")]}]
        expect(not ec2.describe_nat_gateways(Filters=vpc)["NatGateways"], f"{pipeline.pipeline} has a NAT gateway")
        endpoints = [e for e in ec2.describe_vpc_endpoints(Filters=vpc)["VpcEndpoints"] if e["VpcEndpointType"] == "Interface"]
        return len(endpoints), sum(len(e["SubnetIds"]) for e in endpoints)

    here, abroad = places(x), places(x.neighbour("abroad"))
    equal((here[1], abroad[1]), (3 * here[0], abroad[0]), "the endpoints' interfaces, with three zones and with endpoint_zones = 1,")
    expect("7.30" in source(x, "docs/guides/limits-and-costs.md") and "endpoint_zones" in source(x, "docs/guides/limits-and-costs.md"), "no page says what they cost")
    return f"no NAT, on-demand, lifecycle rules; {here[1]} endpoint interfaces, and {abroad[1]} of the neighbour with endpoint_zones = 1"


RAN = re.compile(r"^test (blueprint::\S+) \.\.\. (\w+)$", re.MULTILINE)


def r128(x):
    """Unit tests for every part of the expansion; acceptance tests with the real Terraform CLI"""
    equal(x.tests["code"], 0, f"the exit code of the unit tests ({x.tests['errors'][-400:]})")
    ran = dict(RAN.findall(x.tests["text"]))
    expect(ran and set(ran.values()) == {"ok"}, f"of the unit tests {[name for name, how in ran.items() if how != 'ok'] or 'none ran'}")
    # A part is a module that expands; the first of them are tested together.
    parts = {}
    for path in glob.glob(f"{x.root}/src/blueprint/**/*.rs", recursive=True):
        part = os.path.relpath(path, f"{x.root}/src/blueprint").split("/")[0].removesuffix(".rs")
        with open(path, encoding="utf-8") as file:
            if part not in ("mod", "tests") and re.search(r"^pub\(super\) fn expand", file.read(), re.MULTILINE):
                parts[part] = [name for name in ran if name.startswith(f"blueprint::{part}::")]
    expect(len(parts) >= 12, f"the expansion has only the parts {sorted(parts)}")
    shared = {name.strip(): body for name, body in re.findall(r"#\[test\]\s+fn (\w+)\(\)(.*?)(?=#\[test\]|\Z)", source(x, "src/blueprint/tests.rs"), re.DOTALL)}
    shared = {name: body for name, body in shared.items() if f"blueprint::tests::{name}" in ran and name != "the_logical_ids_of_the_default_pipeline"}
    for part, logical_id in {"encryption": "EnvironmentKey", "storage": "RawBucketPolicy", "audit": "AuditTable", "alerts": "AlertsTopicPolicy"}.items():
        parts[part] += [name for name, body in shared.items() if logical_id in body]
    untested = sorted(part for part, tests in parts.items() if not tests)
    expect(not untested, f"no test ran of {untested}")
    wrote = x.written["logs"]
    expect("tap_secure_pipeline.documents: Creation complete" in wrote, "this pipeline was not applied by Terraform's CLI")
    command = re.search(r"^(make test)\b", source(x, "README.md"), re.MULTILINE)
    expect(command, "the README does not say how to test")
    told = subprocess.run(["make", "--dry-run", "test"], cwd=x.root, capture_output=True, text=True)
    expect(told.returncode == 0 and "tools/test.py" in told.stdout, f"make test does not test: {told.stdout}{told.stderr}")
    least = min(parts, key=lambda part: len(parts[part]))
    return f"{len(ran)} unit tests of the expansion ran and passed, of each of {len(parts)} parts ({len(parts[least])} of {least}, the fewest); {x.terraform.splitlines()[0]} applied this pipeline"


def r129(x):
    """README and registry docs"""
    expect(x.documented["schema"], "Terraform does not know the provider's schema")
    # The provider's own words, and not the file of which the pages are made.
    folders, count = {"resource_schemas": "resources", "data_source_schemas": "data-sources"}, 0
    for kind, folder in folders.items():
        for name, schema in x.documented["schema"][kind].items():
            path = f"docs/{folder}/{name.removeprefix('tap_')}.md"
            page = source(x, path)
            expect(page.startswith("---\npage_title: "), f"{path} has no front matter, which the registry wants")
            for attribute, described in _described(schema["block"]):
                count += 1
                expect(described, f"{name}.{attribute} has no description")
                expect(f"- `{attribute.split('.')[-1]}` " in page, f"{attribute} is not in {path}")
                expect(" ".join(described.split()) in " ".join(page.split()), f"{path} says something else of {attribute} than the provider: {described}")
    for attribute, described in _described(x.documented["schema"]["provider"]["block"]):
        expect(described and f"`{attribute.split('.')[-1]}`" in source(x, "docs/index.md"), f"docs/index.md does not say what {attribute} is")
    expect('resource "tap_secure_pipeline"' in x.documented["example"], "the page has no example")
    equal(x.documented["validate"]["code"], 0, f"terraform validate of the page's example ({x.documented['validate']['text']})")
    readme = source(x, "README.md")
    links = [link for link in re.findall(r"\]\((?!https:)([^)#]+)", readme) if not os.path.exists(f"{x.root}/{link}")]
    expect(not links, f"the README leads to what is not there: {links}")
    absent = [name for name, a in x.documented["schema"]["resource_schemas"]["tap_secure_pipeline"]["block"]["attributes"].items() if a.get("optional") and f"`{name}`" not in readme]
    expect(not absent, f"the README does not name {absent}")
    return f"README; the registry's pages have all {count} attributes in the provider's words, and the example on the resource's is valid"


def _described(block):
    """All attributes below a block: path and description."""
    for name, attribute in block.get("attributes", {}).items():
        yield name, attribute.get("description")
        yield from ((f"{name}.{inner}", text) for inner, text in _described(attribute.get("nested_type", {})))
    for name, inner in block.get("block_types", {}).items():
        yield from ((f"{name}.{path}", text) for path, text in _described(inner["block"]))


def r130(x):
    """Continuous compliance check and report"""
    config = x.client("config")
    names = [x.properties(id)["ConfigRuleName"] for id in ("EncryptionConfigRule", "AccessConfigRule")]
    for rule in config.describe_config_rules(ConfigRuleNames=names)["ConfigRules"]:
        equal(rule["ConfigRuleState"], "ACTIVE", f"the state of {rule['ConfigRuleName']}")
        asked = {d["MessageType"] for d in rule["Source"]["SourceDetails"]}
        expect("ConfigurationItemChangeNotification" in asked, f"{rule['ConfigRuleName']} is asked on {sorted(asked)}")
    sound = report(x)
    expect(not sound["Fail"], f"the report fails {sorted(sound['Fail'])}")
    kms, key = x.client("kms"), x.physical("DataKey")
    kms.disable_key_rotation(KeyId=key)
    broken = report(x)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=x.properties("DataKey")["RotationPeriodInDays"])
    equal(sorted(broken["Fail"]), [("keys_rotate", "DataKey")], "what the report fails without rotation of the data key")
    again = report(x)
    equal(again["Fail"], sound["Fail"], "what it fails after that is mended")
    counts = ", ".join(f"{len(found)} {status.lower()}" for status, found in sorted(sound.items()))
    return f"{' and '.join(names)} are asked on every change; tap_compliance_report and its command find {counts}, and a key that does not rotate"


def report(x):
    """What the command says of the live pipeline: status -> (check, logical id)."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {"AWS_ENDPOINT_URL": x.endpoint}
    done = subprocess.run([x.provider, "report", "--ocsf", x.pipeline], env=environment, capture_output=True, text=True)
    expect(done.returncode in (0, 3), f"no report: {done.stderr.strip()}")
    found = {status: set() for status in ("Pass", "Fail", "Warning")}
    for finding in json.loads(done.stdout):
        found[finding["compliance"]["status"]].add((finding["compliance"]["control"], finding["resources"][0]["name"]))
    equal(done.returncode, 3 if found["Fail"] else 0, "the exit code of the report")
    return found
