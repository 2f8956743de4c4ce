# Trails.

cloudtrail = Late("cloudtrail")


@kind("trails")
def trails():
    """Of this region, without the one that the account has before any pipeline."""
    there = cloudtrail.describe_trails(includeShadowTrails=False)["trailList"]
    return {trail["Name"] for trail in there} - {"management"}


def trail_arn(name):
    return f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"


def live_trail(name):
    return cloudtrail.get_trail(Name=name)["Trail"]


def is_logging(name):
    return cloudtrail.get_trail_status(Name=trail_arn(name))["IsLogging"]


def event_selectors(name):
    live = cloudtrail.get_event_selectors(TrailName=trail_arn(name))
    return {kind: live[kind] for kind in ("EventSelectors", "AdvancedEventSelectors") if live.get(kind)}


def tags_of_trail(name):
    return tag_map(cloudtrail.list_tags(ResourceIdList=[trail_arn(name)])["ResourceTagList"][0]["TagsList"])


@identify("AWS::CloudTrail::Trail")
def identify_trail(x, id, p):
    return {"Ref": p["TrailName"], "Arn": trail_arn(p["TrailName"])}


@compare("AWS::CloudTrail::Trail")
def compare_trail(x, id, p):
    name = p["TrailName"]
    x.saw("trails", name)
    live, selectors = live_trail(name), event_selectors(name)
    differ(f"{id}: advanced selectors", None, selectors.get("AdvancedEventSelectors"))
    same(id, p, {
        "TrailName": live["Name"],
        "S3BucketName": live["S3BucketName"],
        "S3KeyPrefix": live.get("S3KeyPrefix") or None,
        "KMSKeyId": live.get("KmsKeyId") or None,
        "IncludeGlobalServiceEvents": live["IncludeGlobalServiceEvents"],
        "IsMultiRegionTrail": live["IsMultiRegionTrail"],
        "EnableLogFileValidation": live["LogFileValidationEnabled"],
        "IsLogging": is_logging(name),
        "EventSelectors": [{key: value for key, value in one.items() if value != []} for one in selectors.get("EventSelectors", [])],
    })
    x.tags(id, p, tags_of_trail(name))


def update_trail(**other):
    return lambda id: cloudtrail.update_trail(Name=physical(id), **other)


def deliver_trail_elsewhere(id):
    cloudtrail.update_trail(Name=physical(id), S3BucketName=log_bucket("a-strangers-trail"), S3KeyPrefix="")


def select(**selectors):
    return lambda id: cloudtrail.put_event_selectors(TrailName=physical(id), **selectors)


def of_trail(*names):
    return lambda id: [live_trail(physical(id)).get(name) for name in names]


def trail_tags(id):
    return tags_of_trail(physical(id))


def put_trail_tags(id, tags):
    cloudtrail.add_tags(ResourceId=trail_arn(physical(id)), TagsList=listed_tags(tags))


DATA_EVENTS = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]
TAG["AWS::CloudTrail::Trail"] = (put_trail_tags, trail_tags)
CHANGES["AWS::CloudTrail::Trail"] = [
    (["IsLogging"], lambda id: cloudtrail.stop_logging(Name=physical(id)), lambda id: is_logging(physical(id))),
    (["EventSelectors[0].ReadWriteType"], select(EventSelectors=[{"IncludeManagementEvents": True, "ReadWriteType": "WriteOnly"}]),
     lambda id: event_selectors(physical(id))),
    (["EventSelectors"], select(AdvancedEventSelectors=DATA_EVENTS), lambda id: event_selectors(physical(id))),
    (["S3BucketName", "S3KeyPrefix"], deliver_trail_elsewhere, of_trail("S3BucketName", "S3KeyPrefix")),
    (["KMSKeyId"], update_trail(KmsKeyId=""), of_trail("KmsKeyId")),
    (["IncludeGlobalServiceEvents", "IsMultiRegionTrail"], update_trail(IncludeGlobalServiceEvents=False, IsMultiRegionTrail=False),
     of_trail("IncludeGlobalServiceEvents", "IsMultiRegionTrail")),
    (["EnableLogFileValidation"], update_trail(EnableLogFileValidation=False), of_trail("LogFileValidationEnabled")),
    *tag_changes(put_trail_tags,
                 lambda id, key: cloudtrail.remove_tags(ResourceId=trail_arn(physical(id)), TagsList=[{"Key": key}]), trail_tags),
]
TIDY.append(lambda: delete_bucket_of_a_stranger("a-strangers-trail"))


@deletes("AWS::CloudTrail::Trail")
def delete_trail(name):
    cloudtrail.delete_trail(Name=name)
