"""Rules about the API and its firewall."""

from .frame import many, refers, required, rule


@rule("AWS::ApiGateway::RestApi")
def apis_are_regional_or_private(api):
    types = many(api.at("EndpointConfiguration.Types"))
    return required(types in (["REGIONAL"], ["PRIVATE"]), f"its endpoint is {types or 'EDGE'}")


@rule("AWS::ApiGateway::DomainName")
def domains_speak_tls_1_2(domain):
    return required(domain.at("SecurityPolicy") == "TLS_1_2", f"its security policy is {domain.at('SecurityPolicy')}")


@rule("AWS::ApiGateway::Stage")
def stages_log_no_bodies(stage):
    settings = many(stage.at("MethodSettings"))
    return required(settings and all(one.get("DataTraceEnabled") is False for one in settings), "data trace is not off")


@rule("AWS::ApiGateway::Stage")
def stages_log_and_measure(stage):
    """Every method, for which one setting stands."""
    settings = many(stage.at("MethodSettings"))
    whole = [one for one in settings if one.get("HttpMethod") == "*" and one.get("ResourcePath") == "/*"]
    good = [one.get("LoggingLevel") in ("ERROR", "INFO") and one.get("MetricsEnabled") is True for one in settings]
    return required(whole and all(good), "not every method logs and is measured")


@rule("AWS::ApiGateway::Stage")
def stages_encrypt_what_they_cache(stage):
    """What caches nothing has nothing to encrypt."""
    settings = many(stage.at("MethodSettings"))
    caching = [one for one in settings if one.get("CachingEnabled") or stage.at("CacheClusterEnabled")]
    bare = stage.at("CacheClusterEnabled") and not settings
    return required(not bare and all(one.get("CacheDataEncrypted") is True for one in caching), "its cache is not encrypted")


@rule("AWS::ApiGateway::Method")
def methods_are_validated(method):
    validators = [
        one for one in method.template.of("AWS::ApiGateway::RequestValidator") if refers(method.at("RequestValidatorId"), one.id)
    ]
    both = [one.at("ValidateRequestBody") is True and one.at("ValidateRequestParameters") is True for one in validators]
    return required(any(both), "its requests are not validated")


@rule("AWS::WAFv2::WebACL")
def web_acls_have_rules(acl):
    return required(many(acl.at("Rules")), "it has no rule")


@rule("AWS::WAFv2::WebACL")
def web_acl_rules_act(acl):
    idle = [one.get("Name") for one in many(acl.at("Rules")) if not one.get("Action") and not one.get("OverrideAction")]
    return required(not idle, f"rules without an action: {idle}")


@rule("AWS::WAFv2::WebACL")
def web_acl_rules_are_measured(acl):
    visible = [(one.get("Name"), one.get("VisibilityConfig") or {}) for one in [*many(acl.at("Rules")), acl.properties]]
    dark = [name for name, config in visible if config.get("CloudWatchMetricsEnabled") is not True]
    return required(not dark, f"no metrics of {dark}")


@rule("AWS::WAFv2::WebACL")
def web_acls_stop_log4j_and_hidden_callers(acl):
    """checkov asks for both groups under the name of the one vulnerability."""
    wrong = []
    for name in ("AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesAnonymousIpList"):
        acting = [
            one for one in many(acl.at("Rules"))
            if ((one.get("Statement") or {}).get("ManagedRuleGroupStatement") or {}).get("Name") == name
            and "None" in (one.get("OverrideAction") or {})
        ]
        wrong += required(acting, f"{name} is not in force")
    return wrong
