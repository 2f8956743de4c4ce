//! The API and its firewall.
//!
//! API Gateway's permissions are methods on paths
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_apigateway.html>).
//! What is below an API or a usage plan is told by the tags of that, which it
//! inherits
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html>).

use super::row::{Kind, On, Row, When, Words, kind, row};

const API: On = On::Ours(&["arn:{partition}:apigateway:{region}::/restapis/*"]);
const APIS_SEEN: On = On::Arns(&["arn:{partition}:apigateway:{region}::/restapis/*"]);
const APIS: Words = &["arn:{partition}:apigateway:{region}::/restapis"];
const KEY: On = On::Ours(&["arn:{partition}:apigateway:{region}::/apikeys/*"]);
const KEYS: Words = &["arn:{partition}:apigateway:{region}::/apikeys"];
const PLAN: On = On::Ours(&["arn:{partition}:apigateway:{region}::/usageplans/*"]);
const PLANS: Words = &["arn:{partition}:apigateway:{region}::/usageplans"];
const CERTIFICATE: On = On::Ours(&["arn:{partition}:apigateway:{region}::/clientcertificates/*"]);
const CERTIFICATES: Words = &["arn:{partition}:apigateway:{region}::/clientcertificates"];
const DOMAIN: On = On::Arns(&[
    "arn:{partition}:apigateway:{region}::/domainnames/{DomainName}",
    "arn:{partition}:apigateway:{region}::/domainnames/{DomainName}/*",
]);
const DOMAINS: On = On::Made(&["arn:{partition}:apigateway:{region}::/domainnames"]);
const ACCOUNT: On = On::Arns(&["arn:{partition}:apigateway:{region}::/account"]);
const WEB_ACL: On = On::Arns(&["wafv2:regional/webacl/{Name}/*"]);

const GET: Words = &["apigateway:GET"];
const POST: Words = &["apigateway:POST"];
const PUT: Words = &["apigateway:PUT"];
const PATCH: Words = &["apigateway:PATCH"];
const DELETE: Words = &["apigateway:DELETE"];

/// The path of tags knows no tags of what it is about, so that nothing narrows
/// it; tags in a creating call are put there too
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html>).
const TAGS: On = On::Arns(&["arn:{partition}:apigateway:{region}::/tags/*"]);
const TAG: Row = row(&["apigateway:TagResource"], TAGS).asks(PUT);
const UNTAG: Row = row(&["apigateway:UntagResource"], TAGS).asks(DELETE);

/// Whose a child is stands in the API's tags.
const API_OF_CHILD: Row = row(&["apigateway:GetRestApi"], APIS_SEEN).asks(GET);

/// The first API or domain of an account makes API Gateway's own role
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html>).
const SERVICE_ROLE: On = On::Arns(&[
    "arn:{partition}:iam::{account}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway",
]);
const OF_API_GATEWAY: When = &[("iam:AWSServiceName", &["ops.apigateway.amazonaws.com"])];

const REST_APIS: &[Row] = &[
    row(&["apigateway:CreateRestApi"], On::Made(APIS)).asks(POST),
    row(&["apigateway:GetRestApis"], On::Arns(APIS)).asks(GET),
    API_OF_CHILD,
    row(&["apigateway:UpdateRestApi"], API).asks(PATCH),
    // A resource policy asks for one more, of what has no tags yet
    // (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html).
    row(
        &["apigateway:CreateRestApi", "apigateway:UpdateRestApi"],
        On::Arns(&[
            "arn:{partition}:apigateway:{region}::/restapis{Policy|there}",
            "arn:{partition}:apigateway:{region}::/restapis/*{Policy|there}",
        ]),
    )
    .asks(&["apigateway:UpdateRestApiPolicy"]),
    row(&["apigateway:CreateRestApi"], SERVICE_ROLE)
        .asks(&["iam:CreateServiceLinkedRole"])
        .when(OF_API_GATEWAY),
    row(&["apigateway:DeleteRestApi"], API).asks(DELETE),
    TAG,
    UNTAG,
];

