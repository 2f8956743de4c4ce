# Functions, and who may call them.

functions_api = Late("lambda")


@kind("functions")
def functions():
    return {f["FunctionName"] for f in listed("lambda", "list_functions", "Functions")}


@kind("permissions")
def permissions():
    return {(name, sid) for name in functions() for sid in function_statements(name)}


@identify("AWS::Lambda::Function")
def identify_function(x, id, p):
    return {"Ref": p["FunctionName"], "Arn": f"arn:aws:lambda:{region}:{account}:function:{p['FunctionName']}"}


@identify("AWS::Lambda::Permission")
def identify_permission(x, id, p):
    return {"Ref": id}


def function_statements(name):
    """Of a function's policy, by their ids."""
    try:
        found = json.loads(functions_api.get_policy(FunctionName=name)["Policy"])
    except functions_api.exceptions.ResourceNotFoundException:
        return {}
    return {statement["Sid"]: statement for statement in found["Statement"]}


def configuration(name):
    return functions_api.get_function_configuration(FunctionName=name)


def code_sha256(name):
    import base64
    return base64.b64decode(configuration(name)["CodeSha256"]).hex()


# The provider's own functions stand in the template by their checksum.
@compare("AWS::Lambda::Function")
def compare_function(x, id, p):
    name = p["FunctionName"]
    x.saw("functions", name)
    live = configuration(name)
    expected = dict(p)
    code = expected.pop("Code")
    if code["S3Bucket"] == "terraform-provider-tap":
        differ(f"{id} Code", code["S3Key"], code_sha256(name) + ".zip")
    if "VpcConfig" in expected:
        expected["VpcConfig"] = {key: sorted(ids) for key, ids in expected["VpcConfig"].items()}
    vpc_config = live.get("VpcConfig", {})
    reserved = functions_api.get_function_concurrency(FunctionName=name)
    found = {key: live.get(key) for key in (
        "Architectures", "DeadLetterConfig", "Description", "FunctionName", "Handler", "MemorySize", "Role", "Runtime", "Timeout")}
    differ_by_property(id, expected, found | {
        "Environment": {"Variables": live["Environment"]["Variables"]} if "Environment" in live else None,
        "KmsKeyArn": live.get("KMSKeyArn"),
        "ReservedConcurrentExecutions": reserved.get("ReservedConcurrentExecutions"),
        "TracingConfig": live.get("TracingConfig"),
        "VpcConfig": {key: sorted(vpc_config[key]) for key in ("SecurityGroupIds", "SubnetIds")} if vpc_config.get("SubnetIds") else None,
    })
    differ(f"{id} State", ("Active", "Successful"), (live["State"], live["LastUpdateStatus"]))
    x.tags(id, p, functions_api.list_tags(Resource=live["FunctionArn"])["Tags"])


@compare("AWS::Lambda::Permission")
def compare_permission(x, id, p):
    name = p["FunctionName"].split(":")[-1]
    x.saw("permissions", (name, id))
    live = function_statements(name)[id]
    conditions = {}
    for operator in live.get("Condition", {}).values():
        conditions |= operator
    differ(f"{id} Effect", "Allow", live["Effect"])
    differ_by_property(id, p | {"FunctionName": name}, {
        "Action": live["Action"], "FunctionName": live["Resource"].split(":")[6],
        "Principal": live["Principal"]["Service"] if isinstance(live["Principal"], dict) else live["Principal"],
        "SourceAccount": conditions.pop("AWS:SourceAccount", None), "SourceArn": conditions.pop("AWS:SourceArn", None)})
    differ(f"{id}: more conditions", {}, conditions)


def function_settled(name):
    for _ in range(100):
        live = configuration(name)
        if (live["State"], live["LastUpdateStatus"]) == ("Active", "Successful"):
            return
        time.sleep(0.1)
    raise Exception(f"{name} does not settle")


def configure_function(**arguments):
    def change(id):
        given = {key: value(id) if callable(value) else value for key, value in arguments.items()}
        functions_api.update_function_configuration(FunctionName=physical(id), **given)
        function_settled(physical(id))
    return change


def of_function(name):
    return lambda id: configuration(physical(id)).get(name)


def function_tags(id):
    return functions_api.list_tags(Resource=configuration(physical(id))["FunctionArn"])["Tags"]


def put_function_tags(id, tags):
    functions_api.tag_resource(Resource=configuration(physical(id))["FunctionArn"], Tags=tags)


