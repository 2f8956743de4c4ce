//! The network. Nothing in it has a name, so that almost all of it is told by
//! its tag
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-policy-examples.html>).

use super::row::{Kind, On, Row, When, kind, row};

/// Whatever of EC2 carries the pipeline's tag. Which kinds of resource an
/// action takes is EC2's to say.
const OURS: &str = "ec2:*/*";
const OF_OURS: On = On::Ours(&[OURS]);

const IN_VPC: On = On::Named {
    property: "VpcId",
    arn: "ec2:vpc/{}",
    ours: OURS,
};

/// Tags may be put in the call that makes something, and on what carries ours
/// already; else whoever may tag could make a stranger's thing his own
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>).
const WHILE_CREATING: When = &[(
    "ec2:CreateAction",
    &[
        "CreateFlowLogs",
        "CreateNetworkAcl",
        "CreateRouteTable",
        "CreateSecurityGroup",
        "CreateSubnet",
        "CreateVpc",
        "CreateVpcEndpoint",
    ],
)];

const TAGS_OF_NEW: Row = row(&["ec2:CreateTags"], On::Made(&[OURS])).when(WHILE_CREATING);
const TAGS: Row = row(&["ec2:CreateTags", "ec2:DeleteTags"], OF_OURS);

/// What AWS makes beside what the pipeline makes, and does not tag: interfaces
/// of functions and endpoints, and of a VPC its default list and group. An
/// action takes one kind of them, so that they can stand together.
const UNTAGGED: On = On::Arns(&[
    "ec2:network-acl/*",
    "ec2:network-interface/*",
    "ec2:security-group/*",
]);

/// What Lambda leaves behind is deleted before what it is in
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html>).
const SEE_INTERFACES: Row = row(&["ec2:DescribeNetworkInterfaces"], On::Anything);
const INTERFACES: Row = row(&["ec2:DeleteNetworkInterface"], UNTAGGED);

const VPCS: &[Row] = &[
    row(&["ec2:CreateVpc"], On::Made(&["ec2:vpc/*"])),
    row(&["ec2:DeleteVpc", "ec2:ModifyVpcAttribute"], OF_OURS),
    // The default group of the VPC loses its rules.
    row(
        &[
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ],
        UNTAGGED,
    ),
    row(
        &[
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
        ],
        On::Anything,
    ),
    TAGS_OF_NEW,
    TAGS,
];

const SUBNETS: &[Row] = &[
    row(&["ec2:CreateSubnet"], On::Made(&["ec2:subnet/*"])),
    row(&["ec2:CreateSubnet"], IN_VPC),
    row(&["ec2:DeleteSubnet", "ec2:ModifySubnetAttribute"], OF_OURS),
    row(&["ec2:DescribeSubnets"], On::Anything),
    SEE_INTERFACES,
    INTERFACES,
    TAGS_OF_NEW,
    TAGS,
];

const ROUTE_TABLES: &[Row] = &[
    row(&["ec2:CreateRouteTable"], On::Made(&["ec2:route-table/*"])),
    row(&["ec2:CreateRouteTable"], IN_VPC),
    row(&["ec2:DeleteRoute", "ec2:DeleteRouteTable"], OF_OURS),
    row(&["ec2:DescribeRouteTables"], On::Anything),
    TAGS_OF_NEW,
    TAGS,
];

const ROUTE_TABLE_ASSOCIATIONS: &[Row] = &[
    row(
        &[
            "ec2:AssociateRouteTable",
            "ec2:DisassociateRouteTable",
            "ec2:ReplaceRouteTableAssociation",
        ],
        OF_OURS,
    ),
    row(&["ec2:DescribeRouteTables"], On::Anything),
];

const NETWORK_ACLS: &[Row] = &[
    row(&["ec2:CreateNetworkAcl"], On::Made(&["ec2:network-acl/*"])),
    row(&["ec2:CreateNetworkAcl"], IN_VPC),
    row(
        &["ec2:DeleteNetworkAcl", "ec2:DeleteNetworkAclEntry"],
        OF_OURS,
    ),
    row(&["ec2:DescribeNetworkAcls"], On::Anything),
    TAGS_OF_NEW,
    TAGS,
];

const NETWORK_ACL_ENTRIES: &[Row] = &[
    row(
        &[
            "ec2:CreateNetworkAclEntry",
            "ec2:DeleteNetworkAclEntry",
            "ec2:ReplaceNetworkAclEntry",
        ],
        OF_OURS,
    ),
    row(&["ec2:DescribeNetworkAcls"], On::Anything),
];

const NETWORK_ACL_ASSOCIATIONS: &[Row] = &[
    row(&["ec2:ReplaceNetworkAclAssociation"], OF_OURS),
    // A subnet goes back to the VPC's default list. The subnet is asked for too,
    // and is the pipeline's.
    row(&["ec2:ReplaceNetworkAclAssociation"], UNTAGGED),
    row(&["ec2:DescribeNetworkAcls"], On::Anything),
];

