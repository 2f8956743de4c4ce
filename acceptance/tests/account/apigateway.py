# APIs with what stands below them, keys, usage plans, client certificates,
# domain names, and the role with which the account writes the logs of APIs.

gateway = Late("apigateway")


def apis():
    return listed("apigateway", "get_rest_apis", "items")


def below_apis(operation, name):
    """Things that APIs have: (API, name)."""
    return {(api["id"], item[name]) for api in apis() for item in listed("apigateway", operation, "items", restApiId=api["id"])}


def api_resources(api, **arguments):
    return listed("apigateway", "get_resources", "items", restApiId=api, **arguments)


@kind("APIs")
def api_ids():
    return {api["id"] for api in apis()}


@kind("API resources")
def resource_paths():
    """Each API has its root by itself."""
    return {name for name in below_apis("get_resources", "path") if name[1] != "/"}


@kind("API methods")
def method_names():
    return {(api["id"], resource["path"], verb) for api in apis()
            for resource in api_resources(api["id"]) for verb in resource.get("resourceMethods", {})}


@kind("API models")
def model_names():
    """AWS gives each API the models Empty and Error."""
    return {name for name in below_apis("get_models", "name") if name[1] not in ("Empty", "Error")}


@kind("API validators")
def validator_ids():
    return below_apis("get_request_validators", "id")


@kind("API deployments")
def deployment_ids():
    return below_apis("get_deployments", "id")


@kind("API stages")
def stage_names():
    return {(api["id"], stage["stageName"]) for api in apis() for stage in gateway.get_stages(restApiId=api["id"])["item"]}


@kind("API keys")
def api_keys():
    return {key["id"] for key in listed("apigateway", "get_api_keys", "items")}


@kind("usage plans")
def usage_plans():
    return {plan["id"] for plan in listed("apigateway", "get_usage_plans", "items")}


@kind("keys of usage plans")
def usage_plan_keys():
    return {(plan, key["id"]) for plan in usage_plans() for key in listed("apigateway", "get_usage_plan_keys", "items", usagePlanId=plan)}


@kind("client certificates")
def client_certificates():
    return {one["clientCertificateId"] for one in listed("apigateway", "get_client_certificates", "items")}


@kind("domain names")
def domain_names():
    return {one["domainName"] for one in listed("apigateway", "get_domain_names", "items")}


@kind("base path mappings")
def base_path_mappings():
    return {(name, one["basePath"]) for name in domain_names()
            for one in listed("apigateway", "get_base_path_mappings", "items", domainName=name)}


@kind("roles for the logs of APIs")
def api_logging_roles():
    """Of which there is one, without the one that the account has before any pipeline."""
    role = gateway.get_account().get("cloudwatchRoleArn") or None
    return {role} - {None, f"arn:aws:iam::{account}:role/api-gateway-logs"}


# -- what a resource of the template is here ------------------------------------------------

def tagged_here(x, id, items, key):
    """By its tags: API Gateway's names are not unique."""
    found = [item for item in items if x.carries(item.get("tags", {}), id)]
    if len(found) != 1:
        differences.append(f"{id}: {len(found)} carry its tags")
        return {}
    return {"Ref": found[0][key], "found": found[0]}


def one_here(id, items, key):
    items = list(items)
    if len(items) != 1:
        differences.append(f"{id}: there are {len(items)} of it")
        return {}
    return {"Ref": items[0][key], "found": items[0]}


@identify("AWS::ApiGateway::RestApi")
def identify_api(x, id, p):
    names = tagged_here(x, id, apis(), "id")
    return names | {"RestApiId": names.get("Ref"), "RootResourceId": names.get("found", {}).get("rootResourceId")}


@identify("AWS::ApiGateway::Resource")
def identify_api_resource(x, id, p):
    items = api_resources(p["RestApiId"])
    return one_here(id, [one for one in items if (one.get("parentId"), one.get("pathPart")) == (p["ParentId"], p["PathPart"])], "id")


@identify("AWS::ApiGateway::RequestValidator")
def identify_validator(x, id, p):
    items = listed("apigateway", "get_request_validators", "items", restApiId=p["RestApiId"])
    return one_here(id, [one for one in items if one["name"] == p["Name"]], "id")


@identify("AWS::ApiGateway::Model")
def identify_model(x, id, p):
    return {"Ref": p["Name"]}