const RESOURCES: &[Row] = &[
    row(&["apigateway:CreateResource"], API).asks(POST),
    row(
        &["apigateway:GetResource", "apigateway:GetResources"],
        APIS_SEEN,
    )
    .asks(GET),
    row(&["apigateway:DeleteResource"], API).asks(DELETE),
    API_OF_CHILD,
];

/// A role with which a method calls what is behind it would be passed; the
/// handler knows none.
const METHODS: &[Row] = &[
    row(&["apigateway:PutIntegration", "apigateway:PutMethod"], API).asks(PUT),
    row(
        &["apigateway:GetMethod", "apigateway:GetResources"],
        APIS_SEEN,
    )
    .asks(GET),
    row(&["apigateway:UpdateMethod"], API).asks(PATCH),
    row(
        &["apigateway:DeleteIntegration", "apigateway:DeleteMethod"],
        API,
    )
    .asks(DELETE),
    API_OF_CHILD,
];

const MODELS: &[Row] = &[
    row(&["apigateway:CreateModel"], API).asks(POST),
    row(&["apigateway:GetModel"], APIS_SEEN).asks(GET),
    row(&["apigateway:UpdateModel"], API).asks(PATCH),
    row(&["apigateway:DeleteModel"], API).asks(DELETE),
    API_OF_CHILD,
];

const VALIDATORS: &[Row] = &[
    row(&["apigateway:CreateRequestValidator"], API).asks(POST),
    row(
        &[
            "apigateway:GetRequestValidator",
            "apigateway:GetRequestValidators",
        ],
        APIS_SEEN,
    )
    .asks(GET),
    row(&["apigateway:UpdateRequestValidator"], API).asks(PATCH),
    row(&["apigateway:DeleteRequestValidator"], API).asks(DELETE),
    API_OF_CHILD,
];

const DEPLOYMENTS: &[Row] = &[
    row(&["apigateway:CreateDeployment"], API).asks(POST),
    row(
        &["apigateway:GetDeployment", "apigateway:GetDeployments"],
        APIS_SEEN,
    )
    .asks(GET),
    row(&["apigateway:DeleteDeployment"], API).asks(DELETE),
    API_OF_CHILD,
];

const STAGES: &[Row] = &[
    row(&["apigateway:CreateStage"], API).asks(POST),
    row(&["apigateway:GetStage"], APIS_SEEN).asks(GET),
    row(&["apigateway:UpdateStage"], API).asks(PATCH),
    row(&["apigateway:DeleteStage"], API).asks(DELETE),
    // Access logs are vended logs
    // (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html).
    row(
        &[
            "apigateway:CreateStage",
            "apigateway:DeleteStage",
            "apigateway:UpdateStage",
        ],
        On::Anything,
    )
    .asks(VENDED_LOGS),
    API_OF_CHILD,
    TAG,
    UNTAG,
];

