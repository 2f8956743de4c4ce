# Rules of the default bus, with their targets.

bus = Late("events")


@kind("rules")
def rule_names():
    return {rule["Name"] for rule in bus.list_rules()["Rules"]}


def rule_arn(name):
    return f"arn:aws:events:{region}:{account}:rule/{name}"


def targets_of(name):
    return sorted(bus.list_targets_by_rule(Rule=name)["Targets"], key=lambda target: target["Id"])


def tags_of_rule(name):
    return tag_map(bus.list_tags_for_resource(ResourceARN=rule_arn(name))["Tags"])


@identify("AWS::Events::Rule")
def identify_rule(x, id, p):
    return {"Ref": p["Name"], "Arn": rule_arn(p["Name"])}


@compare("AWS::Events::Rule")
def compare_rule(x, id, p):
    name = p["Name"]
    x.saw("rules", name)
    rule = bus.describe_rule(Name=name)
    same(id, p | {"Targets": sorted(p["Targets"], key=lambda target: target["Id"])}, {
        "Name": rule["Name"],
        "Description": rule.get("Description"),
        "EventPattern": json.loads(rule["EventPattern"]) if rule.get("EventPattern") else None,
        "ScheduleExpression": rule.get("ScheduleExpression") or None,
        "State": rule["State"],
        "Targets": targets_of(name),
    })
    x.tags(id, p, tags_of_rule(name))


def rule_name(id):
    return physical(id).rsplit("/", 1)[1]


def live_rule(name):
    return lambda id: bus.describe_rule(Name=rule_name(id)).get(name)


def put_rule(change):
    """All of it at once: what is left out is emptied."""
    def put(id):
        live = bus.describe_rule(Name=rule_name(id))
        said = {name: live[name] for name in ("Name", "Description", "EventPattern", "ScheduleExpression", "State") if live.get(name)}
        bus.put_rule(**(said | change(said)))
    return put


def only_one_region(rule):
    return {"EventPattern": json.dumps(json.loads(rule["EventPattern"]) | {"region": ["eu-west-3"]})}


def rule_targets(id):
    return targets_of(rule_name(id))


def put_first_target(**other):
    return lambda id: bus.put_targets(Rule=rule_name(id), Targets=[rule_targets(id)[0] | other])


def rule_tags(id):
    return tags_of_rule(rule_name(id))


def put_rule_tags(id, tags):
    bus.tag_resource(ResourceARN=physical(id), Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


def where_rule_has(property, path):
    return lambda id: [path] if live_rule(property)(id) else []


TAG["AWS::Events::Rule"] = (put_rule_tags, rule_tags)
CHANGES["AWS::Events::Rule"] = [
    (["Description"], put_rule(lambda rule: {"Description": "other"}), live_rule("Description")),
    (["State"], lambda id: bus.disable_rule(Name=rule_name(id)), live_rule("State")),
    (where_rule_has("EventPattern", "EventPattern.region"), put_rule(only_one_region), live_rule("EventPattern")),
    (where_rule_has("ScheduleExpression", "ScheduleExpression"), put_rule(lambda rule: {"ScheduleExpression": "rate(2 days)"}),
     live_rule("ScheduleExpression")),
    (["Targets[0].RetryPolicy.MaximumEventAgeInSeconds", "Targets[0].RetryPolicy.MaximumRetryAttempts"],
     put_first_target(RetryPolicy={"MaximumEventAgeInSeconds": 61, "MaximumRetryAttempts": 1}), rule_targets),
    (["Targets"], put_first_target(Id="a-strangers"), rule_targets),
    (["Targets"], lambda id: bus.remove_targets(Rule=rule_name(id), Ids=[rule_targets(id)[0]["Id"]]), rule_targets),
    *tag_changes(put_rule_tags, lambda id, key: bus.untag_resource(ResourceARN=physical(id), TagKeys=[key]), rule_tags),
]


@deletes("AWS::Events::Rule")
def delete_rule(arn):
    name = arn.rsplit("/", 1)[1]
    bus.remove_targets(Rule=name, Ids=[target["Id"] for target in targets_of(name)])
    bus.delete_rule(Name=name)
