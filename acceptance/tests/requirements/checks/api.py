"""API Gateway."""

import json

from frame import ACCOUNT, REGION, equal, expect, many, statements, template_only

PATHS = {"/documents/upload": "validate", "/documents/encrypt": "encrypt", "/documents/scan": "scan", "/scan": "scan"}
MUTUAL_TLS = {
    "domain_name": "documents.example.com",
    "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012",
    "truststore_uri": "s3://of-our-own/truststore.pem",
}


def _api(x):
    return x.client("apigateway").get_rest_api(restApiId=x.physical("RestApi"))


def _methods(x):
    """POST by path."""
    api, client = x.physical("RestApi"), x.client("apigateway")
    found = {}
    for resource in x.pages("apigateway", "get_resources", "items", restApiId=api):
        if resource["path"] in PATHS:
            found[resource["path"]] = client.get_method(restApiId=api, resourceId=resource["id"], httpMethod="POST")
    equal(set(found), set(PATHS), "the paths")
    return found


def _stage(x):
    return x.client("apigateway").get_stage(restApiId=x.physical("RestApi"), stageName=x.physical("ApiStage").split("|")[-1])


def _settings(x):
    """Of all methods together."""
    settings = _stage(x).get("methodSettings", {})
    expect("*/*" in settings, f"method settings {sorted(settings)}")
    return settings["*/*"]


def _plan(x):
    return x.client("apigateway").get_usage_plan(usagePlanId=x.physical("UsagePlan"))


def r050(x):
    """REST API: POST /documents/upload, /documents/encrypt, /documents/scan, and /scan"""
    _methods(x)
    return "POST " + ", ".join(PATHS)


def r051(x):
    """API key on every method"""
    for path, method in _methods(x).items():
        expect(method["apiKeyRequired"], f"{path} needs no key")
    status, _ = x.post("/documents/upload", {"document_key": "r051.txt"}, key=False)
    equal(status, 403, "the answer without a key")
    return "apiKeyRequired on four methods; 403 without"


def r052(x):
    """Usage plan throttling and quota"""
    plan = _plan(x)
    equal((plan["throttle"]["rateLimit"], plan["throttle"]["burstLimit"]), (100.0, 200), "throttle")
    equal((plan["quota"]["limit"], plan["quota"]["period"]), (10000, "DAY"), "quota")
    equal([s["apiId"] for s in plan["apiStages"]], [x.physical("RestApi")], "its stages")
    keys = x.client("apigateway").get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    equal([k["id"] for k in keys], [x.physical("ApiKey")], "its keys")
    return "100 a second, burst 200, 10000 a day"


def r053(x):
    """Stage-level throttling"""
    settings = _settings(x)
    equal((settings["throttlingRateLimit"], settings["throttlingBurstLimit"]), (100.0, 200), "the stage's throttle")
    return "100 a second, burst 200"


def r054(x):
    """Access logs to CloudWatch, as JSON"""
    logs = _stage(x)["accessLogSettings"]
    group = x.properties("ApiAccessLogGroup")["LogGroupName"]
    expect(logs["destinationArn"].removesuffix(":*").endswith(f":log-group:{group}"), logs["destinationArn"])
    fields = json.loads(logs["format"])
    expect("$context.requestId" in fields.values(), f"fields {sorted(fields)}")
    return f"{group}: {', '.join(fields)}"


def r055(x):
    """Execution logging without payloads"""
    settings = _settings(x)
    expect(settings["loggingLevel"] in ("INFO", "ERROR"), f"level {settings['loggingLevel']}")
    equal(settings["dataTraceEnabled"], False, "dataTraceEnabled")
    return f"{settings['loggingLevel']}, dataTraceEnabled is false"


def r056(x):
    """Request validator for body and parameters"""
    validators = x.client("apigateway").get_request_validators(restApiId=x.physical("RestApi"))["items"]
    both = {v["id"] for v in validators if v["validateRequestBody"] and v["validateRequestParameters"]}
    for path, method in _methods(x).items():
        expect(method.get("requestValidatorId") in both, f"{path} is not validated")
        expect(method.get("requestModels"), f"{path} has no model, so that any body will do")
    status, _ = x.post("/documents/upload", {"no": "key"})
    equal(status, 400, "the answer to a malformed body")
    return "body and parameters on four methods; 400 to a malformed body"