/// What a service asks of the caller that makes it deliver to a log group
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html>),
/// and to change and end that
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html>).
const VENDED_LOGS: Words = &[
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

const API_KEYS: &[Row] = &[
    row(&["apigateway:CreateApiKey"], On::Made(KEYS)).asks(POST),
    row(&["apigateway:GetApiKeys"], On::Arns(KEYS)).asks(GET),
    row(
        &["apigateway:GetApiKey"],
        On::Arns(&["arn:{partition}:apigateway:{region}::/apikeys/*"]),
    )
    .asks(GET),
    row(&["apigateway:UpdateApiKey"], KEY).asks(PATCH),
    row(&["apigateway:DeleteApiKey"], KEY).asks(DELETE),
    // Its value stands in a secret. The key that opens it is the secret's to
    // allow, which knows whose it is
    // (https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html).
    row(
        &["secretsmanager:GetSecretValue"],
        On::Arns(&["secretsmanager:secret:{Value|secret}-??????"]),
    ),
    TAG,
    UNTAG,
];

const USAGE_PLANS: &[Row] = &[
    row(&["apigateway:CreateUsagePlan"], On::Made(PLANS)).asks(POST),
    row(&["apigateway:GetUsagePlans"], On::Arns(PLANS)).asks(GET),
    row(
        &["apigateway:GetUsagePlan"],
        On::Arns(&["arn:{partition}:apigateway:{region}::/usageplans/*"]),
    )
    .asks(GET),
    row(&["apigateway:UpdateUsagePlan"], PLAN).asks(PATCH),
    row(&["apigateway:DeleteUsagePlan"], PLAN).asks(DELETE),
    TAG,
    UNTAG,
];

const USAGE_PLAN_KEYS: &[Row] = &[
    row(&["apigateway:CreateUsagePlanKey"], PLAN).asks(POST),
    row(
        &["apigateway:GetUsagePlan", "apigateway:GetUsagePlanKey"],
        On::Arns(&["arn:{partition}:apigateway:{region}::/usageplans/*"]),
    )
    .asks(GET),
    row(&["apigateway:DeleteUsagePlanKey"], PLAN).asks(DELETE),
];

const CLIENT_CERTIFICATES: &[Row] = &[
    row(
        &["apigateway:GenerateClientCertificate"],
        On::Made(CERTIFICATES),
    )
    .asks(POST),
    row(
        &["apigateway:GetClientCertificates"],
        On::Arns(CERTIFICATES),
    )
    .asks(GET),
    row(
        &["apigateway:GetClientCertificate"],
        On::Arns(&["arn:{partition}:apigateway:{region}::/clientcertificates/*"]),
    )
    .asks(GET),
    row(&["apigateway:UpdateClientCertificate"], CERTIFICATE).asks(PATCH),
    row(&["apigateway:DeleteClientCertificate"], CERTIFICATE).asks(DELETE),
    TAG,
    UNTAG,
];

const DOMAIN_NAMES: &[Row] = &[
    row(&["apigateway:CreateDomainName"], DOMAINS).asks(POST),
    row(&["apigateway:GetDomainName"], DOMAIN).asks(GET),
    row(&["apigateway:UpdateDomainName"], DOMAIN).asks(PATCH),
    row(&["apigateway:DeleteDomainName"], DOMAIN).asks(DELETE),
    row(&["apigateway:CreateDomainName"], SERVICE_ROLE)
        .asks(&["iam:CreateServiceLinkedRole"])
        .when(OF_API_GATEWAY),
    // A domain has its certificate put and taken by permissions of their own
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_apigateway.html),
    // and who makes one with client certificates reads the truststore
    // (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigateway-domainname-mutualtlsauthentication.html).
    row(
        &["apigateway:CreateDomainName", "apigateway:UpdateDomainName"],
        On::Arns(&[
            "arn:{partition}:apigateway:{region}::/domainnames",
            "arn:{partition}:apigateway:{region}::/domainnames/{DomainName}",
        ]),
    )
    .asks(&["apigateway:AddCertificateToDomain"]),
    row(
        &["apigateway:DeleteDomainName", "apigateway:UpdateDomainName"],
        DOMAIN,
    )
    .asks(&["apigateway:RemoveCertificateFromDomain"]),
    row(
        &["apigateway:CreateDomainName", "apigateway:UpdateDomainName"],
        On::Arns(&["arn:{partition}:s3:::{MutualTlsAuthentication/TruststoreUri|s3}"]),
    )
    .asks(&["s3:GetObject", "s3:GetObjectVersion"]),
    TAG,
    UNTAG,
];

const BASE_PATH_MAPPINGS: &[Row] = &[
    row(&["apigateway:CreateBasePathMapping"], DOMAIN).asks(POST),
    row(
        &["apigateway:GetBasePathMapping", "apigateway:GetDomainName"],
        DOMAIN,
    )
    .asks(GET),
    row(&["apigateway:UpdateBasePathMapping"], DOMAIN).asks(PATCH),
    row(&["apigateway:DeleteBasePathMapping"], DOMAIN).asks(DELETE),
];

const ACCOUNTS: &[Row] = &[
    row(&["apigateway:GetAccount"], ACCOUNT).asks(GET),
    row(&["apigateway:UpdateAccount"], ACCOUNT).asks(PATCH),
    row(
        &["apigateway:UpdateAccount"],
        On::Arns(&["arn:{partition}:iam::{account}:role/{CloudWatchRoleArn}"]),
    )
    .asks(&["iam:PassRole"])
    .when(&[("iam:PassedToService", &["apigateway.amazonaws.com"])]),
    row(
        &["iam:GetRole"],
        On::Arns(&["arn:{partition}:iam::{account}:role/*"]),
    ),
];

