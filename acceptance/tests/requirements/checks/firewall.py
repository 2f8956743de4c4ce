"""Firewall (WAFv2)."""

from frame import NotMet, equal, expect


def _acl(x):
    name, id, scope = x.physical("WebAcl").split("|")
    return x.client("wafv2").get_web_acl(Name=name, Id=id, Scope=scope)["WebACL"]


def _group(x, name):
    """The rule that uses a managed rule group of AWS, which must block."""
    for rule in _acl(x)["Rules"]:
        managed = rule["Statement"].get("ManagedRuleGroupStatement")
        if managed and managed["Name"] == name:
            expect("None" in rule["OverrideAction"], f"{name} only counts")
            return managed
    raise NotMet(f"{name} is not among the rules")


def r064(x):
    """Regional web ACL associated with the stage"""
    stage = x.physical("ApiStage").split("|")[-1]
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{x.physical('RestApi')}/stages/{stage}"
    found = x.client("wafv2").get_web_acl_for_resource(ResourceArn=arn).get("WebACL")
    expect(found, f"no web ACL for {arn}")
    equal(found["ARN"], _acl(x)["ARN"], "the stage's web ACL")
    equal(x.state["web_acl_arn"], found["ARN"], "web_acl_arn")
    return found["ARN"]


def r065(x):
    """Blocks SQL injection"""
    _group(x, "AWSManagedRulesSQLiRuleSet")
    return "AWSManagedRulesSQLiRuleSet"


def r066(x):
    """Blocks cross-site scripting"""
    group = _group(x, "AWSManagedRulesCommonRuleSet")
    counted = {o["Name"] for o in group.get("RuleActionOverrides", []) if "Count" in o["ActionToUse"]}
    counted |= {o["Name"] for o in group.get("ExcludedRules", [])}
    expect(not [name for name in counted if name.startswith("CrossSiteScripting")], f"only counted: {counted}")
    equal(counted, {"SizeRestrictions_BODY"}, "what is only counted, since documents are larger")
    return "AWSManagedRulesCommonRuleSet; SizeRestrictions_BODY counts"


def r067(x):
    """Known bad inputs, Log4j"""
    _group(x, "AWSManagedRulesKnownBadInputsRuleSet")
    return "AWSManagedRulesKnownBadInputsRuleSet"


def r068(x):
    """Metrics, sampled requests, logging to aws-waf-logs-* with header redaction"""
    acl = _acl(x)
    for one in [acl, *acl["Rules"]]:
        visible = one["VisibilityConfig"]
        expect(visible["SampledRequestsEnabled"] and visible["CloudWatchMetricsEnabled"], f"{one['Name']} is not visible")
    logging = x.client("wafv2").get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    expect(":log-group:aws-waf-logs-" in logging["LogDestinationConfigs"][0], logging["LogDestinationConfigs"][0])
    hidden = {field["SingleHeader"]["Name"].lower() for field in logging.get("RedactedFields", []) if "SingleHeader" in field}
    expect({"authorization", "x-api-key"} <= hidden, f"redacted: {sorted(hidden)}")
    return f"{logging['LogDestinationConfigs'][0]}, without {', '.join(sorted(hidden))}"


def r069(x):
    """Rate-based rule"""
    rules = [r for r in _acl(x)["Rules"] if "RateBasedStatement" in r["Statement"]]
    equal(len(rules), 1, "the number of rate-based rules")
    rate = rules[0]["Statement"]["RateBasedStatement"]
    equal((rate["Limit"], rate["AggregateKeyType"]), (2000, "IP"), "its limit")
    expect("Block" in rules[0]["Action"], f"it does {rules[0]['Action']}")
    return "2000 requests in five minutes from one address"
