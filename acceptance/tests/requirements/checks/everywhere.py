"""Across all of it."""

import glob
import json
import re

from frame import ACCOUNT, REGION, destroyed, equal, expect, source, tag_map, template_only

# Properties that are a name, where the type has one. Not those that name
# something of AWS's, or what is within something that has a name.
NAMES = re.compile(r"^(Name|.*[a-z]Name)$")
TAGLESS = {
    "AWS::ApiGateway::Account", "AWS::ApiGateway::BasePathMapping", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Method", "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::Resource", "AWS::ApiGateway::UsagePlanKey", "AWS::ApiGateway::GatewayResponse",
    "AWS::CloudWatch::Dashboard", "AWS::Config::ConfigRule", "AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel",
    "AWS::EC2::NetworkAclEntry", "AWS::EC2::Route", "AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation", "AWS::KMS::Alias", "AWS::Lambda::Permission", "AWS::Logs::LogStream",
    "AWS::Logs::MetricFilter", "AWS::Logs::ResourcePolicy", "AWS::Lambda::EventInvokeConfig", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy", "AWS::SecretsManager::ResourcePolicy", "AWS::SecretsManager::RotationSchedule", "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACLAssociation",
}
# IAM tags them, CloudFormation cannot: the tags are the provider's.
TAGGED_ALONE = ("AWS::IAM::ManagedPolicy",)
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


def r120(x):
    """Names carry the suffix"""
    names = _names(x.template)
    short = {k: v for k, v in names.items() if f"{x.name}-{x.suffix}" not in v and f"{x.name}_{x.suffix}" not in v}
    expect(not short, f"without {x.name}-{x.suffix}: {short}")
    upper = {k: v for k, v in names.items() if v != v.lower()}
    expect(not upper, f"not in lower case: {upper}")
    return f"{len(names)} names, all of them, of {len(x.template)} resources"


@template_only
def r121(x):
    """Parallel deployments do not collide"""
    ours = set(_names(x.template).values())
    for other in ({"name": "papers"}, {"environment_suffix": "prod"}):
        theirs = set(_names(x.render(**other)).values())
        expect(not ours & theirs, f"both have {sorted(ours & theirs)}")
    return f"{len(ours)} names, none shared with a pipeline of another name or suffix"


def r122(x):
    """Region"""
    equal((x.state["region"], x.state["id"]), (REGION, f"{x.name}-{x.suffix}@{REGION}"), "region and id")
    elsewhere = x.render(region="eu-central-1")
    # IAM is global; its endpoint service lives in us-east-1 and says so.
    expect(elsewhere["IamEndpoint"]["Properties"].pop("ServiceRegion") == "us-east-1", "IAM's endpoint is looked for elsewhere")
    named = [id for id, r in elsewhere.items() if "us-east-1" in json.dumps(r)]
    expect(not named, f"in a template for eu-central-1 us-east-1 is named by {named}")
    gov = json.dumps(x.render(region="us-gov-west-1"))
    expect("arn:aws:" not in gov, "a template for GovCloud has ARNs of the standard partition")
    return "us-east-1 by the provider; other regions and partitions reach every ARN"


@destroyed
def r123(x):
    """Everything destroyable; nothing left"""
    unseen = [kind for kind, names in x.before["things"].items() if names is None or x.after["things"][kind] is None]
    expect(not unseen, f"nobody could look at: {unseen}")
    left = {
        kind: sorted(set(x.after["things"][kind] or ()) - set(before or ()))
        for kind, before in x.before["things"].items()
    }
    left = {kind: names for kind, names in left.items() if names}
    expect(not left, f"left: {left}")
    gone = {kind for kind, before in x.before["things"].items() if set(before or ()) - set(x.after["things"][kind] or ())}
    expect(not gone, f"of somebody else's are gone: {gone}")
    kinds = [k for k, v in x.after["things"].items() if v is not None]
    return f"{len(kinds)} kinds of things are as they were before the apply"


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
    return ", ".join(OUTPUTS)