/// Rule groups that AWS manages are named by resources of their own
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_wafv2.html>).
const MANAGED_RULES: On = On::Arns(&["wafv2:regional/managedruleset/*/*"]);

const WEB_ACLS: &[Row] = &[
    row(
        &[
            "wafv2:CreateWebACL",
            "wafv2:DeleteWebACL",
            "wafv2:GetWebACL",
            "wafv2:ListTagsForResource",
            "wafv2:TagResource",
            "wafv2:UntagResource",
            "wafv2:UpdateWebACL",
        ],
        WEB_ACL,
    ),
    row(&["wafv2:CreateWebACL", "wafv2:UpdateWebACL"], MANAGED_RULES),
    row(&["wafv2:ListWebACLs"], On::Anything),
];

const STAGE: On = On::Arns(&["arn:{partition}:apigateway:{region}::/restapis/*/stages/*"]);

/// Both sides of the association are asked for, and API Gateway by a
/// permission of its own
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html>).
const WEB_ACL_ASSOCIATIONS: &[Row] = &[
    row(
        &["wafv2:AssociateWebACL", "wafv2:ListTagsForResource"],
        On::Arns(&["wafv2:regional/webacl/{WebACLArn}/*"]),
    ),
    row(
        &[
            "wafv2:AssociateWebACL",
            "wafv2:DisassociateWebACL",
            "wafv2:GetWebACLForResource",
        ],
        STAGE,
    ),
    // The web ACL that is there may be another one, which is drift.
    row(
        &["wafv2:GetWebACLForResource"],
        On::Arns(&["wafv2:regional/webacl/*"]),
    )
    .asks(&["wafv2:GetWebACL", "wafv2:GetWebACLForResource"]),
    row(
        &["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"],
        On::Ours(&["arn:{partition}:apigateway:{region}::/restapis/*/stages/*"]),
    )
    .asks(&["apigateway:SetWebACL"]),
];

const WEB_ACL_LOGGING: &[Row] = &[
    row(
        &[
            "wafv2:DeleteLoggingConfiguration",
            "wafv2:GetLoggingConfiguration",
            "wafv2:ListTagsForResource",
            "wafv2:PutLoggingConfiguration",
        ],
        On::Arns(&["wafv2:regional/webacl/{ResourceArn}/*"]),
    ),
    // https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    row(
        &[
            "wafv2:DeleteLoggingConfiguration",
            "wafv2:PutLoggingConfiguration",
        ],
        On::Anything,
    )
    .asks(VENDED_LOGS),
];

pub(super) const KINDS: &[Kind] = &[
    kind("AWS::ApiGateway::Account", ACCOUNTS),
    kind("AWS::ApiGateway::ApiKey", API_KEYS),
    kind("AWS::ApiGateway::BasePathMapping", BASE_PATH_MAPPINGS),
    kind("AWS::ApiGateway::ClientCertificate", CLIENT_CERTIFICATES),
    kind("AWS::ApiGateway::Deployment", DEPLOYMENTS),
    kind("AWS::ApiGateway::DomainName", DOMAIN_NAMES),
    kind("AWS::ApiGateway::Method", METHODS),
    kind("AWS::ApiGateway::Model", MODELS),
    kind("AWS::ApiGateway::RequestValidator", VALIDATORS),
    kind("AWS::ApiGateway::Resource", RESOURCES),
    kind("AWS::ApiGateway::RestApi", REST_APIS),
    kind("AWS::ApiGateway::Stage", STAGES),
    kind("AWS::ApiGateway::UsagePlan", USAGE_PLANS),
    kind("AWS::ApiGateway::UsagePlanKey", USAGE_PLAN_KEYS),
    kind("AWS::WAFv2::WebACL", WEB_ACLS),
    kind("AWS::WAFv2::WebACLAssociation", WEB_ACL_ASSOCIATIONS),
    kind("AWS::WAFv2::LoggingConfiguration", WEB_ACL_LOGGING),
];
