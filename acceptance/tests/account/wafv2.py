# Web ACLs, what they stand before, and what they log.

waf = Late("wafv2")


def web_acls():
    return waf.list_web_acls(Scope="REGIONAL")["WebACLs"]


@kind("web ACLs")
def web_acl_arns():
    return {acl["ARN"] for acl in web_acls()}


@kind("resources behind web ACLs")
def behind_web_acls():
    return {(acl["ARN"], arn) for acl in web_acls()
            for arn in waf.list_resources_for_web_acl(WebACLArn=acl["ARN"], ResourceType="API_GATEWAY")["ResourceArns"]}


@kind("web ACLs that log")
def logging_web_acls():
    return {one["ResourceArn"] for one in waf.list_logging_configurations(Scope="REGIONAL")["LoggingConfigurations"]}


def web_acl(name, id):
    return waf.get_web_acl(Name=name, Id=id, Scope="REGIONAL")


def tags_of_web_acl(arn):
    return tag_map(waf.list_tags_for_resource(ResourceARN=arn)["TagInfoForResource"]["TagList"])


@identify("AWS::WAFv2::WebACL")
def identify_web_acl(x, id, p):
    found = next((acl for acl in web_acls() if acl["Name"] == p["Name"]), None)
    return {"Ref": f"{found['Name']}|{found['Id']}|REGIONAL", "Arn": found["ARN"], "Id": found["Id"]} if found else {}


@compare("AWS::WAFv2::WebACL")
def compare_web_acl(x, id, p):
    arn = x.name(id, "Arn")
    x.saw("web ACLs", arn)
    acl = web_acl(p["Name"], x.name(id, "Id"))["WebACL"]
    by_priority = lambda rules: sorted(rules, key=lambda rule: rule["Priority"])
    same(id, p | {"Rules": by_priority(p["Rules"])}, {
        "Name": acl["Name"],
        "Scope": "REGIONAL" if ":regional/" in acl["ARN"] else "CLOUDFRONT",
        "Description": acl.get("Description"),
        "DefaultAction": acl["DefaultAction"],
        "Rules": by_priority(acl["Rules"]),
        "VisibilityConfig": acl["VisibilityConfig"],
        "DataProtectionConfig": acl.get("DataProtectionConfig"),
    })
    x.tags(id, p, tags_of_web_acl(arn))


@compare("AWS::WAFv2::WebACLAssociation")
def compare_web_acl_association(x, id, p):
    x.saw("resources behind web ACLs", (p["WebACLArn"], p["ResourceArn"]))
    found = waf.get_web_acl_for_resource(ResourceArn=p["ResourceArn"]).get("WebACL", {}).get("ARN")
    same(id, p, {"ResourceArn": p["ResourceArn"], "WebACLArn": found})


@compare("AWS::WAFv2::LoggingConfiguration")
def compare_web_acl_logging(x, id, p):
    x.saw("web ACLs that log", p["ResourceArn"])
    found = live_web_acl_logging(p["ResourceArn"])
    same(id, p | {"RedactedFields": sorted(p["RedactedFields"], key=str)}, {
        "ResourceArn": found["ResourceArn"],
        "LogDestinationConfigs": found["LogDestinationConfigs"],
        "RedactedFields": sorted(found["RedactedFields"], key=str),
    })


def live_web_acl_logging(arn):
    return waf.get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]


def web_acl_parts(id):
    name, acl, _ = physical(id).split("|")
    return name, acl


def web_acl_arn(id):
    return web_acl(*web_acl_parts(id))["WebACL"]["ARN"]


def put_web_acl(change):
    """All of it at once: what is left out is emptied."""
    def put(id):
        name, acl = web_acl_parts(id)
        live = web_acl(name, acl)
        said = {key: live["WebACL"][key] for key in ("Description", "DefaultAction", "Rules", "VisibilityConfig", "DataProtectionConfig")}
        waf.update_web_acl(Name=name, Id=acl, Scope="REGIONAL", LockToken=live["LockToken"], **(said | change(said)))
    return put


def live_web_acl(name):
    return lambda id: web_acl(*web_acl_parts(id))["WebACL"].get(name)


def another_limit(acl):
    acl["Rules"][0]["Statement"]["RateBasedStatement"]["Limit"] = 1999
    return acl


def only_counting(acl):
    acl["Rules"][1]["OverrideAction"] = {"Count": {}}
    return acl