@identify("AWS::ApiGateway::Deployment")
def identify_deployment(x, id, p):
    items = listed("apigateway", "get_deployments", "items", restApiId=p["RestApiId"])
    return one_here(id, [one for one in items if one.get("description") == p["Description"]], "id")


@identify("AWS::ApiGateway::Stage")
def identify_stage(x, id, p):
    return {"Ref": p["StageName"]}


@identify("AWS::ApiGateway::ApiKey")
def identify_api_key(x, id, p):
    """The oldest that serves without an end: a rotation leaves its predecessor for a while."""
    row = [key for key in listed("apigateway", "get_api_keys", "items") if x.carries(key.get("tags", {}), id)]
    serving = sorted((key for key in row if "tap:retire-after" not in key["tags"]), key=lambda key: key["createdDate"])
    if not serving:
        differences.append(f"{id}: no key carries its tags")
        return {"row": []}
    return {"Ref": serving[0]["id"], "APIKeyId": serving[0]["id"], "row": [key["id"] for key in row]}


@identify("AWS::ApiGateway::UsagePlan")
def identify_usage_plan(x, id, p):
    return tagged_here(x, id, listed("apigateway", "get_usage_plans", "items"), "id")


@identify("AWS::ApiGateway::ClientCertificate")
def identify_client_certificate(x, id, p):
    return tagged_here(x, id, listed("apigateway", "get_client_certificates", "items"), "clientCertificateId")


@identify("AWS::ApiGateway::DomainName")
def identify_domain_name(x, id, p):
    return {"Ref": p["DomainName"]}


# -- as CloudFormation would write what is here -------------------------------------------

def policy_of(api):
    """A document whose quotes are escaped once more."""
    document = api.get("policy")
    return json.loads(document.replace('\\"', '"')) if document else None


@compare("AWS::ApiGateway::RestApi")
def compare_api(x, id, p):
    x.saw("APIs", x.name(id, "Ref"))
    api = gateway.get_rest_api(restApiId=x.name(id, "Ref"))
    document = policy_of(api)
    same(id, p | ({"Policy": policy(p["Policy"])} if "Policy" in p else {}), {
        "Name": api["name"],
        "Description": api.get("description"),
        "ApiKeySourceType": api["apiKeySource"],
        "DisableExecuteApiEndpoint": api["disableExecuteApiEndpoint"],
        "EndpointConfiguration": {"Types": api["endpointConfiguration"]["types"]}
        | ({"VpcEndpointIds": through} if (through := api["endpointConfiguration"].get("vpcEndpointIds")) else {}),
        "Policy": document and policy(document),
        "SecurityPolicy": api["securityPolicy"],
        "EndpointAccessMode": api.get("endpointAccessMode"),
    })
    x.tags(id, p, api["tags"])


@compare("AWS::ApiGateway::Resource")
def compare_api_resource(x, id, p):
    resource = gateway.get_resource(restApiId=p["RestApiId"], resourceId=x.name(id, "Ref"))
    x.saw("API resources", (p["RestApiId"], resource["path"]))
    same(id, p, {"RestApiId": p["RestApiId"], "ParentId": resource["parentId"], "PathPart": resource["pathPart"]})


@compare("AWS::ApiGateway::RequestValidator")
def compare_validator(x, id, p):
    x.saw("API validators", (p["RestApiId"], x.name(id, "Ref")))
    validator = gateway.get_request_validator(restApiId=p["RestApiId"], requestValidatorId=x.name(id, "Ref"))
    same(id, p, {
        "RestApiId": p["RestApiId"],
        "Name": validator["name"],
        "ValidateRequestBody": validator["validateRequestBody"],
        "ValidateRequestParameters": validator["validateRequestParameters"],
    })


@compare("AWS::ApiGateway::Model")
def compare_model(x, id, p):
    x.saw("API models", (p["RestApiId"], p["Name"]))
    model = gateway.get_model(restApiId=p["RestApiId"], modelName=p["Name"])
    same(id, p, {
        "RestApiId": p["RestApiId"],
        "Name": model["name"],
        "ContentType": model["contentType"],
        "Description": model.get("description") or None,
        "Schema": json.loads(model["schema"]),
    })


