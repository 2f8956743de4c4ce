//! The API, and the firewall before it.

use super::{Check, Controls, Waiver};
use crate::evidence::subject::{Subject, Verdict, at, list, many, seen, show, texts};
use serde_json::Value;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "apis_are_regional_or_private",
        title: "The API is regional or private",
        requirements: &["1.4.1"],
        controls: Controls {
            config_pack: &["API_GW_ENDPOINT_TYPE_CHECK"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::RestApi"],
        judge: |api| {
            let types = texts(api.at("EndpointConfiguration.Types"));
            seen(
                types == ["REGIONAL"] || types == ["PRIVATE"],
                format!("EndpointConfiguration.Types = {}", list(&types)),
            )
        },
        waiver: None,
    },
    Check {
        name: "apis_take_tls_1_2_or_newer",
        title: "The API and its domain name take TLS 1.2 or newer only",
        requirements: &["4.2.1"],
        controls: Controls::NONE,
        types: &["AWS::ApiGateway::RestApi", "AWS::ApiGateway::DomainName"],
        judge: |api| {
            let path = "SecurityPolicy";
            let policy = api.at(path).as_str().unwrap_or_default();
            let newer = ["TLS_1_2", "SecurityPolicy_TLS12", "SecurityPolicy_TLS13"];
            let is_newer = newer.iter().any(|name| policy.starts_with(name));
            seen(is_newer, api.show(path))
        },
        waiver: None,
    },
    Check {
        name: "stages_log_and_measure",
        title: "Every method of the API is logged and measured",
        requirements: &["10.2.1"],
        controls: Controls {
            fsbp: &["APIGateway.1"],
            prowler: &["apigateway_restapi_logging_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::Stage"],
        judge: logged,
        waiver: None,
    },
    Check {
        name: "stages_have_a_client_certificate",
        title: "The API's backend can tell that API Gateway calls",
        requirements: &["4.2.1"],
        controls: Controls {
            fsbp: &["APIGateway.2"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::Stage"],
        judge: |stage| {
            let path = "ClientCertificateId";
            seen(stage.at(path).is_string(), stage.show(path))
        },
        waiver: None,
    },
    Check {
        name: "stages_are_traced",
        title: "Requests to the API are traced",
        requirements: &["10.2.1"],
        controls: Controls {
            fsbp: &["APIGateway.3"],
            config_pack: &["API_GW_XRAY_ENABLED"],
            prowler: &["apigateway_restapi_tracing_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::Stage"],
        judge: |stage| stage.expects("TracingEnabled", true),
        waiver: None,
    },
    Check {
        name: "stages_are_behind_a_web_acl",
        title: "The API is behind a web ACL",
        requirements: &["6.4.2"],
        controls: Controls {
            fsbp: &["APIGateway.4"],
            prowler: &["apigateway_restapi_waf_acl_attached"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::Stage"],
        judge: behind,
        waiver: None,
    },
    Check {
        name: "stages_encrypt_what_they_cache",
        title: "What the API caches is encrypted",
        requirements: &["3.5.1"],
        controls: Controls {
            prowler: &["apigateway_restapi_cache_encrypted"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::Stage"],
        judge: |stage| {
            let (all, plain) = caching(stage);
            let observed = match all {
                0 => "nothing is cached".to_owned(),
                _ => format!("of {all} settings that cache, {plain} do not encrypt"),
            };
            seen(plain == 0, observed)
        },
        waiver: None,
    },
    Check {
        name: "stages_cache",
        title: "The API caches, and encrypts what it caches",
        requirements: &["3.5.1"],
        controls: Controls {
            config_pack: &["API_GW_CACHE_ENABLED_AND_ENCRYPTED"],
            ..Controls::NONE
        },
        types: &["AWS::ApiGateway::Stage"],
        judge: |stage| {
            let (all, plain) = caching(stage);
            let has_cache = *stage.at("CacheClusterEnabled") == Value::Bool(true);
            let observed = match has_cache {
                true => format!(
                    "a cache, and {all} settings that use it, of which {plain} do not encrypt"
                ),
                false => "the stage has no cache".to_owned(),
            };
            seen(has_cache && all > 0 && plain == 0, observed)
        },
        waiver: Waiver::of_all(
            "a cache would keep responses that may hold card data; without one there is nothing to encrypt",
        ),
    },
    Check {
        name: "web_acls_have_rules",
        title: "The web ACL has rules",
        requirements: &["6.4.2"],
        controls: Controls {
            fsbp: &["WAF.10"],
            config_pack: &["WAFV2_RULEGROUP_NOT_EMPTY", "WAFV2_WEBACL_NOT_EMPTY"],
            prowler: &["wafv2_webacl_with_rules"],
            ..Controls::NONE
        },
        types: &["AWS::WAFv2::WebACL"],
        judge: |acl| {
            let names: Vec<String> = many(acl.at("Rules"))
                .into_iter()
                .map(|rule| show(at(rule, "Name")))
                .collect();
            seen(!names.is_empty(), format!("rules: {}", list(&names)))
        },
        waiver: None,
    },
    Check {
        name: "web_acl_rules_are_measured",
        title: "Every rule of the web ACL is measured",
        requirements: &["10.4.1"],
        controls: Controls {
            fsbp: &["WAF.12"],
            config_pack: &["WAFV2_RULEGROUP_LOGGING_ENABLED"],
            prowler: &["wafv2_webacl_rule_logging_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::WAFv2::WebACL"],
        judge: measured,
        waiver: None,
    },
    Check {
        name: "web_acls_log",
        title: "What the web ACL decides is logged",
        requirements: &["10.2.1", "10.4.1"],
        controls: Controls {
            security_hub: &["WAF.11"],
            prowler: &["wafv2_webacl_logging_enabled"],
            ..Controls::NONE
        },
        types: &["AWS::WAFv2::WebACL"],
        judge: |acl| {
            let to: Vec<&str> = acl
                .others("AWS::WAFv2::LoggingConfiguration")
                .filter(|one| acl.is_named_by(one.at("ResourceArn")))
                .flat_map(|one| texts(one.at("LogDestinationConfigs")))
                .collect();
            seen(!to.is_empty(), format!("it logs to: {}", list(&to)))
        },
        waiver: None,
    },
];

/// One setting stands for every method, and none is weaker.
fn logged(stage: &Subject<'_>) -> Option<Verdict> {
    let settings = many(stage.at("MethodSettings"));
    let is = |one: &Value, name: &str, text: &str| at(one, name).as_str() == Some(text);
    let whole = settings
        .iter()
        .any(|one| is(one, "HttpMethod", "*") && is(one, "ResourcePath", "/*"));
    let good = settings.iter().all(|one| {
        (is(one, "LoggingLevel", "INFO") || is(one, "LoggingLevel", "ERROR"))
            && *at(one, "MetricsEnabled") == Value::Bool(true)
    });
    let levels: Vec<String> = settings
        .iter()
        .map(|one| {
            format!(
                "{} {}: {}",
                show(at(one, "HttpMethod")),
                show(at(one, "ResourcePath")),
                show(at(one, "LoggingLevel"))
            )
        })
        .collect();
    seen(whole && good, format!("LoggingLevel = {}", list(&levels)))
}

/// How many settings cache, and how many of them do not encrypt.
fn caching(stage: &Subject<'_>) -> (usize, usize) {
    let is = |setting: &Value, name: &str| *at(setting, name) == Value::Bool(true);
    let settings = many(stage.at("MethodSettings"));
    let caching = settings.iter().filter(|one| is(one, "CachingEnabled"));
    let plain = caching.clone().filter(|one| !is(one, "CacheDataEncrypted"));
    (caching.count(), plain.count())
}

/// `arn:aws:apigateway:us-east-1::/restapis/abc123/stages/v1`
fn behind(stage: &Subject<'_>) -> Option<Verdict> {
    let of = format!(
        "/restapis/{}/stages/{}",
        show(stage.at("RestApiId")),
        stage.resource.reference
    );
    let acls: Vec<&str> = stage
        .others("AWS::WAFv2::WebACLAssociation")
        .filter(|one| {
            let arn = one.at("ResourceArn").as_str();
            arn.is_some_and(|arn| arn.ends_with(&of))
        })
        .filter_map(|one| one.at("WebACLArn").as_str())
        .collect();
    seen(!acls.is_empty(), format!("web ACL: {}", list(&acls)))
}

fn measured(acl: &Subject<'_>) -> Option<Verdict> {
    let rules = many(acl.at("Rules"));
    let dark: Vec<String> = rules
        .iter()
        .chain([&&acl.resource.properties])
        .filter(|one| *at(one, "VisibilityConfig.CloudWatchMetricsEnabled") != Value::Bool(true))
        .map(|one| show(at(one, "Name")))
        .collect();
    seen(dark.is_empty(), format!("without metrics: {}", list(&dark)))
}
