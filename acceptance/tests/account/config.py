# Config rules. The recorder is the account's.

aws_config = Late("config")


@kind("Config rules")
def config_rules():
    return {rule["ConfigRuleName"] for rule in listed("config", "describe_config_rules", "ConfigRules")}


def config_rule(name):
    return aws_config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"][0]


def config_rule_tags_of(name):
    return tag_map(aws_config.list_tags_for_resource(ResourceArn=config_rule(name)["ConfigRuleArn"])["Tags"])


@identify("AWS::Config::ConfigRule")
def identify_config_rule(x, id, p):
    return {"Ref": p["ConfigRuleName"]}


@compare("AWS::Config::ConfigRule")
def compare_config_rule(x, id, p):
    x.saw("Config rules", p["ConfigRuleName"])
    rule = config_rule(p["ConfigRuleName"])
    # What describes a rule is without the text of its policy.
    if rule["Source"]["Owner"] == "CUSTOM_POLICY":
        text = aws_config.get_custom_rule_policy(ConfigRuleName=p["ConfigRuleName"])["PolicyText"]
        rule["Source"]["CustomPolicyDetails"]["PolicyText"] = text
    by_message = lambda source: source | {"SourceDetails": sorted(source.get("SourceDetails", []), key=lambda detail: detail["MessageType"])}
    same(id, p | {"Source": by_message(p["Source"])}, {
        "ConfigRuleName": rule["ConfigRuleName"],
        "Description": rule["Description"],
        "InputParameters": json.loads(rule["InputParameters"]) if "InputParameters" in rule else None,
        "MaximumExecutionFrequency": rule.get("MaximumExecutionFrequency"),
        "Scope": rule.get("Scope"),
        "Source": by_message(rule["Source"]),
    })
    # Its type has no property of tags: it carries only those of its owner.
    x.tags(id, {"Tags": []}, config_rule_tags_of(p["ConfigRuleName"]))


def put_config_rule(change):
    def put(id):
        rule = config_rule(physical(id))
        for name in ("ConfigRuleArn", "ConfigRuleId", "ConfigRuleState", "CreatedBy", "EvaluationModes"):
            rule.pop(name, None)
        aws_config.put_config_rule(ConfigRule=rule | change(rule))
    return put


def live_config_rule(name):
    return lambda id: config_rule(physical(id)).get(name)


def one_detail(rule):
    return {"Source": rule["Source"] | {"SourceDetails": rule["Source"]["SourceDetails"][:1]}}


CHANGES["AWS::Config::ConfigRule"] = [
    (["Description"], put_config_rule(lambda rule: {"Description": "other"}), live_config_rule("Description")),
    (["InputParameters.check"], put_config_rule(lambda rule: {"InputParameters": json.dumps({"check": "nothing"})}),
     live_config_rule("InputParameters")),
    (["Scope.TagValue"], put_config_rule(lambda rule: {"Scope": rule["Scope"] | {"TagValue": "other"}}), live_config_rule("Scope")),
    (["Source.SourceDetails"], put_config_rule(one_detail), live_config_rule("Source")),
]


@deletes("AWS::Config::ConfigRule")
def delete_config_rule(name):
    aws_config.delete_config_rule(ConfigRuleName=name)
