//! A domain name with mutual TLS (R058): cannot be a default, since it takes
//! a domain, a certificate and a trust store of the user's own.

use super::{Expansion, STAGE_ID, rest_api_id};
use crate::blueprint::object;
use crate::engine::template::intrinsics::reference;
use serde_json::json;

const DOMAIN_ID: &str = "ApiDomainName";

/// TLS 1.2 or newer.
pub(super) const SECURITY_POLICY: &str = "TLS_1_2";

pub(super) fn expand(x: &mut Expansion<'_>) {
    let Some(tls) = &x.spec.api.mutual_tls else {
        return;
    };
    x.add(
        DOMAIN_ID,
        "AWS::ApiGateway::DomainName",
        json!({
            "DomainName": tls.domain_name,
            "RegionalCertificateArn": tls.certificate_arn,
            "EndpointConfiguration": { "Types": ["REGIONAL"] },
            "SecurityPolicy": SECURITY_POLICY,
            "MutualTlsAuthentication": object(json!({
                "TruststoreUri": tls.truststore_uri,
                "TruststoreVersion": tls.truststore_version,
            })),
            "Tags": x.tags(&[]),
        }),
    );
    x.add(
        "ApiBasePathMapping",
        "AWS::ApiGateway::BasePathMapping",
        json!({
            "DomainName": reference(DOMAIN_ID),
            "RestApiId": rest_api_id(),
            "Stage": reference(STAGE_ID),
        }),
    );
}
