//! The network that the functions run in.

use super::{Default_, Optional, block, list, number, text, texts};
use tf_provider::schema::Attribute;

pub fn network() -> Attribute {
    block(
        Default_,
        "Private network of the functions: no internet gateway, no NAT, AWS reached through VPC endpoints. \
         The pipeline's own, or with `vpc_id` one of yours.",
        [
            (
                "cidr_block",
                text(
                    Default_,
                    "Address range of the VPC: a private IPv4 range (RFC 1918) from /16 to /22, divided into one subnet per zone. \
                     Default `10.0.0.0/16`; to be left out with `vpc_id`. A change replaces the VPC and everything in it, the functions' \
                     network interfaces included.",
                ),
            ),
            (
                "availability_zones",
                number(
                    Default_,
                    "Number of availability zones with a private subnet each, 2 to 6. Which zones is decided at create, by zone id, \
                     and kept. Where a region offers fewer, some subnets share one, and endpoints stand in as many as there are. Default 3; to be left out with `vpc_id`. A change adds or removes subnets in place.",
                ),
            ),
            (
                "endpoint_zones",
                number(
                    Optional,
                    "In how many of the zones interface endpoints have an address, 1 to `availability_zones` (to the number of `subnet_ids` \
                     with `vpc_id`). Each endpoint costs by the hour and zone (about 7 USD a month); fewer zones mean traffic between zones \
                     and less resilience. Default all of them. Changed in place.",
                ),
            ),
            (
                "extra_endpoints",
                texts(
                    Default_,
                    "Services with an interface endpoint beside those that the functions call, by the last part of the endpoint's service name, \
                     for example `ecr.api` or `athena`. S3 and DynamoDB have gateway endpoints always. Default none. A change adds or removes endpoints.",
                ),
            ),
            (
                "vpc_id",
                text(
                    Optional,
                    "A VPC of your own, for example `vpc-0123456789abcdef0`, instead of the pipeline's, which is the default; needs `subnet_ids`. It is never modified nor \
                     deleted; security groups and endpoints are created in it, and the endpoints answer for their services to everything in it but admit the functions only: \
                     bring one in which nothing else calls them, or one that has endpoints (`endpoint_security_group_id`). DNS support and DNS host names must be on. \
                     A change moves the functions and replaces security groups and endpoints.",
                ),
            ),
            (
                "subnet_ids",
                list(
                    Optional,
                    "Two or more private subnets of `vpc_id`, each in another zone, for the functions and the endpoints. Their order says nothing: they are \
                     sorted by id, and with `endpoint_zones = 2` the endpoints are in the first two. Only with `vpc_id`. Changed in place.",
                ),
            ),
            (
                "route_table_ids",
                list(
                    Optional,
                    "Route tables of `subnet_ids`, to which the gateway endpoints of S3 and DynamoDB add a route, the one thing that is changed in a network of \
                     yours; the endpoints admit the functions only: name tables that nothing else uses. Left out, no gateway endpoints are \
                     created and the VPC must have its own. Only with `vpc_id`. Changed in place.",
                ),
            ),
            (
                "endpoint_security_group_id",
                text(
                    Optional,
                    "Security group of the interface endpoints that the VPC has already, for example `sg-0123456789abcdef0`: the functions use those, \
                     and none are created. AWS lets a VPC have one endpoint of a service with private DNS, so that pipelines that share a VPC need this. \
                     The group must admit HTTPS from the functions, and the endpoints' policies their roles; there must be one for each service that \
                     `terraform-provider-tap template` shows an endpoint of without this. Only with `vpc_id`; not with `endpoint_zones` or `extra_endpoints`. \
                     A change adds or removes endpoints.",
                ),
            ),
        ],
    )
}