@compare("AWS::ApiGateway::Method")
def compare_method(x, id, p):
    method = gateway.get_method(restApiId=p["RestApiId"], resourceId=p["ResourceId"], httpMethod=p["HttpMethod"])
    path = gateway.get_resource(restApiId=p["RestApiId"], resourceId=p["ResourceId"])["path"]
    x.saw("API methods", (p["RestApiId"], path, p["HttpMethod"]))
    integration = method.get("methodIntegration")
    same(id, p, {
        "RestApiId": p["RestApiId"],
        "ResourceId": p["ResourceId"],
        "HttpMethod": method["httpMethod"],
        "AuthorizationType": method["authorizationType"],
        "ApiKeyRequired": method["apiKeyRequired"],
        "RequestValidatorId": method.get("requestValidatorId"),
        "RequestModels": method.get("requestModels") or None,
        "RequestParameters": method.get("requestParameters") or None,
        "Integration": integration and {
            "Type": integration["type"],
            "IntegrationHttpMethod": integration["httpMethod"],
            "Uri": integration["uri"],
            "TimeoutInMillis": integration["timeoutInMillis"],
        },
    })


@compare("AWS::ApiGateway::Deployment")
def compare_deployment(x, id, p):
    x.saw("API deployments", (p["RestApiId"], x.name(id, "Ref")))
    deployment = gateway.get_deployment(restApiId=p["RestApiId"], deploymentId=x.name(id, "Ref"))
    same(id, p, {"RestApiId": p["RestApiId"], "Description": deployment["description"]})


@compare("AWS::ApiGateway::Stage")
def compare_stage(x, id, p):
    x.saw("API stages", (p["RestApiId"], p["StageName"]))
    stage = gateway.get_stage(restApiId=p["RestApiId"], stageName=p["StageName"])
    log = stage.get("accessLogSettings")
    same(id, p, {
        "RestApiId": p["RestApiId"],
        "StageName": stage["stageName"],
        "DeploymentId": stage["deploymentId"],
        "ClientCertificateId": stage.get("clientCertificateId"),
        "TracingEnabled": stage["tracingEnabled"],
        "CacheClusterEnabled": stage.get("cacheClusterEnabled") or None,
        "AccessLogSetting": (log or None) and {"DestinationArn": log["destinationArn"], "Format": log["format"]},
        "MethodSettings": [method_setting(*setting) for setting in sorted(stage["methodSettings"].items())] or None,
        "Variables": stage.get("variables") or None,
    })
    x.tags(id, p, stage["tags"])


CACHES = {"CachingEnabled": "cachingEnabled", "CacheDataEncrypted": "cacheDataEncrypted"}


def method_setting(place, live):
    """Without the seconds for which a cache keeps, which the stage has not."""
    path, verb = place.rsplit("/", 1)
    return {
        "ResourcePath": "/" + path.replace("~1", "/").lstrip("/"),
        "HttpMethod": verb,
        "DataTraceEnabled": live["dataTraceEnabled"],
        "LoggingLevel": live["loggingLevel"],
        "MetricsEnabled": live["metricsEnabled"],
        **{name: True for name, key in CACHES.items() if live.get(key)},
        "ThrottlingBurstLimit": live["throttlingBurstLimit"],
        "ThrottlingRateLimit": live["throttlingRateLimit"],
    }


@compare("AWS::ApiGateway::ApiKey")
def compare_api_key(x, id, p):
    for one in x.name(id, "row"):
        x.saw("API keys", one)
    key = gateway.get_api_key(apiKey=x.name(id, "Ref"), includeValue=True)
    # Neither value is shown.
    differ(f"{id} has the value of {p['Value']}", True, key["value"] == in_secret(p["Value"]))
    same(id, {name: value for name, value in p.items() if name != "Value"}, {
        "Name": key["name"],
        "Description": key["description"],
        "Enabled": key["enabled"],
    })
    x.tags(id, p, key["tags"])


@compare("AWS::ApiGateway::UsagePlan")
def compare_usage_plan(x, id, p):
    x.saw("usage plans", x.name(id, "Ref"))
    plan = gateway.get_usage_plan(usagePlanId=x.name(id, "Ref"))
    throttle, quota = plan.get("throttle"), plan.get("quota")
    same(id, p, {
        "UsagePlanName": plan["name"],
        "Description": plan["description"],
        "ApiStages": [{"ApiId": stage["apiId"], "Stage": stage["stage"]} for stage in plan["apiStages"]],
        "Throttle": throttle and {"BurstLimit": throttle["burstLimit"], "RateLimit": throttle["rateLimit"]},
        "Quota": quota and {"Limit": quota["limit"], "Period": quota["period"]},
    })
    x.tags(id, p, plan["tags"])


