//! <https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html>
//! and the pages of the other operations.

use super::Means::{Kind, Lost, Says};
use super::Table;
use crate::engine::ErrorKind::{AccessDenied, AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("InvalidAssociationID.NotFound", Kind(NotFound)),
    ("InvalidFlowLogId.NotFound", Kind(NotFound)),
    ("InvalidGroup.NotFound", Kind(NotFound)),
    ("InvalidGroupId.NotFound", Kind(NotFound)),
    ("InvalidNetworkAclEntry.NotFound", Kind(NotFound)),
    ("InvalidNetworkAclID.NotFound", Kind(NotFound)),
    ("InvalidNetworkInterfaceID.NotFound", Kind(NotFound)),
    ("InvalidPermission.NotFound", Kind(NotFound)),
    ("InvalidRouteTableID.NotFound", Kind(NotFound)),
    ("InvalidRouteTableId.NotFound", Kind(NotFound)),
    ("InvalidSecurityGroupID.NotFound", Kind(NotFound)),
    ("InvalidSecurityGroupRuleId.NotFound", Kind(NotFound)),
    ("InvalidSubnetID.NotFound", Kind(NotFound)),
    ("InvalidSubnetId.NotFound", Kind(NotFound)),
    ("InvalidVpcEndpoint.NotFound", Kind(NotFound)),
    ("InvalidVpcEndpointId.NotFound", Kind(NotFound)),
    ("InvalidVpcID.NotFound", Kind(NotFound)),
    ("InvalidVpcId.NotFound", Kind(NotFound)),
    ("FlowLogAlreadyExists", Kind(AlreadyExists)),
    ("InvalidGroup.Duplicate", Kind(AlreadyExists)),
    ("InvalidPermission.Duplicate", Kind(AlreadyExists)),
    ("NetworkAclEntryAlreadyExists", Kind(AlreadyExists)),
    ("Resource.AlreadyAssociated", Kind(AlreadyExists)),
    // The bucket's policy is so new that log delivery does not know it yet.
    (
        "CreateFlowLogs:400",
        Says(&[("access denied for logdestination", Transient)], Invalid),
    ),
    // Something that is on its way out, or in, still holds it.
    ("ConcurrentTagAccess", Kind(Transient)),
    ("DependencyViolation", Kind(Transient)),
    ("IncorrectState", Kind(Transient)),
    ("InvalidNetworkAcl.InUse", Kind(Transient)),
    ("InvalidNetworkInterface.InUse", Kind(Transient)),
    ("InvalidParameterValue.InUse", Kind(Transient)),
    ("InvalidState", Kind(Transient)),
    ("NetworkInterfaceInUse", Kind(Transient)),
    ("AuthFailure", Kind(AccessDenied)),
    ("Blocked", Kind(AccessDenied)),
    ("PendingVerification", Kind(AccessDenied)),
    ("Unavailable", Lost),
    ("CannotDelete", Kind(Invalid)),
    ("InvalidParameter", Kind(Invalid)),
    ("InvalidParameterCombination", Kind(Invalid)),
    ("InvalidParameterValue", Kind(Invalid)),
    ("InvalidServiceName", Kind(Invalid)),
    ("InvalidSubnet.Conflict", Kind(Invalid)),
    ("InvalidSubnet.Range", Kind(Invalid)),
    ("InvalidVpc.Range", Kind(Invalid)),
    ("MissingParameter", Kind(Invalid)),
    // A second gateway endpoint of a service on one route table.
    ("RouteAlreadyExists", Kind(Invalid)),
    ("OperationNotPermitted", Kind(Invalid)),
    ("UnknownParameter", Kind(Invalid)),
    ("UnsupportedOperation", Kind(Invalid)),
    // Quotas on numbers: waiting does not help.
    ("FlowLogsLimitExceeded", Kind(Invalid)),
    ("NetworkAclEntryLimitExceeded", Kind(Invalid)),
    ("NetworkAclLimitExceeded", Kind(Invalid)),
    ("RouteTableLimitExceeded", Kind(Invalid)),
    ("RulesPerSecurityGroupLimitExceeded", Kind(Invalid)),
    ("SecurityGroupLimitExceeded", Kind(Invalid)),
    ("SubnetLimitExceeded", Kind(Invalid)),
    ("TagLimitExceeded", Kind(Invalid)),
    ("VpcEndpointLimitExceeded", Kind(Invalid)),
    ("VpcLimitExceeded", Kind(Invalid)),
];

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;
    use crate::engine::ErrorKind::{self, Ambiguous, Other, Throttled};

    #[test]
    fn codes_mean_what_ec2_documents() {
        const DENIED: &str = "Access Denied for LogDestination: logs. Please check LogDestination \
                              permission";
        let table: &[(&str, &str, &str, u16, ErrorKind)] = &[
            ("DescribeVpcs", "InvalidVpcID.NotFound", "", 400, NotFound),
            ("DeleteSubnet", "DependencyViolation", "", 400, Transient),
            (
                "CreateSecurityGroup",
                "InvalidGroup.Duplicate",
                "",
                400,
                AlreadyExists,
            ),
            ("CreateVpc", "VpcLimitExceeded", "", 400, Invalid),
            ("CreateVpc", "RequestLimitExceeded", "", 503, Throttled),
            ("CreateVpc", "Unavailable", "", 503, Ambiguous),
            ("CreateVpc", "UnauthorizedOperation", "", 403, AccessDenied),
            ("CreateFlowLogs", "400", DENIED, 400, Transient),
            (
                "CreateFlowLogs",
                "400",
                "LogDestination: logs does not exist",
                400,
                Invalid,
            ),
            ("DescribeVpcs", "Novel", "", 404, Other),
        ];
        for (operation, code, message, status, expected) in table {
            let operation = format!("ec2:{operation}");
            let got = kind(&operation, Some(code), message, *status, Ambiguous);
            assert_eq!(got, *expected, "{operation} {code} {message}");
        }
    }
}