def remove_function_tag(id, key):
    functions_api.untag_resource(Resource=configuration(physical(id))["FunctionArn"], TagKeys=[key])


def function_code(id):
    return {"sha256": code_sha256(physical(id)), "architectures": of_function("Architectures")(id)}


def put_code(**arguments):
    def put(id):
        import io, zipfile
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("bootstrap", "#!/bin/sh\n")
        functions_api.update_function_code(FunctionName=physical(id), ZipFile=archive.getvalue(), **arguments)
        function_settled(physical(id))
    return put


def concurrency(id):
    return functions_api.get_function_concurrency(FunctionName=physical(id)).get("ReservedConcurrentExecutions")


def other_variables(id):
    return {"Variables": of_function("Environment")(id)["Variables"] | {"TAP_AUDIT_TABLE": "other"}}


def in_quarantine(id):
    return {"SubnetIds": of_function("VpcConfig")(id)["SubnetIds"], "SecurityGroupIds": [physical("QuarantineSecurityGroup")]}


def vpc_of_function(id):
    live = of_function("VpcConfig")(id) or {}
    return {key: sorted(live.get(key, [])) for key in ("SecurityGroupIds", "SubnetIds")}


def admit_a_stranger(id):
    functions_api.add_permission(
        FunctionName=physical(id), StatementId="debug", Action="lambda:InvokeFunction", Principal="210987654321")


def add_a_layer(id):
    import io, zipfile
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("extensions/watch", "#!/bin/sh\n")
    layer = functions_api.publish_layer_version(LayerName="strange", Content={"ZipFile": archive.getvalue()})
    configure_function(Layers=[layer["LayerVersionArn"]])(id)


def layers_of_function(id):
    return sorted(layer["Arn"] for layer in of_function("Layers")(id) or [])


TAG["AWS::Lambda::Function"] = (put_function_tags, function_tags)
CHANGES["AWS::Lambda::Function"] = [
    (["Code.S3Key"], put_code(), function_code),
    (["Architectures[0]", "Code.S3Key"], put_code(Architectures=["x86_64"]), function_code),
    (["Description"], configure_function(Description="other"), of_function("Description")),
    (["Handler"], configure_function(Handler="other"), of_function("Handler")),
    (["MemorySize"], configure_function(MemorySize=1024), of_function("MemorySize")),
    (["Timeout"], configure_function(Timeout=61), of_function("Timeout")),
    (["Runtime"], configure_function(Runtime="provided.al2"), of_function("Runtime")),
    (["TracingConfig.Mode"], configure_function(TracingConfig={"Mode": "PassThrough"}), of_function("TracingConfig")),
    (["Environment.Variables.TAP_AUDIT_TABLE"], configure_function(Environment=other_variables), of_function("Environment")),
    (["KmsKeyArn"], configure_function(KMSKeyArn=lambda id: arn_of_key("LogsKey")), of_function("KMSKeyArn")),
    (["Role"], configure_function(Role=lambda id: iam.get_role(RoleName=physical("UploadRole"))["Role"]["Arn"]), of_function("Role")),
    (["DeadLetterConfig"], configure_function(DeadLetterConfig={"TargetArn": ""}), lambda id: of_function("DeadLetterConfig")(id) or None),
    (["VpcConfig.SecurityGroupIds[0]"], configure_function(VpcConfig=in_quarantine), vpc_of_function),
    (["ReservedConcurrentExecutions"],
     lambda id: functions_api.put_function_concurrency(FunctionName=physical(id), ReservedConcurrentExecutions=7), concurrency),
    (lambda id: ["ReservedConcurrentExecutions"] if concurrency(id) is not None else [],
     lambda id: functions_api.delete_function_concurrency(FunctionName=physical(id)), concurrency),
    (["ForeignLayers"], add_a_layer, layers_of_function),
    (["ForeignPermissions"], admit_a_stranger, lambda id: sorted(function_statements(physical(id)))),
    *tag_changes(put_function_tags, remove_function_tag, function_tags),
]

# What it allows is all that it is.
CHANGES["AWS::Lambda::Permission"] = []


@deletes("AWS::Lambda::Permission")
def delete_permission(identifier):
    name, sid = identifier.split("|")
    functions_api.remove_permission(FunctionName=name, StatementId=sid)


@deletes("AWS::Lambda::Function")
def delete_function(name):
    functions_api.delete_function(FunctionName=name)