@compare("AWS::ApiGateway::UsagePlanKey")
def compare_usage_plan_key(x, id, p):
    key = gateway.get_usage_plan_key(usagePlanId=p["UsagePlanId"], keyId=p["KeyId"])
    same(id, p, {"KeyId": key["id"], "KeyType": key["type"], "UsagePlanId": p["UsagePlanId"]})
    # A rotation's successor is in the plan too, and its predecessor still is.
    row = x.name(x.resources[id]["Properties"]["KeyId"]["Ref"], "row")
    for plan, one in x.all("keys of usage plans"):
        if plan == p["UsagePlanId"] and one in row:
            x.saw("keys of usage plans", (plan, one))


@compare("AWS::ApiGateway::ClientCertificate")
def compare_client_certificate(x, id, p):
    x.saw("client certificates", x.name(id, "Ref"))
    certificate = gateway.get_client_certificate(clientCertificateId=x.name(id, "Ref"))
    same(id, p, {"Description": certificate["description"]})
    x.tags(id, p, certificate["tags"])


@compare("AWS::ApiGateway::DomainName")
def compare_domain_name(x, id, p):
    x.saw("domain names", p["DomainName"])
    domain = gateway.get_domain_name(domainName=p["DomainName"])
    trust = domain.get("mutualTlsAuthentication")
    same(id, p, {
        "DomainName": domain["domainName"],
        "RegionalCertificateArn": domain.get("regionalCertificateArn"),
        "EndpointConfiguration": {"Types": domain["endpointConfiguration"]["types"]},
        "SecurityPolicy": domain["securityPolicy"],
        "MutualTlsAuthentication": trust and {name[0].upper() + name[1:]: value for name, value in trust.items() if value},
    })
    x.tags(id, p, domain["tags"])


@compare("AWS::ApiGateway::BasePathMapping")
def compare_base_path_mapping(x, id, p):
    x.saw("base path mappings", (p["DomainName"], "(none)"))
    mapping = gateway.get_base_path_mapping(domainName=p["DomainName"], basePath="(none)")
    same(id, p, {"DomainName": p["DomainName"], "RestApiId": mapping["restApiId"], "Stage": mapping["stage"]})


@compare("AWS::ApiGateway::Account")
def compare_account(x, id, p):
    x.saw("roles for the logs of APIs", p["CloudWatchRoleArn"])
    same(id, p, {"CloudWatchRoleArn": gateway.get_account()["cloudwatchRoleArn"]})


# -- changes --------------------------------------------------------------------------------

def patch(path, value, op="replace"):
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


def gateway_arn(path):
    return f"arn:aws:apigateway:{region}::/{path}"


def gateway_tags(place, look):
    """What tagging needs of a type: its place, and how its tags look, by logical id."""
    def put(id, tags):
        gateway.tag_resource(resourceArn=gateway_arn(place(id)), tags=tags)

    def remove(id, key):
        gateway.untag_resource(resourceArn=gateway_arn(place(id)), tagKeys=[key])
    return put, remove, look


def below(id):
    return physical(id).split("|")


def rest_api(id):
    return gateway.get_rest_api(restApiId=physical(id))


def patch_api(path, value):
    return lambda id: gateway.update_rest_api(restApiId=physical(id), patchOperations=[patch(path, value)])


def the_other_endpoint(id):
    """Where there is a domain name it is off, and otherwise on."""
    patch_api("/disableExecuteApiEndpoint", json.dumps(not rest_api(id)["disableExecuteApiEndpoint"]))(id)


def weaker_tls(id):
    weaker = "SecurityPolicy_TLS13_1_2_2021_06" if rest_api(id).get("endpointAccessMode") else "TLS_1_0"
    patch_api("/securityPolicy", weaker)(id)


def to_the_edge(id):
    changes = [("/endpointConfiguration/types/REGIONAL", "EDGE"), ("/securityPolicy", "TLS_1_0"), ("/endpointAccessMode", "")]
    gateway.update_rest_api(restApiId=physical(id), patchOperations=[patch(path, value) for path, value in changes])


def api_policy(id):
    return policy_of(rest_api(id))


def admit_everybody(id):
    document = api_policy(id)
    document["Statement"][0]["Condition"]["NotIpAddress"]["aws:SourceIp"] = "0.0.0.0/0"
    patch_api("/policy", json.dumps(document))(id)


