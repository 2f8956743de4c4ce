"""API Gateway."""

import ipaddress
import json

from frame import REGION, equal, expect, many, statements

PATHS = {"/documents/upload": "validate", "/documents/encrypt": "encrypt", "/documents/scan": "scan", "/scan": "scan"}


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


def r058(x):
    """Mutual TLS, optional"""
    beside = x.neighbour("beside")
    wanted, client, api = beside.settings["api"]["mutual_tls"], beside.client("apigateway"), beside.physical("RestApi")
    domain = client.get_domain_name(domainName=wanted["domain_name"])
    equal(domain["mutualTlsAuthentication"]["truststoreUri"], wanted["truststore_uri"], "the truststore")
    equal(domain["regionalCertificateArn"], wanted["certificate_arn"], "the certificate")
    equal(domain["securityPolicy"], "TLS_1_2", "the security policy")
    equal(client.get_rest_api(restApiId=api).get("disableExecuteApiEndpoint"), True, "disableExecuteApiEndpoint")
    leads = [m["restApiId"] for m in client.get_base_path_mappings(domainName=wanted["domain_name"])["items"]]
    equal(leads, [api], "where the domain leads")
    names = [one["domainName"] for one in client.get_domain_names()["items"]]
    equal(names, [wanted["domain_name"]], "all domains of the account")
    expect(not _api(x).get("disableExecuteApiEndpoint"), "this pipeline has no domain, and can be called nowhere")
    return f"{wanted['domain_name']} of the neighbour asks for certificates and is its only door; none by default"


def r059(x):
    """IAM authorisation plus API key"""
    for path, method in _methods(x).items():
        equal((method["authorizationType"], method["apiKeyRequired"]), ("AWS_IAM", True), path)
    return "AWS_IAM and a key on four methods"


def r060(x):
    """Resource policy: source IP allow-list"""
    beside = x.neighbour("beside")
    cidrs = beside.settings["api"]["allowed_cidrs"]
    # API Gateway gives it back as JSON within JSON, some of the time.
    text = _api(beside)["policy"]
    policy = json.loads(text if text.startswith("{\"") else text.replace("\\\"", "\""))

    def calls(address):
        """Whether somebody of this address comes through, whom IAM admits (R059)."""
        inside = lambda ranges: any(ipaddress.ip_address(address) in ipaddress.ip_network(one) for one in many(ranges))
        return all(inside(s["Condition"]["NotIpAddress"]["aws:SourceIp"]) for s in statements(policy, "Deny"))

    for s in statements(policy, "Deny"):
        expect(s["Principal"] in ("*", {"AWS": "*"}), f"only {s['Principal']} is denied")
        equal(sorted(many(s["Condition"]["NotIpAddress"]["aws:SourceIp"])), sorted(cidrs), "from where nobody is denied")
        expect(all(resource.endswith("*") for resource in many(s["Resource"])), f"only {s['Resource']} is denied")
    equal({address: calls(address) for address in ("203.0.113.7", "203.0.114.7", "198.51.100.1")},
          {"203.0.113.7": True, "203.0.114.7": False, "198.51.100.1": False}, "who comes through")
    why = x.refused(api={"authorization": "NONE"})
    expect("allowed_cidrs" in why, f"without authorisation and without ranges: {why}")
    return f"GetRestApi of the neighbour: everybody outside of {', '.join(cidrs)} is denied; without authorisation there must be ranges"


def r061(x):
    """Endpoint type"""
    types = _api(x)["endpointConfiguration"]["types"]
    equal(types, ["REGIONAL"], "the endpoint's type")
    # The other kind would be another pipeline; examples.rs has one and looks at it.
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
    live = x.client("apigateway").get_client_certificate(clientCertificateId=certificate)
    equal(live["clientCertificateId"], certificate, "the account's certificate")
    return f"certificate {certificate} on the stage"
