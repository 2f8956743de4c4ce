# Detectors: a region has one.

guardduty = Late("guardduty")


def live_detector(id):
    return guardduty.get_detector(DetectorId=id)


@kind("detectors")
def detectors():
    """Without the one that the account has before any pipeline, which nobody has tagged."""
    return {id for id in guardduty.list_detectors()["DetectorIds"] if live_detector(id).get("Tags")}


@identify("AWS::GuardDuty::Detector")
def identify_detector(x, id, p):
    found = [one for one in detectors() if x.carries(live_detector(one)["Tags"], id)]
    return one_here(id, [{"id": one} for one in found], "id")


@compare("AWS::GuardDuty::Detector")
def compare_detector(x, id, p):
    x.saw("detectors", x.name(id, "Ref"))
    live = live_detector(x.name(id, "Ref"))
    same(id, p, {"Enable": live["Status"] == "ENABLED", "FindingPublishingFrequency": live["FindingPublishingFrequency"]})
    x.tags(id, p, live["Tags"])


def detector_arn(id):
    return f"arn:aws:guardduty:{region}:{account}:detector/{id}"


def of_detector(name):
    return lambda id: live_detector(physical(id))[name]


def put_detector_tags(id, tags):
    guardduty.tag_resource(ResourceArn=detector_arn(physical(id)), Tags=tags)


def remove_detector_tag(id, key):
    guardduty.untag_resource(ResourceArn=detector_arn(physical(id)), TagKeys=[key])


TAG["AWS::GuardDuty::Detector"] = (put_detector_tags, of_detector("Tags"))
CHANGES["AWS::GuardDuty::Detector"] = [
    (["Enable"], lambda id: guardduty.update_detector(DetectorId=physical(id), Enable=False), of_detector("Status")),
    (["FindingPublishingFrequency"], lambda id: guardduty.update_detector(DetectorId=physical(id), FindingPublishingFrequency="SIX_HOURS"),
     of_detector("FindingPublishingFrequency")),
    *tag_changes(put_detector_tags, remove_detector_tag, of_detector("Tags")),
]


@deletes("AWS::GuardDuty::Detector")
def delete_detector(id):
    guardduty.delete_detector(DetectorId=id)
