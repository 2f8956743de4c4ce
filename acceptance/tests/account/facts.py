# What the account says of itself, for the template to be of this account.
# Without what the pipelines in it have made: they found none.


def made_by_a_pipeline(tags):
    return "tap:pipeline" in tags


def recorder():
    for found in c("config").describe_configuration_recorders()["ConfigurationRecorders"]:
        tags = c("config").list_tags_for_resource(ResourceArn=found["arn"])["Tags"] if "arn" in found else []
        if "servicePrincipal" not in found and not made_by_a_pipeline(tag_map(tags)):
            return found["name"]
    return ""


def detector():
    for found in c("guardduty").list_detectors()["DetectorIds"]:
        if not made_by_a_pipeline(c("guardduty").get_detector(DetectorId=found).get("Tags", {})):
            return found
    return ""


def trail():
    for found in c("cloudtrail").describe_trails(includeShadowTrails=True)["trailList"]:
        arn = found["TrailARN"]
        if found["HomeRegion"] != region:
            # Tags are told in the trail's own region only.
            return arn
        tags = c("cloudtrail").list_tags(ResourceIdList=[arn])["ResourceTagList"]
        if not made_by_a_pipeline(tag_map(tags[0]["TagsList"] if tags else [])):
            return arn
    return ""


def api_logging_role():
    arn = c("apigateway").get_account().get("cloudwatchRoleArn") or ""
    try:
        role = c("iam").get_role(RoleName=arn.split("/")[-1])["Role"] if arn else {}
    except c("iam").exceptions.NoSuchEntityException:
        role = {}
    return "" if made_by_a_pipeline(tag_map(role.get("Tags", []))) else arn


def facts():
    zones = c("ec2").describe_availability_zones(Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}])
    lists = {p["PrefixListName"]: p["PrefixListId"] for p in listed("ec2", "describe_managed_prefix_lists", "PrefixLists")}
    services = ("dynamodb", "s3")
    return {
        "zone_ids": sorted(zone["ZoneId"] for zone in zones["AvailabilityZones"]),
        "prefix_list_ids": {service: lists[f"com.amazonaws.{region}.{service}"] for service in services},
        "administrator_arn": c("sts").get_caller_identity()["Arn"],
        "account": {"recorder": recorder(), "detector": detector(), "trail": trail(), "api_logging_role": api_logging_role()},
    }


found = {}
for region in regions:
    found[region] = facts()
print(json.dumps(found))