def admitted(id):
    document = api_policy(id)
    if not document:
        return []
    return condition_paths(document, document["Statement"][0]["Sid"], "NotIpAddress.aws:SourceIp", "0.0.0.0/0", of="Policy")


api_tagging = gateway_tags(lambda id: f"restapis/{physical(id)}", lambda id: rest_api(id)["tags"])
TAG["AWS::ApiGateway::RestApi"] = (api_tagging[0], api_tagging[2])
CHANGES["AWS::ApiGateway::RestApi"] = [
    (["Name"], patch_api("/name", "other"), lambda id: rest_api(id)["name"]),
    (["Description"], patch_api("/description", "other"), lambda id: rest_api(id)["description"]),
    (["ApiKeySourceType"], patch_api("/apiKeySource", "AUTHORIZER"), lambda id: rest_api(id)["apiKeySource"]),
    (["DisableExecuteApiEndpoint"], the_other_endpoint, lambda id: rest_api(id)["disableExecuteApiEndpoint"]),
    (admitted, admit_everybody, api_policy),
    (lambda id: ["Policy"] if api_policy(id) else [], patch_api("/policy", ""), api_policy),
    (lambda id: ["EndpointAccessMode"] if rest_api(id).get("endpointAccessMode") else [], patch_api("/endpointAccessMode", "BASIC"),
     lambda id: rest_api(id).get("endpointAccessMode")),
    (["SecurityPolicy"], weaker_tls, lambda id: rest_api(id)["securityPolicy"]),
    # With its own default policy, and without an access mode.
    (lambda id: [*(["EndpointAccessMode"] if rest_api(id).get("endpointAccessMode") else []), "EndpointConfiguration.Types[0]", "SecurityPolicy"],
     to_the_edge, lambda id: rest_api(id)["endpointConfiguration"]["types"]),
    *tag_changes(*api_tagging),
]


def validator(id):
    api, one = below(id)
    return gateway.get_request_validator(restApiId=api, requestValidatorId=one)


def patch_validator(path):
    def change(id):
        api, one = below(id)
        gateway.update_request_validator(restApiId=api, requestValidatorId=one, patchOperations=[patch(path, "false")])
    return change


CHANGES["AWS::ApiGateway::RequestValidator"] = [
    (["ValidateRequestBody"], patch_validator("/validateRequestBody"), lambda id: validator(id)["validateRequestBody"]),
    (["ValidateRequestParameters"], patch_validator("/validateRequestParameters"), lambda id: validator(id)["validateRequestParameters"]),
]


def model(id):
    api, name = below(id)
    return gateway.get_model(restApiId=api, modelName=name)


def model_schema(id):
    return json.loads(model(id)["schema"])


def patch_model(path, value):
    def change(id):
        api, name = below(id)
        gateway.update_model(restApiId=api, modelName=name, patchOperations=[patch(path, value(id) if callable(value) else value)])
    return change


def looser(id):
    schema = model_schema(id)
    schema["properties"]["document_key"]["maxLength"] = 9
    return json.dumps(schema)


CHANGES["AWS::ApiGateway::Model"] = [
    (["Schema.properties.document_key.maxLength"], patch_model("/schema", looser), model_schema),
    (["Schema"], patch_model("/schema", "[]"), model_schema),
    (["Description"], patch_model("/description", "other"), lambda id: model(id).get("description")),
]


def method_place(id):
    return dict(zip(("restApiId", "resourceId", "httpMethod"), below(id)))


def method(name):
    return lambda id: gateway.get_method(**method_place(id)).get(name)


def patch_method(path, value, op="replace"):
    return lambda id: gateway.update_method(**method_place(id), patchOperations=[patch(path, value, op)])


def put_integration(**other):
    def change(id):
        live = method("methodIntegration")(id)
        said = {"type": live["type"], "integrationHttpMethod": live["httpMethod"], "uri": live["uri"], "timeoutInMillis": live["timeoutInMillis"]}
        gateway.put_integration(**method_place(id), **(said | other))
    return change


