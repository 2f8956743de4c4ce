//! <https://docs.aws.amazon.com/config/latest/APIReference/API_PutConfigRule.html#API_PutConfigRule_Errors>
//! and the pages of the other operations.

use super::Means::{Kind, Says};
use super::Table;
use crate::engine::ErrorKind::{AccessDenied, AlreadyExists, Invalid, NotFound, Transient};

pub(super) const TABLE: Table = &[
    ("NoSuchConfigRuleException", Kind(NotFound)),
    ("NoSuchConfigurationRecorderException", Kind(NotFound)),
    ("NoSuchDeliveryChannelException", Kind(NotFound)),
    ("ResourceNotFoundException", Kind(NotFound)),
    // The rule is being evaluated or deleted.
    ("ResourceInUseException", Kind(Transient)),
    ("ConflictException", Kind(Transient)),
    // Config asks Lambda whether it may invoke the function, and IAM what the
    // recorder's role may do; both lag behind.
    (
        "PutConfigRule:InsufficientPermissionsException",
        Kind(Transient),
    ),
    (
        "PutConfigurationRecorder:InvalidRoleException",
        Kind(Transient),
    ),
    (
        "PutDeliveryChannel:InsufficientDeliveryPolicyException",
        Kind(Transient),
    ),
    ("InsufficientPermissionsException", Kind(AccessDenied)),
    ("InsufficientDeliveryPolicyException", Kind(Invalid)),
    // The channel is put after the recorder, and seen a moment later.
    (
        "StartConfigurationRecorder:NoAvailableDeliveryChannelException",
        Kind(Transient),
    ),
    ("NoAvailableConfigurationRecorderException", Kind(Invalid)),
    ("NoAvailableDeliveryChannelException", Kind(Invalid)),
    ("NoRunningConfigurationRecorderException", Kind(Invalid)),
    ("NoSuchBucketException", Kind(Transient)),
    // It was stopped just before.
    (
        "DeleteDeliveryChannel:LastDeliveryChannelDeleteFailedException",
        Kind(Transient),
    ),
    // The account has one, and it is another.
    (
        "MaxNumberOfConfigurationRecordersExceededException",
        Kind(AlreadyExists),
    ),
    (
        "MaxNumberOfDeliveryChannelsExceededException",
        Kind(AlreadyExists),
    ),
    ("MaxNumberOfConfigRulesExceededException", Kind(Invalid)),
    ("InvalidConfigurationRecorderNameException", Kind(Invalid)),
    ("InvalidDeliveryChannelNameException", Kind(Invalid)),
    ("InvalidParameterValueException", Kind(Invalid)),
    ("InvalidRecordingGroupException", Kind(Invalid)),
    (
        "InvalidRoleException",
        Says(&[("assume", Transient)], Invalid),
    ),
    ("InvalidS3KeyPrefixException", Kind(Invalid)),
    ("InvalidS3KmsKeyArnException", Kind(Invalid)),
    ("InvalidSNSTopicARNException", Kind(Invalid)),
    ("TooManyTagsException", Kind(Invalid)),
    ("UnmodifiableEntityException", Kind(Invalid)),
];

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;
    use crate::engine::ErrorKind::{self, Ambiguous};

    #[test]
    fn a_permission_is_waited_for_and_a_recorder_is_not() {
        let table: &[(&str, &str, ErrorKind)] = &[
            (
                "config:PutConfigRule",
                "InsufficientPermissionsException",
                Transient,
            ),
            (
                "config:PutConfigRule",
                "NoAvailableConfigurationRecorderException",
                Invalid,
            ),
            (
                "config:DeleteConfigRule",
                "ResourceInUseException",
                Transient,
            ),
            (
                "config:DescribeConfigRules",
                "NoSuchConfigRuleException",
                NotFound,
            ),
            (
                "config:PutDeliveryChannel",
                "InsufficientDeliveryPolicyException",
                Transient,
            ),
            (
                "config:PutDeliveryChannel",
                "NoSuchBucketException",
                Transient,
            ),
            (
                "config:StartConfigurationRecorder",
                "NoAvailableDeliveryChannelException",
                Transient,
            ),
            (
                "config:DeleteDeliveryChannel",
                "LastDeliveryChannelDeleteFailedException",
                Transient,
            ),
            (
                "config:PutConfigurationRecorder",
                "MaxNumberOfConfigurationRecordersExceededException",
                AlreadyExists,
            ),
        ];
        for (operation, code, expected) in table {
            let found = kind(operation, Some(code), "", 400, Ambiguous);
            assert_eq!(found, *expected, "{operation} {code}");
        }
    }
}
