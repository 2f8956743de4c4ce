# Parameters: the manifest, which is in no template, and those that are.

ssm = Late("ssm")


@kind("parameters")
def parameters():
    return {p["Name"] for p in listed("ssm", "describe_parameters", "Parameters")}


def parameter_tags(name):
    return tag_map(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])


def compare_manifest(x):
    name = "/tap/" + x.pipeline.split("@")[0] + "/manifest"
    x.saw("parameters", name)
    if name in x.all("parameters"):
        tags = parameter_tags(name)
        differ(f"{name} pipeline tag", x.pipeline, tags.get("tap:pipeline"))
        differ(f"{name} owner tag", "tap", tags.get("owner"))


def parameter(name):
    return ssm.get_parameter(Name=name)["Parameter"]


def parameter_metadata(name):
    """The longest filter is of exactly that name."""
    found = listed("ssm", "describe_parameters", "Parameters", ParameterFilters=[{"Key": "Name", "Values": [name]}])
    return found[0]


# Intelligent-Tiering is what was asked for; AWS says which tier it has chosen.
@compare("AWS::SSM::Parameter")
def compare_parameter(x, id, p):
    name = p["Name"]
    x.saw("parameters", name)
    live = parameter_metadata(name)
    tier = p["Tier"] if p["Tier"] == "Intelligent-Tiering" else live["Tier"]
    differ_by_property(id, p | {"Value": as_json(p["Value"])}, {
        "Description": live.get("Description"), "Name": live["Name"], "Tier": tier, "Type": live["Type"],
        "Value": as_json(parameter(name)["Value"])})
    x.tags(id, {"Tags": listed_tags(p["Tags"])}, parameter_tags(name))


def as_json(text):
    """Baselines hold policies, whose sets have no order."""
    return policy(json.loads(text))


def put_parameter(**arguments):
    def put(id):
        given = {"Value": parameter(physical(id))["Value"], "Description": parameter_metadata(physical(id))["Description"]} | arguments
        ssm.put_parameter(Name=physical(id), Type="String", Tier="Intelligent-Tiering", Overwrite=True, **given)
    return put


def tags_of_parameter(id):
    return parameter_tags(physical(id))


def put_parameter_tags(id, tags):
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=physical(id), Tags=listed_tags(tags))


TAG["AWS::SSM::Parameter"] = (put_parameter_tags, tags_of_parameter)
CHANGES["AWS::SSM::Parameter"] = [
    (["Value"], put_parameter(Value="{}"), lambda id: parameter(physical(id))["Value"]),
    (["Description"], put_parameter(Description="other"), lambda id: parameter_metadata(physical(id)).get("Description")),
    # A map of tags: each is its own path.
    (["Tags.owner-of"], lambda id: put_parameter_tags(id, {"owner-of": "other"}), tags_of_parameter),
    (["Tags.owner-of"], lambda id: ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=physical(id), TagKeys=["owner-of"]),
     tags_of_parameter),
]


@deletes("AWS::SSM::Parameter")
def delete_parameter(name):
    ssm.delete_parameter(Name=name)