def hashing(acl):
    acl["DataProtectionConfig"]["DataProtections"][0]["Action"] = "HASH"
    return acl


def web_acl_tags(id):
    return tags_of_web_acl(web_acl_arn(id))


def put_web_acl_tags(id, tags):
    waf.tag_resource(ResourceARN=web_acl_arn(id), Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


TAG["AWS::WAFv2::WebACL"] = (put_web_acl_tags, web_acl_tags)
CHANGES["AWS::WAFv2::WebACL"] = [
    (["Description"], put_web_acl(lambda acl: {"Description": "other"}), live_web_acl("Description")),
    (["DefaultAction.Allow", "DefaultAction.Block"], put_web_acl(lambda acl: {"DefaultAction": {"Block": {}}}), live_web_acl("DefaultAction")),
    (["Rules[0].Statement.RateBasedStatement.Limit"], put_web_acl(another_limit), live_web_acl("Rules")),
    (["Rules[1].OverrideAction.Count", "Rules[1].OverrideAction.None"], put_web_acl(only_counting), live_web_acl("Rules")),
    (["Rules"], put_web_acl(lambda acl: {"Rules": acl["Rules"][:-1]}), live_web_acl("Rules")),
    (["DataProtectionConfig.DataProtections[0].Action"], put_web_acl(hashing), live_web_acl("DataProtectionConfig")),
    (["VisibilityConfig.SampledRequestsEnabled"],
     put_web_acl(lambda acl: {"VisibilityConfig": acl["VisibilityConfig"] | {"SampledRequestsEnabled": False}}),
     live_web_acl("VisibilityConfig")),
    *tag_changes(put_web_acl_tags, lambda id, key: waf.untag_resource(ResourceARN=web_acl_arn(id), TagKeys=[key]), web_acl_tags),
]

# What an association connects is all that it is.
CHANGES["AWS::WAFv2::WebACLAssociation"] = []


def web_acl_logging(id):
    found = live_web_acl_logging(physical(id))
    return {"to": found["LogDestinationConfigs"], "redacted": sorted(found.get("RedactedFields", []), key=str)}


def put_web_acl_logging(change):
    def put(id):
        live = live_web_acl_logging(physical(id))
        said = {key: live[key] for key in ("ResourceArn", "LogDestinationConfigs", "RedactedFields")}
        waf.put_logging_configuration(LoggingConfiguration=said | change(said))
    return put


LOG_GROUP_OF_A_STRANGER = "aws-waf-logs-a-strangers"


def log_to_a_stranger(said):
    c("logs").create_log_group(logGroupName=LOG_GROUP_OF_A_STRANGER)
    return {"LogDestinationConfigs": [f"arn:aws:logs:{region}:{account}:log-group:{LOG_GROUP_OF_A_STRANGER}"]}


def delete_log_group_of_a_stranger():
    for group in c("logs").describe_log_groups(logGroupNamePrefix=LOG_GROUP_OF_A_STRANGER)["logGroups"]:
        c("logs").delete_log_group(logGroupName=group["logGroupName"])


TIDY.append(delete_log_group_of_a_stranger)
CHANGES["AWS::WAFv2::LoggingConfiguration"] = [
    (["RedactedFields"], put_web_acl_logging(lambda said: {"RedactedFields": said["RedactedFields"][:1]}), web_acl_logging),
    (["LogDestinationConfigs[0]"], put_web_acl_logging(log_to_a_stranger), web_acl_logging),
]


@deletes("AWS::WAFv2::LoggingConfiguration")
def delete_web_acl_logging(arn):
    waf.delete_logging_configuration(ResourceArn=arn)


@deletes("AWS::WAFv2::WebACLAssociation")
def delete_web_acl_association(identifier):
    resource, _ = identifier.split("|")
    waf.disassociate_web_acl(ResourceArn=resource)


@deletes("AWS::WAFv2::WebACL")
def delete_web_acl(identifier):
    name, acl, _ = identifier.split("|")
    live = web_acl(name, acl)
    # One that stands before something cannot be deleted.
    for resource in waf.list_resources_for_web_acl(WebACLArn=live["WebACL"]["ARN"], ResourceType="API_GATEWAY")["ResourceArns"]:
        waf.disassociate_web_acl(ResourceArn=resource)
    waf.delete_web_acl(Name=name, Id=acl, Scope="REGIONAL", LockToken=web_acl(name, acl)["LockToken"])