CHANGES["AWS::ApiGateway::Method"] = [
    (["ApiKeyRequired"], patch_method("/apiKeyRequired", "false"), method("apiKeyRequired")),
    (["AuthorizationType"], patch_method("/authorizationType", "NONE"), method("authorizationType")),
    (["RequestValidatorId"], patch_method("/requestValidatorId", ""), method("requestValidatorId")),
    (["RequestModels.application/json"], patch_method("/requestModels/application~1json", None, "remove"), method("requestModels")),
    (["RequestParameters.method.request.header.x"], patch_method("/requestParameters/method.request.header.x", "true", "add"),
     method("requestParameters")),
    (["Integration.TimeoutInMillis"], put_integration(timeoutInMillis=1000), method("methodIntegration")),
    (["Integration"], lambda id: gateway.delete_integration(**method_place(id)), method("methodIntegration")),
]


def stage(name):
    def look(id):
        api, stage_name = below(id)
        return gateway.get_stage(restApiId=api, stageName=stage_name).get(name)
    return look


def patch_stage(path, value, op="replace"):
    def change(id):
        api, stage_name = below(id)
        gateway.update_stage(restApiId=api, stageName=stage_name, patchOperations=[patch(path, value, op)])
    return change


def deploy_as_a_stranger(id):
    api, stage_name = below(id)
    gateway.create_deployment(restApiId=api, stageName=stage_name, description="a stranger's")


def delete_deployments_of_strangers():
    for api in apis():
        for deployment in listed("apigateway", "get_deployments", "items", restApiId=api["id"]):
            if deployment.get("description") == "a stranger's":
                gateway.delete_deployment(restApiId=api["id"], deploymentId=deployment["id"])


TIDY.append(delete_deployments_of_strangers)
stage_tagging = gateway_tags(lambda id: "restapis/{}/stages/{}".format(*below(id)), stage("tags"))
TAG["AWS::ApiGateway::Stage"] = (stage_tagging[0], stage_tagging[2])
CHANGES["AWS::ApiGateway::Stage"] = [
    (["AccessLogSetting.Format"], patch_stage("/accessLogSettings/format", "$context.requestId"), stage("accessLogSettings")),
    (["AccessLogSetting"], patch_stage("/accessLogSettings", None, "remove"), stage("accessLogSettings")),
    (["MethodSettings[0].LoggingLevel"], patch_stage("/*/*/logging/loglevel", "ERROR"), stage("methodSettings")),
    (["MethodSettings[0].DataTraceEnabled"], patch_stage("/*/*/logging/dataTrace", "true"), stage("methodSettings")),
    (["MethodSettings[0].ThrottlingRateLimit"], patch_stage("/*/*/throttling/rateLimit", "99"), stage("methodSettings")),
    (["MethodSettings[0].CachingEnabled"], patch_stage("/*/*/caching/enabled", "true"), stage("methodSettings")),
    (["MethodSettings[0].CacheDataEncrypted"], patch_stage("/*/*/caching/dataEncrypted", "true"), stage("methodSettings")),
    (["CacheClusterEnabled"], patch_stage("/cacheClusterEnabled", "true"), stage("cacheClusterEnabled")),
    (["TracingEnabled"], patch_stage("/tracingEnabled", "false"), stage("tracingEnabled")),
    (["ClientCertificateId"], patch_stage("/clientCertificateId", ""), stage("clientCertificateId")),
    (["DeploymentId"], deploy_as_a_stranger, stage("deploymentId")),
    *tag_changes(*stage_tagging),
]


def api_key(name):
    return lambda id: gateway.get_api_key(apiKey=physical(id))[name]


def patch_api_key(path, value):
    return lambda id: gateway.update_api_key(apiKey=physical(id), patchOperations=[patch(path, value)])


key_tagging = gateway_tags(lambda id: f"apikeys/{physical(id)}", api_key("tags"))
TAG["AWS::ApiGateway::ApiKey"] = (key_tagging[0], key_tagging[2])
CHANGES["AWS::ApiGateway::ApiKey"] = [
    (["Description"], patch_api_key("/description", "other"), api_key("description")),
    (["Enabled"], patch_api_key("/enabled", "false"), api_key("enabled")),
    *tag_changes(*key_tagging),
]


def plan(name):
    return lambda id: gateway.get_usage_plan(usagePlanId=physical(id)).get(name)


def patch_plan(path, value, op="replace"):
    return lambda id: gateway.update_usage_plan(usagePlanId=physical(id), patchOperations=[patch(path, value, op)])


def quota(id):
    live = plan("quota")(id)
    return live and [live["limit"], live["period"]]


