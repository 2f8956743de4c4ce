"""Compliance rules (AWS Config)."""

from frame import equal, expect, template_only

# Two of the pipeline's own, one of the user's.
RULES = ("EncryptionConfigRule", "AccessConfigRule", "DataEncryptedPolicyRule")


def _rule(x, id):
    name = x.properties(id)["ConfigRuleName"]
    return x.client("config").describe_config_rules(ConfigRuleNames=[name])["ConfigRules"][0]


def _custom(x, id, check):
    rule = _rule(x, id)
    equal(rule["Source"]["Owner"], "CUSTOM_LAMBDA", f"who answers {id}")
    equal(rule["Source"]["SourceIdentifier"], x.function("evaluate")["FunctionArn"], "which function")
    expect(check in rule.get("InputParameters", ""), f"it asks {rule.get('InputParameters')}")
    return f"{rule['ConfigRuleName']}: CUSTOM_LAMBDA, {rule['InputParameters']}"


def _policy(x, id, name):
    """A rule of the user's own, which Config answers itself."""
    rule = _rule(x, id)
    source, config = rule["Source"], x.client("config")
    equal(source["Owner"], "CUSTOM_POLICY", f"who answers {id}")
    equal(source["CustomPolicyDetails"]["PolicyRuntime"], "guard-2.x.x", "what reads it")
    heard = {detail["MessageType"] for detail in source["SourceDetails"]}
    equal(heard, {"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}, "when it is asked")
    text = config.get_custom_rule_policy(ConfigRuleName=rule["ConfigRuleName"])["PolicyText"]
    equal(text, x.settings["compliance"]["custom_policies"][name], "the policy")
    return f"{rule['ConfigRuleName']}: CUSTOM_POLICY of {len(text)} characters"


def r109(x):
    """Custom rules validate encryption"""
    return f"{_custom(x, 'EncryptionConfigRule', 'encryption')}; {_policy(x, 'DataEncryptedPolicyRule', 'data-encrypted')}"


def r110(x):
    """Custom rules validate access policies"""
    return _custom(x, "AccessConfigRule", "access")


def r111(x):
    """Recorder and delivery channel are the account's; made only when told to"""
    for kind in ("recorders", "delivery channels"):
        expect(x.before["singletons"][kind], f"the account has no {kind} to begin with")
        equal(x.now["singletons"][kind], x.before["singletons"][kind], f"the {kind}")
    managed = {r["Type"] for r in x.render(compliance={"recorder": "managed"}).values()}
    wanted = {"AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel"}
    expect(wanted <= managed, f"managed lacks {wanted - managed}")
    expect(not wanted & {r["Type"] for r in x.template.values()}, "they are made although they exist")
    return "DescribeConfigurationRecorders is as before; recorder = managed makes both"


@template_only
def r112(x):
    """Recorder role uses service-role/AWS_ConfigRole"""
    template = x.render(compliance={"recorder": "managed"})
    (recorder,) = [r["Properties"] for r in template.values() if r["Type"] == "AWS::Config::ConfigurationRecorder"]
    attached = [arn for r in template.values() if r["Type"] == "AWS::IAM::Role" for arn in r["Properties"].get("ManagedPolicyArns", []) if isinstance(arn, str)]
    linked = "aws-service-role/config.amazonaws.com" in str(recorder["RoleARN"])
    expect(linked or any("service-role/AWS_ConfigRole" in arn for arn in attached), f"its role is {recorder['RoleARN']}")
    return "the service-linked role" if linked else "service-role/AWS_ConfigRole, in managed mode only"


def r113(x):
    """Non-compliance auto-remediated, of the pipeline's own resources"""
    rule = x.rules()["ComplianceRule"]
    equal(rule["Pattern"]["detail-type"], ["Config Rules Compliance Change"], "its detail type")
    names = {x.properties(id)["ConfigRuleName"] for id in RULES}
    equal(set(rule["Pattern"]["detail"]["configRuleName"]), names, "the rules that it hears of")
    expect(x.function("remediate")["FunctionArn"] in [t["Arn"] for t in rule["Targets"]], "nobody remediates")
    equal(x.function("remediate")["Environment"]["Variables"].get("TAP_REMEDIATION_SCOPE", "pipeline"), "pipeline", "what is remediated")
    return f"{', '.join(sorted(names))} -> {x.named('remediate')}, scope pipeline"


def r114(x):
    """Compliance change goes to SNS"""
    rule = x.rules()["ComplianceRule"]
    topic = x.topic_arn() in [t["Arn"] for t in rule["Targets"]]
    expect(topic, f"the topic is no target: {rule['Targets']}")
    return "a target of the rule"


def r115(x):
    """Rules scoped to pipeline resources, by tag"""
    for id in RULES:
        scope = _rule(x, id).get("Scope", {})
        equal((scope.get("TagKey"), scope.get("TagValue")), ("tap:pipeline", x.pipeline), f"the scope of {id}")
    return f"tap:pipeline = {x.pipeline}"