def r057(x):
    """Lambda proxy integrations"""
    for path, method in _methods(x).items():
        integration = method["methodIntegration"]
        equal(integration["type"], "AWS_PROXY", f"the integration of {path}")
        expect(f":function:{x.named(PATHS[path])}/invocations" in integration["uri"], integration["uri"])
    return "AWS_PROXY to validate, encrypt and scan"


@template_only
def r058(x):
    """Mutual TLS, optional"""
    template = x.render(api={"mutual_tls": MUTUAL_TLS})
    (domain,) = [r["Properties"] for r in template.values() if r["Type"] == "AWS::ApiGateway::DomainName"]
    equal(domain["MutualTlsAuthentication"]["TruststoreUri"], MUTUAL_TLS["truststore_uri"], "the truststore")
    equal(domain["SecurityPolicy"], "TLS_1_2", "the security policy")
    equal(template["RestApi"]["Properties"].get("DisableExecuteApiEndpoint"), True, "DisableExecuteApiEndpoint")
    expect(any(r["Type"] == "AWS::ApiGateway::BasePathMapping" for r in template.values()), "the domain leads nowhere")
    expect(not x.of_type("AWS::ApiGateway::DomainName"), "a domain that nobody asked for")
    return "domain with truststore, execute-api disabled; none by default"


def r059(x):
    """IAM authorisation plus API key"""
    for path, method in _methods(x).items():
        equal((method["authorizationType"], method["apiKeyRequired"]), ("AWS_IAM", True), path)
    return "AWS_IAM and a key on four methods"


@template_only
def r060(x):
    """Resource policy: source IP allow-list"""
    template = x.render(api={"allowed_cidrs": ["203.0.113.0/24"]})
    policy = template["RestApi"]["Properties"]["Policy"]
    denials = [s for s in statements(policy, "Deny") if "aws:SourceIp" in s.get("Condition", {}).get("NotIpAddress", {})]
    expect(denials and "203.0.113.0/24" in many(denials[0]["Condition"]["NotIpAddress"]["aws:SourceIp"]), f"{policy}")
    return "everybody else is denied by aws:SourceIp"


def r061(x):
    """Endpoint type"""
    types = _api(x)["endpointConfiguration"]["types"]
    equal(types, ["REGIONAL"], "the endpoint's type")
    # The other kind would be another pipeline; apply.rs has one and looks at it.
    template = x.render(api={"endpoint_type": "PRIVATE"})
    api, through = template["RestApi"]["Properties"], {"Ref": "ExecuteApiEndpoint"}
    equal(api["EndpointConfiguration"], {"Types": ["PRIVATE"], "VpcEndpointIds": [through]}, "a private endpoint")
    (denial,) = statements(api["Policy"], "Deny")
    equal(denial["Condition"], {"StringNotEquals": {"aws:SourceVpce": through}}, "who is refused")
    equal(template["ExecuteApiEndpoint"]["Properties"]["ServiceName"], f"com.amazonaws.{REGION}.execute-api", "the way to it")
    association = template["WebAclAssociation"]["Properties"]["ResourceArn"]
    equal(association, x.properties("WebAclAssociation")["ResourceArn"], "what the web ACL is before")
    return "REGIONAL, behind the web ACL of R064; PRIVATE through its own execute-api endpoint alone, and behind the ACL as well"


def r062(x):
    """No account-wide change by API logging"""
    now = x.now["singletons"]["API Gateway account"]
    expect(now is not None, "the account cannot be asked")
    equal(now, x.before["singletons"]["API Gateway account"], "API Gateway's account settings")
    expect(not x.of_type("AWS::ApiGateway::Account"), "the pipeline sets the account's role")
    return f"GetAccount is as before: {now.get('cloudwatchRoleArn')}"


def r063(x):
    """Backend TLS client certificate"""
    certificate = _stage(x).get("clientCertificateId")
    expect(certificate, "the stage has none")
    return f"certificate {certificate} on the stage"
