//! The services that are called, by one name each, and how fast: the name in
//! `endpoints`, in operations (`kms:CreateKey`), in policies and in the rate
//! table is the same, so that a new service is one line here, and its client
//! one in `clients`.

macro_rules! services {
    ($($variant:ident $name:literal: write ($write:literal, $write_burst:literal), read ($read:literal, $read_burst:literal);)*) => {
        /// A service of AWS that some handler calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Service {
            $($variant,)*
        }

        impl Service {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The tightest quota that our calls of a kind meet, as AWS
            /// publishes it for an account and region, rounded down where
            /// operations differ: one bucket per service and kind is easier
            /// to reason about than one per operation, and no apply of ours is
            /// long enough to feel the difference.
            pub fn rates(self) -> Rates {
                match self {
                    $(Self::$variant => Rates {
                        write: Rate { per_second: $write, burst: $write_burst },
                        read: Rate { per_second: $read, burst: $read_burst },
                    },)*
                }
            }
        }
    };
}

services! {
    // All control-plane operations together: ten a second, burst forty; the
    // few that are far slower have buckets of their own in `limits`.
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
    Apigateway "apigateway": write (5.0, 20), read (5.0, 20);
    // Describe and Get ten a second, the rest one.
    // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    Cloudtrail "cloudtrail": write (1.0, 2), read (10.0, 10);
    // PutMetricAlarm and DeleteAlarms three a second, DescribeAlarms nine.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    Cloudwatch "cloudwatch": write (3.0, 3), read (9.0, 9);
    // Nothing is published but that it throttles early.
    // https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html
    Config "config": write (5.0, 5), read (5.0, 10);
    // Tag calls: five writes and ten reads a second; tables
    // themselves are limited by number, not by rate.
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
    Dynamodb "dynamodb": write (5.0, 5), read (10.0, 20);
    // Mutating actions refill at five a second, unfiltered Describe at ten.
    // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    Ec2 "ec2": write (5.0, 50), read (10.0, 50);
    // PutRule, PutTargets and their like five a second, reads fifty.
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    Events "events": write (5.0, 5), read (20.0, 20);
    // Nothing is published.
    // https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html
    Guardduty "guardduty": write (2.0, 4), read (5.0, 10);
    // Nothing is published; IAM throttles the whole account.
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    Iam "iam": write (5.0, 10), read (10.0, 20);
    // CreateKey, CreateAlias, UpdateAlias: five a second; most other
    // writes 10 to 15, reads hundreds.
    // https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
    Kms "kms": write (5.0, 5), read (100.0, 100);
    // All control-plane operations together fifteen a second.
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    Lambda "lambda": write (7.0, 7), read (7.0, 7);
    // Tag calls five a second, most others ten.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    Logs "logs": write (5.0, 5), read (5.0, 5);
    // Nothing is published for bucket configuration; objects allow
    // thousands, and emptying a bucket sends a thousand a call.
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
    S3 "s3": write (50.0, 50), read (100.0, 100);
    // Writes fifty a second, DescribeSecret forty.
    // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    Secretsmanager "secretsmanager": write (20.0, 20), read (40.0, 40);
    // Tag calls ten a second, topics and attributes thirty.
    // https://docs.aws.amazon.com/general/latest/gr/sns.html
    Sns "sns": write (10.0, 20), read (10.0, 30);
    // Nothing is published for queues themselves.
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html
    Sqs "sqs": write (10.0, 20), read (20.0, 20);
    // PutParameter three a second, DeleteParameter five; reads forty.
    // https://docs.aws.amazon.com/general/latest/gr/ssm.html
    Ssm "ssm": write (3.0, 2), read (20.0, 20);
    // One call per process and one per assumed session.
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    Sts "sts": write (10.0, 10), read (10.0, 10);
    // Writes one a second, reads five.
    // https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
    Wafv2 "wafv2": write (1.0, 1), read (5.0, 5);
}

impl Service {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|service| service.name() == name)
    }
}

/// How often a service may be called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub write: Rate,
    pub read: Rate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_found_by_its_name_and_has_a_positive_rate() {
        for service in Service::ALL.iter().copied() {
            assert_eq!(Service::named(service.name()), Some(service));
            let rates = service.rates();
            assert!(rates.write.per_second > 0.0 && rates.read.per_second > 0.0);
        }
        assert_eq!(Service::named("polly"), None);
    }
}
