//! What is reached from outside: the API and the firewall before it.

use super::{Default_, Optional, Required, block, number, text, texts};
use tf_provider::schema::Attribute;

pub fn api() -> Attribute {
    block(
        Default_,
        "REST API of the pipeline: `POST /documents/upload`, `/documents/encrypt` and `/documents/scan` (which is `/scan` too), each with an API key. \
         It takes TLS 1.2 with forward secrecy or newer (with `mutual_tls`: AWS' policy `TLS_1_2`), and without `mutual_tls` refuses a request \
         whose `Host` is not the name in its TLS handshake: call it by `api_endpoint`.",
        [
            (
                "authorization",
                text(
                    Default_,
                    "Who may call, beside the API key: `AWS_IAM` (signed requests of principals of the pipeline's account whose policies allow `execute-api:Invoke`; callers of another account \
                     assume a role in this one) or `NONE` (whoever has \
                     the key; needs `allowed_cidrs` or a `PRIVATE` endpoint, since an API key is no authentication). Default `AWS_IAM`. Changed in place, with a new deployment.",
                ),
            ),
            (
                "endpoint_type",
                text(
                    Default_,
                    "From where the API is reached. `REGIONAL`: from the internet, by whom `authorization` and `allowed_cidrs` admit. `PRIVATE`: through \
                     an endpoint in the pipeline's network only, by what carries that endpoint's security group (`ExecuteApiSecurityGroup` in \
                     `physical_ids`); excludes `mutual_tls` and `allowed_cidrs`, since what passes an endpoint has no public address. Default \
                     `REGIONAL`. Changed in place, with a new deployment.",
                ),
            ),
            (
                "rate_limit",
                number(
                    Default_,
                    "Steady requests a second, of the API key and of the stage, 0.1 to 10000. More are answered with 429. Default 100. Changed in place.",
                ),
            ),
            (
                "burst_limit",
                number(
                    Default_,
                    "Requests at once, 1 to 5000. Less than `rate_limit` is warned of: requests that come at once are refused before the rate is reached. Default 200. Changed in place.",
                ),
            ),
            (
                "quota_per_day",
                number(
                    Default_,
                    "Requests a day of the API key, 1 to 2000000000. More are answered with 429. Default 10000. Changed in place.",
                ),
            ),
            (
                "allowed_cidrs",
                texts(
                    Default_,
                    "Source addresses that may call, as IPv4 or IPv6 ranges, by the API's resource policy; others get 403. Default none, which admits \
                     all addresses. Required with `authorization = \"NONE\"`, unless the endpoint is `PRIVATE`. Changed in place, with a new deployment.",
                ),
            ),
            (
                "logging_role",
                text(
                    Default_,
                    "The account's one role with which API Gateway writes logs. `existing`: the account has it, or the plan warns that it has not. \
                     `managed`: the pipeline creates it; refused where there is one. `none`: the API does without execution and access logs. \
                     Default `existing`. Changed in place: away from `managed` the role is removed, and to `none` the API's log groups, which is refused unless \
                     `allow_data_loss` is true.",
                ),
            ),
            (
                "mutual_tls",
                block(
                    Optional,
                    "Client certificates: a domain of your own before the API, which then refuses callers on its default address. Default none. You point the domain's \
                     DNS record at it. Certificate and truststore are never modified nor deleted. A change to or from null adds or removes the domain and the secret \
                     with the passphrase of clients' certificates; the removal of that is refused unless `allow_data_loss` is true. It is a new deployment with another \
                     TLS policy, for which AWS takes a quarter of an hour, and the API can be called meanwhile.",
                    [
                        (
                            "domain_name",
                            text(
                                Required,
                                "Domain of the API, for example `documents.example.com`. A change replaces the domain in API Gateway, and gives the secret with the passphrase of \
                                 clients' certificates a new value.",
                            ),
                        ),
                        (
                            "certificate_arn",
                            text(
                                Required,
                                "ARN of the certificate for the domain in ACM, in the pipeline's region. Changed in place.",
                            ),
                        ),
                        (
                            "truststore_uri",
                            text(
                                Required,
                                "The authorities whose client certificates are accepted: a PEM file in S3, as `s3://bucket/key`. Changed in place.",
                            ),
                        ),
                        (
                            "truststore_version",
                            text(
                                Optional,
                                "Version of that file. Default the one that is current when it is applied. Changed in place.",
                            ),
                        ),
                    ],
                ),
            ),
        ],
    )
}

pub fn firewall() -> Attribute {
    block(
        Default_,
        "WAF web ACL before the API: AWS managed rules that block SQL injection, cross-site scripting, known bad input, addresses of bad reputation and \
         anonymizing proxies (VPN, Tor), and a limit for each address. What WAF looks at of a body is its beginning; the functions judge the document.",
        [(
            "requests_per_5_minutes",
            number(
                Default_,
                "Requests of one address in five minutes, 10 to 2000000000; an address that sends more is blocked until it sends less. \
                 Default 2000. Changed in place.",
            ),
        )],
    )
}