def leave_stages(plan_id):
    for one in gateway.get_usage_plan(usagePlanId=plan_id)["apiStages"]:
        gateway.update_usage_plan(usagePlanId=plan_id, patchOperations=[patch("/apiStages", f"{one['apiId']}:{one['stage']}", "remove")])


plan_tagging = gateway_tags(lambda id: f"usageplans/{physical(id)}", plan("tags"))
TAG["AWS::ApiGateway::UsagePlan"] = (plan_tagging[0], plan_tagging[2])
CHANGES["AWS::ApiGateway::UsagePlan"] = [
    (["UsagePlanName"], patch_plan("/name", "other"), plan("name")),
    (["Description"], patch_plan("/description", "other"), plan("description")),
    (["Throttle.RateLimit"], patch_plan("/throttle/rateLimit", "99"), plan("throttle")),
    (["Throttle"], patch_plan("/throttle", None, "remove"), plan("throttle")),
    (["Quota.Limit"], patch_plan("/quota/limit", "99"), quota),
    (["Quota"], patch_plan("/quota", None, "remove"), quota),
    (["ApiStages"], lambda id: leave_stages(physical(id)), plan("apiStages")),
    *tag_changes(*plan_tagging),
]


def certificate(name):
    return lambda id: gateway.get_client_certificate(clientCertificateId=physical(id))[name]


certificate_tagging = gateway_tags(lambda id: f"clientcertificates/{physical(id)}", certificate("tags"))
TAG["AWS::ApiGateway::ClientCertificate"] = (certificate_tagging[0], certificate_tagging[2])
CHANGES["AWS::ApiGateway::ClientCertificate"] = [
    (["Description"], lambda id: gateway.update_client_certificate(
        clientCertificateId=physical(id), patchOperations=[patch("/description", "other")]), certificate("description")),
    *tag_changes(*certificate_tagging),
]


def domain_name(*names):
    return lambda id: [gateway.get_domain_name(domainName=physical(id)).get(name) for name in names]


def patch_domain_name(*changes):
    patches = [patch(path, value) for path, value in changes]
    return lambda id: gateway.update_domain_name(domainName=physical(id), patchOperations=patches)


domain_tagging = gateway_tags(lambda id: f"domainnames/{physical(id)}", lambda id: domain_name("tags")(id)[0])
TRUST = "/mutualTlsAuthentication/"
OTHER_CERTIFICATE = f"arn:aws:acm:{region}:{account}:certificate/00000000-0000-0000-0000-000000000000"
TAG["AWS::ApiGateway::DomainName"] = (domain_tagging[0], domain_tagging[2])
CHANGES["AWS::ApiGateway::DomainName"] = [
    (["MutualTlsAuthentication.TruststoreUri"], patch_domain_name((TRUST + "truststoreUri", "s3://a-strangers/clients.pem")),
     domain_name("mutualTlsAuthentication")),
    # Without a truststore there is no mutual TLS, and an older version will do.
    (["MutualTlsAuthentication.TruststoreUri", "SecurityPolicy"],
     patch_domain_name((TRUST + "truststoreUri", ""), ("/securityPolicy", "TLS_1_0")), domain_name("mutualTlsAuthentication", "securityPolicy")),
    (["MutualTlsAuthentication.TruststoreVersion"], patch_domain_name((TRUST + "truststoreVersion", "1")), domain_name("mutualTlsAuthentication")),
    (["RegionalCertificateArn"], patch_domain_name(("/regionalCertificateArn", OTHER_CERTIFICATE)), domain_name("regionalCertificateArn")),
    *tag_changes(*domain_tagging),
]


def mapping_place(id):
    return dict(zip(("domainName", "basePath"), below(id)))


def mapping(name):
    return lambda id: gateway.get_base_path_mapping(**mapping_place(id))[name]


def patch_mapping(path, value):
    return lambda id: gateway.update_base_path_mapping(**mapping_place(id), patchOperations=[patch(path, value(id))])


def stage_of_a_stranger(id):
    """Beside ours, and serving the same."""
    api, ours = mapping("restApiId")(id), mapping("stage")(id)
    served = gateway.get_stage(restApiId=api, stageName=ours)["deploymentId"]
    return gateway.create_stage(restApiId=api, stageName="a-strangers", deploymentId=served)["stageName"]


