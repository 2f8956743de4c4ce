//! The API and its firewall.

use super::syntax::{check_ranges, valid_arn, valid_domain, valid_s3_uri};
use crate::blueprint::spec::{Api, Authorization, EndpointType, Firewall, MutualTls, Provision};
use crate::pipeline::state::{ApiBlock, FirewallBlock, MutualTlsBlock};
use crate::pipeline::values::{Place, Reader};
use tf_provider::value::Value;

pub(super) fn api(r: &mut Reader, block: &Value<ApiBlock>) -> Api {
    let place = Place::root().at("api");
    let block = r.block(block);
    let block = block.as_ref();
    let default = Api::default();
    let api = Api {
        authorization: r
            .choice(
                &place.at("authorization"),
                block.map(|b| &b.authorization),
                default.authorization.as_str(),
                &Authorization::ALL,
            )
            .and_then(|text| Authorization::parse(&text))
            .unwrap_or_default(),
        endpoint_type: r
            .choice(
                &place.at("endpoint_type"),
                block.map(|b| &b.endpoint_type),
                default.endpoint_type.as_str(),
                &EndpointType::ALL,
            )
            .and_then(|text| EndpointType::parse(&text))
            .unwrap_or_default(),
        rate_limit: r.decimal(
            &place.at("rate_limit"),
            block.map(|b| &b.rate_limit),
            default.rate_limit,
            0.1..=10_000.0,
        ),
        burst_limit: r.whole(
            &place.at("burst_limit"),
            block.map(|b| &b.burst_limit),
            default.burst_limit,
            1..=5_000,
        ),
        quota_per_day: r.whole(
            &place.at("quota_per_day"),
            block.map(|b| &b.quota_per_day),
            default.quota_per_day,
            1..=2_000_000_000,
        ),
        allowed_cidrs: check_ranges(
            r,
            &place.at("allowed_cidrs"),
            block.map(|b| &b.allowed_cidrs),
        ),
        logging_role: provision(r, &place.at("logging_role"), block.map(|b| &b.logging_role)),
        mutual_tls: mutual_tls(r, &place.at("mutual_tls"), block.map(|b| &b.mutual_tls)),
    };
    let kind = block.is_none_or(|b| !b.endpoint_type.is_unknown());
    let known = kind
        && block.is_none_or(|b| !b.allowed_cidrs.is_unknown() && !b.authorization.is_unknown());
    let open = api.authorization == Authorization::None && api.allowed_cidrs.is_empty();
    if open && api.endpoint_type == EndpointType::Regional && known {
        r.problem(
            &place.at("authorization"),
            "Anybody with the key could call",
            "authorization is \"NONE\" and allowed_cidrs is empty; an API key is no authentication. \
             Write allowed_cidrs, the ranges that may call, or authorization = \"AWS_IAM\".",
        );
    }
    if api.endpoint_type == EndpointType::Private && kind {
        private(r, &place, block, &api);
    }
    api
}

/// What a private API cannot have, as far as it is known.
fn private(r: &mut Reader, place: &Place, block: Option<&ApiBlock>, api: &Api) {
    if api.mutual_tls.is_some() && block.is_none_or(|b| !b.mutual_tls.is_unknown()) {
        r.problem(
            &place.at("mutual_tls"),
            "Mutual TLS before a private API",
            "endpoint_type is \"PRIVATE\" and mutual_tls is given, but API Gateway asks for client certificates at a public domain only. \
             Write endpoint_type = \"REGIONAL\", or remove mutual_tls.",
        );
    }
    if !api.allowed_cidrs.is_empty() && block.is_none_or(|b| !b.allowed_cidrs.is_unknown()) {
        r.problem(
            &place.at("allowed_cidrs"),
            "Public addresses before a private API",
            "endpoint_type is \"PRIVATE\" and allowed_cidrs is given, but what passes an endpoint has no public address, so that nobody could call. \
             Remove allowed_cidrs: who may call carries the endpoint's security group. Or write endpoint_type = \"REGIONAL\".",
        );
    }
}

fn mutual_tls(
    r: &mut Reader,
    place: &Place,
    value: Option<&Value<MutualTlsBlock>>,
) -> Option<MutualTls> {
    let block = value.and_then(|value| r.block(value))?;
    let at = place.at("domain_name");
    let domain_name = r.required_text(&at, &block.domain_name, ["a.example.com", "b.example.com"]);
    r.check(
        &at,
        &domain_name,
        valid_domain(&domain_name),
        "is not a domain name",
        "Write it in lower case without scheme or path, for example \"documents.example.com\".",
    );
    let at = place.at("certificate_arn");
    let certificate_arn = r.required_text(
        &at,
        &block.certificate_arn,
        [
            "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-00000000000a",
            "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-00000000000b",
        ],
    );
    r.check(
        &at,
        &certificate_arn,
        valid_arn("acm", "certificate/", &certificate_arn),
        "is not the ARN of a certificate in ACM",
        "Write one such as \"arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab\".",
    );
    let at = place.at("truststore_uri");
    let truststore_uri = r.required_text(
        &at,
        &block.truststore_uri,
        ["s3://probe-a/pem", "s3://probe-b/pem"],
    );
    r.check(
        &at,
        &truststore_uri,
        valid_s3_uri(&truststore_uri),
        "is not the address of an object in S3",
        "Write \"s3://bucket/key\" of a PEM file with the accepted authorities.",
    );
    let at = place.at("truststore_version");
    let truststore_version = r.text(&at, Some(&block.truststore_version), ["probe-a", "probe-b"]);
    if let Some(version) = &truststore_version {
        r.check(
            &at,
            version,
            (1..=1024).contains(&version.len()),
            "is not the version of an object",
            "Write its version id, or leave it out.",
        );
    }
    Some(MutualTls {
        domain_name,
        certificate_arn,
        truststore_uri,
        truststore_version,
    })
}

pub(super) fn firewall(r: &mut Reader, block: &Value<FirewallBlock>) -> Firewall {
    let place = Place::root().at("firewall");
    let block = r.block(block);
    Firewall {
        requests_per_5_minutes: r.whole(
            &place.at("requests_per_5_minutes"),
            block.as_ref().map(|b| &b.requests_per_5_minutes),
            Firewall::default().requests_per_5_minutes,
            10..=2_000_000_000,
        ),
    }
}

/// Who provides something of which an account has one.
pub(super) fn provision(r: &mut Reader, place: &Place, value: Option<&Value<String>>) -> Provision {
    r.choice(place, value, Provision::default().as_str(), &Provision::ALL)
        .and_then(|text| Provision::parse(&text))
        .unwrap_or_default()
}