def r126(x):
    """All objects tagged owner, pipeline, stack, suffix"""
    def bare(tags):
        wanted = {"owner": "tap", "stack": x.name, "environment-suffix": x.suffix}
        return {k: tags.get(k) for k, v in wanted.items() if tags.get(k) != v}

    untagged = {}
    for id, r in x.template.items():
        if r["Type"] in TAGLESS or r["Type"] in TAGGED_ALONE:
            continue
        tags = r["Properties"].get("Tags") or r["Properties"].get("RepositoryTags") or []
        flat = tags if isinstance(tags, dict) else {t["Key"]: t["Value"] for t in tags}
        if bare(flat):
            untagged[id] = r["Type"]
    expect(not untagged, f"without tags: {untagged}")
    live = {
        "function": x.client("lambda").list_tags(Resource=x.function("validate")["FunctionArn"])["Tags"],
        "role": {t["Key"]: t["Value"] for t in x.client("iam").list_role_tags(RoleName=x.role_of("validate"))["Tags"]},
        "vpc": {t["Key"]: t["Value"] for t in x.client("ec2").describe_vpcs(VpcIds=[x.physical("Vpc")])["Vpcs"][0]["Tags"]},
        "table": {t["Key"]: t["Value"] for t in x.client("dynamodb").list_tags_of_resource(ResourceArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{x.named('audit')}")["Tags"]},
    }
    for id in x.of_type("AWS::IAM::ManagedPolicy"):
        tags = tag_map(x.client("iam").list_policy_tags(PolicyArn=x.physical(id))["Tags"])
        expect(tags.get("tap:pipeline") == x.pipeline, f"{id} has {tags}")
    for what, tags in live.items():
        expect(not bare(tags) and tags.get("tap:pipeline") == x.pipeline, f"the {what} has {tags}")
    tagged = sum(r["Type"] not in TAGLESS for r in x.template.values())
    return f"{tagged} resources; read back from {', '.join(live)}"


@template_only
def r127(x):
    """Cost: no NAT, on-demand, lifecycle; endpoints in fewer zones"""
    kinds = {r["Type"] for r in x.template.values()}
    expect("AWS::EC2::NatGateway" not in kinds, "there is a NAT gateway")
    equal(x.properties("AuditTable")["BillingMode"], "PAY_PER_REQUEST", "billing")

    def places(template):
        return sum(len(r["Properties"]["SubnetIds"]) for r in template.values() if r["Properties"].get("VpcEndpointType") == "Interface")

    all_zones, one_zone = places(x.template), places(x.render(network={"endpoint_zones": 1}))
    expect(0 < one_zone * 3 == all_zones, f"{all_zones} endpoint interfaces, {one_zone} with endpoint_zones = 1")
    return f"no NAT, on-demand, lifecycle rules (R015); endpoint_zones = 1 takes {one_zone} interfaces instead of {all_zones}"


@template_only
def r128(x):
    """Unit tests for every part of the expansion; acceptance tests with the real Terraform CLI"""
    areas = ("encryption", "storage", "network", "functions", "api", "firewall", "audit", "monitoring", "threats", "secrets", "access", "compliance", "alerts")
    text = "".join(open(f).read() for f in glob.glob(f"{x.root}/src/blueprint/**/*.rs", recursive=True))
    expect(text.count("#[test]") > len(areas), "hardly any test")
    rows = set(re.findall(r"R\d{3}", text))
    shared = source(x, "src/blueprint/tests.rs")
    # The first four areas are tested there, and not beside themselves.
    first = {"encryption": "EnvironmentKey", "storage": "RawBucketPolicy", "audit": "AuditTable", "alerts": "AlertsTopicPolicy"}

    def tested(area):
        own = glob.glob(f"{x.root}/src/blueprint/{area}.rs") + glob.glob(f"{x.root}/src/blueprint/{area}/**/*.rs", recursive=True)
        said = "".join(open(f).read() for f in own)
        named = shared.split("the_logical_ids_of_the_default_pipeline")[-1].split("];", 1)[-1]
        return "#[test]" in said or area in first and first[area] in named

    without = [a for a in areas if not tested(a)]
    expect(not without, f"no test in {without}")
    expect("make test" in source(x, "README.md"), "the README does not say how to test")
    return f"{text.count('#[test]')} tests of the expansion, naming {len(rows)} rows; this table is one of the acceptance tests"


@template_only
def r129(x):
    """README and registry docs"""
    schema = json.loads(source(x, "schemas/provider.json"))["resource_schemas"]["tap_secure_pipeline"]["block"]
    bare = [name for name, a in schema["attributes"].items() if not a.get("description")]
    expect(not bare, f"attributes without a description: {bare}")
    nested = [f"{n}.{m}" for n, a in schema["attributes"].items() for m, b in a.get("nested_type", {}).get("attributes", {}).items() if not b.get("description")]
    expect(not nested, f"attributes without a description: {nested}")
    pages = glob.glob(f"{x.root}/docs/**/*.md", recursive=True)
    page = source(x, "docs/resources/secure_pipeline.md")
    absent = [name for name in schema["attributes"] if f"`{name}`" not in page]
    expect(not absent, f"not on the resource's page: {absent}")
    for path in ("README.md", "examples/provider/provider.tf", "examples/resources/tap_secure_pipeline/resource.tf"):
        expect(source(x, path).strip(), f"{path} is empty")
    return f"README; {len(pages)} pages for the registry, with all {len(schema['attributes'])} attributes and what is below"


def r130(x):
    """Continuous compliance check and report"""
    config = x.client("config")
    names = [x.properties(id)["ConfigRuleName"] for id in ("EncryptionConfigRule", "AccessConfigRule")]
    for rule in config.describe_config_rules(ConfigRuleNames=names)["ConfigRules"]:
        equal(rule["ConfigRuleState"], "ACTIVE", f"the state of {rule['ConfigRuleName']}")
        asked = {d["MessageType"] for d in rule["Source"]["SourceDetails"]}
        expect("ConfigurationItemChangeNotification" in asked, f"{rule['ConfigRuleName']} is asked on {sorted(asked)}")
    schema = json.loads(source(x, "schemas/provider.json"))["data_source_schemas"]
    expect("json" in schema["tap_secure_pipeline_template"]["block"]["attributes"], "the template cannot be exported")
    expect("tap_compliance_report" in schema, f"{' and '.join(names)} are asked on every change, and the template is exported; the report by data source is not built")
    return f"{' and '.join(names)} are asked on every change; the template is exported; data source tap_compliance_report"