const SECURITY_GROUPS: &[Row] = &[
    row(
        &["ec2:CreateSecurityGroup"],
        On::Made(&["ec2:security-group/*"]),
    ),
    row(&["ec2:CreateSecurityGroup"], IN_VPC),
    row(
        &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:DeleteSecurityGroup",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ],
        OF_OURS,
    ),
    row(
        &[
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
        ],
        On::Anything,
    ),
    SEE_INTERFACES,
    INTERFACES,
    TAGS_OF_NEW,
    TAGS,
];

const SECURITY_GROUP_INGRESSES: &[Row] = &[
    row(
        &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ],
        On::Named {
            property: "GroupId",
            arn: "ec2:security-group/{}",
            ours: OURS,
        },
    ),
    row(
        &[
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
        ],
        On::Anything,
    ),
];

/// What an endpoint is made in and changed to must be allowed with it.
const fn endpoint_in(property: &'static str, arn: &'static str) -> Row {
    row(
        &["ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint"],
        On::Named {
            property,
            arn,
            ours: OURS,
        },
    )
}

const ENDPOINTS: &[Row] = &[
    row(
        &["ec2:CreateVpcEndpoint"],
        On::Made(&["ec2:vpc-endpoint/*"]),
    ),
    row(&["ec2:CreateVpcEndpoint"], IN_VPC),
    endpoint_in("SubnetIds", "ec2:subnet/{}"),
    endpoint_in("SecurityGroupIds", "ec2:security-group/{}"),
    endpoint_in("RouteTableIds", "ec2:route-table/{}"),
    row(
        &["ec2:DeleteVpcEndpoints", "ec2:ModifyVpcEndpoint"],
        OF_OURS,
    ),
    row(&["ec2:DescribeVpcEndpoints"], On::Anything),
    // AWS makes an endpoint's private names as the caller
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
    row(&["ec2:CreateVpcEndpoint"], On::Anything).asks(&[
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ]),
    row(
        &["ec2:CreateVpcEndpoint"],
        On::Arns(&["arn:{partition}:route53:::hostedzone/*"]),
    )
    .asks(&["route53:AssociateVPCWithHostedZone"]),
    // A service in another region, as IAM's, which is in one of them only
    // (https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html).
    row(
        &["ec2:CreateVpcEndpoint"],
        On::Arns(&["*{ServiceRegion|there}"]),
    )
    .asks(&["vpce:AllowMultiRegion"]),
    TAGS_OF_NEW,
    TAGS,
];

const FLOW_LOGS: &[Row] = &[
    row(&["ec2:CreateFlowLogs"], On::Made(&["ec2:vpc-flow-log/*"])),
    row(
        &["ec2:CreateFlowLogs"],
        On::Named {
            property: "ResourceId",
            arn: "ec2:vpc/{}",
            ours: OURS,
        },
    ),
    row(&["ec2:DeleteFlowLogs"], OF_OURS),
    row(&["ec2:DescribeFlowLogs"], On::Anything),
    row(
        &["s3:GetBucketPolicy"],
        On::Arns(&["arn:{partition}:s3:::{LogDestination|bucket}"]),
    ),
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3.html
    row(&["ec2:CreateFlowLogs", "ec2:DeleteFlowLogs"], On::Anything)
        .asks(&["logs:CreateLogDelivery", "logs:DeleteLogDelivery"]),
    TAGS_OF_NEW,
    TAGS,
];

/// Zones, prefix lists and services of endpoints, and how many there are of
/// what a region has few of.
pub(super) const FACTS: &[Row] = &[row(
    &[
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribePrefixLists",
        "ec2:DescribeVpcEndpointServices",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
    ],
    On::Anything,
)];

pub(super) const KINDS: &[Kind] = &[
    kind("AWS::EC2::VPC", VPCS),
    kind("AWS::EC2::Subnet", SUBNETS),
    kind("AWS::EC2::RouteTable", ROUTE_TABLES),
    kind(
        "AWS::EC2::SubnetRouteTableAssociation",
        ROUTE_TABLE_ASSOCIATIONS,
    ),
    kind("AWS::EC2::NetworkAcl", NETWORK_ACLS),
    kind("AWS::EC2::NetworkAclEntry", NETWORK_ACL_ENTRIES),
    kind(
        "AWS::EC2::SubnetNetworkAclAssociation",
        NETWORK_ACL_ASSOCIATIONS,
    ),
    kind("AWS::EC2::SecurityGroup", SECURITY_GROUPS),
    kind("AWS::EC2::SecurityGroupIngress", SECURITY_GROUP_INGRESSES),
    kind("AWS::EC2::VPCEndpoint", ENDPOINTS),
    kind("AWS::EC2::FlowLog", FLOW_LOGS),
];