def api_of_a_stranger(id):
    api = gateway.create_rest_api(name="a stranger's")["id"]
    root = {"restApiId": api, "resourceId": api_resources(api)[0]["id"], "httpMethod": "GET"}
    gateway.put_method(**root, authorizationType="NONE")
    gateway.put_integration(**root, type="MOCK")
    gateway.create_deployment(restApiId=api, stageName=mapping("stage")(id))
    return api


def delete_things_of_strangers():
    for api, name in stage_names():
        if name == "a-strangers":
            gateway.delete_stage(restApiId=api, stageName=name)
    for api in apis():
        if api["name"] == "a stranger's":
            gateway.delete_rest_api(restApiId=api["id"])


TIDY.append(delete_things_of_strangers)
CHANGES["AWS::ApiGateway::BasePathMapping"] = [
    (["Stage"], patch_mapping("/stage", stage_of_a_stranger), mapping("stage")),
    (["RestApiId"], patch_mapping("/restapiId", api_of_a_stranger), mapping("restApiId")),
]

# Where it stands is all that a resource is; what it deploys, all that a deployment is;
# whom it lets in, all that a plan's key is; and a role that somebody sets is theirs.
CHANGES["AWS::ApiGateway::Account"] = []
CHANGES["AWS::ApiGateway::Resource"] = []
CHANGES["AWS::ApiGateway::Deployment"] = []
CHANGES["AWS::ApiGateway::UsagePlanKey"] = []


# -- deletion -------------------------------------------------------------------------------

@deletes("AWS::ApiGateway::UsagePlanKey")
def delete_usage_plan_key(identifier):
    key, plan_id = identifier.split(":")
    gateway.delete_usage_plan_key(usagePlanId=plan_id, keyId=key)


@deletes("AWS::ApiGateway::UsagePlan")
def delete_usage_plan(plan_id):
    # One that stages belong to cannot be deleted.
    leave_stages(plan_id)
    gateway.delete_usage_plan(usagePlanId=plan_id)


@deletes("AWS::ApiGateway::ApiKey")
def delete_api_key(key):
    gateway.delete_api_key(apiKey=key)


@deletes("AWS::ApiGateway::Stage")
def delete_stage(identifier):
    api, name = identifier.split("|")
    gateway.delete_stage(restApiId=api, stageName=name)


@deletes("AWS::ApiGateway::Deployment")
def delete_deployment(identifier):
    deployment, api = identifier.split("|")
    gateway.delete_deployment(restApiId=api, deploymentId=deployment)


@deletes("AWS::ApiGateway::Method")
def delete_method(identifier):
    api, resource, verb = identifier.split("|")
    gateway.delete_method(restApiId=api, resourceId=resource, httpMethod=verb)


@deletes("AWS::ApiGateway::RequestValidator")
def delete_request_validator(identifier):
    api, one = identifier.split("|")
    gateway.delete_request_validator(restApiId=api, requestValidatorId=one)


@deletes("AWS::ApiGateway::Model")
def delete_model(identifier):
    api, name = identifier.split("|")
    gateway.delete_model(restApiId=api, modelName=name)


@deletes("AWS::ApiGateway::Resource")
def delete_api_resource(identifier):
    api, resource = identifier.split("|")
    try:
        gateway.delete_resource(restApiId=api, resourceId=resource)
    except gateway.exceptions.NotFoundException:
        # It went with the one above it.
        pass


@deletes("AWS::ApiGateway::BasePathMapping")
def delete_base_path_mapping(identifier):
    name, path = identifier.split("|")
    gateway.delete_base_path_mapping(domainName=name, basePath=path)


@deletes("AWS::ApiGateway::DomainName")
def delete_domain_name(name):
    gateway.delete_domain_name(domainName=name)


@deletes("AWS::ApiGateway::Account")
def delete_account_role(arn):
    gateway.update_account(patchOperations=[patch("/cloudwatchRoleArn", "")])


@deletes("AWS::ApiGateway::RestApi")
def delete_api(api):
    # One that a domain name serves cannot be deleted.
    for name, path in base_path_mappings():
        if gateway.get_base_path_mapping(domainName=name, basePath=path)["restApiId"] == api:
            gateway.delete_base_path_mapping(domainName=name, basePath=path)
    gateway.delete_rest_api(restApiId=api)


@deletes("AWS::ApiGateway::ClientCertificate")
def delete_client_certificate(certificate):
    gateway.delete_client_certificate(clientCertificateId=certificate)
