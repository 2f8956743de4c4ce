//! The services that are called, by one name each, and how fast: the name in
//! `endpoints`, in operations (`kms:CreateKey`) and in the rate table is the
//! same, so that a new service is one line here.

/// A service of AWS that some handler calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Dynamodb,
    Kms,
    S3,
    Sns,
    Ssm,
    Sts,
}

impl Service {
    pub const ALL: [Self; 6] = [
        Self::Dynamodb,
        Self::Kms,
        Self::S3,
        Self::Sns,
        Self::Ssm,
        Self::Sts,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dynamodb => "dynamodb",
            Self::Kms => "kms",
            Self::S3 => "s3",
            Self::Sns => "sns",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The tightest quota that our calls of a kind meet, as AWS publishes it
    /// for an account and region, rounded down where operations differ: one
    /// bucket per service and kind is easier to reason about than one per
    /// operation, and no apply of ours is long enough to feel the difference.
    pub fn rates(self) -> Rates {
        let rate = |per_second, burst| Rate { per_second, burst };
        match self {
            // Tag calls: five writes and ten reads a second; tables
            // themselves are limited by number, not by rate.
            // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
            Self::Dynamodb => Rates {
                write: rate(5.0, 5),
                read: rate(10.0, 20),
            },
            // CreateKey, CreateAlias, UpdateAlias: five a second; most other
            // writes 10 to 15, reads hundreds.
            // https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
            Self::Kms => Rates {
                write: rate(5.0, 5),
                read: rate(100.0, 100),
            },
            // Nothing is published for bucket configuration; objects allow
            // thousands, and emptying a bucket sends a thousand a call.
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
            Self::S3 => Rates {
                write: rate(50.0, 50),
                read: rate(100.0, 100),
            },
            // Tag calls ten a second, topics and attributes thirty.
            // https://docs.aws.amazon.com/general/latest/gr/sns.html
            Self::Sns => Rates {
                write: rate(10.0, 20),
                read: rate(10.0, 30),
            },
            // PutParameter three a second, DeleteParameter five; reads forty.
            // https://docs.aws.amazon.com/general/latest/gr/ssm.html
            Self::Ssm => Rates {
                write: rate(3.0, 2),
                read: rate(20.0, 20),
            },
            // One call per process and one per assumed session.
            // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
            Self::Sts => Rates {
                write: rate(10.0, 10),
                read: rate(10.0, 10),
            },
        }
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
        for service in Service::ALL {
            assert_eq!(Service::named(service.name()), Some(service));
            let rates = service.rates();
            assert!(rates.write.per_second > 0.0 && rates.read.per_second > 0.0);
        }
        assert_eq!(Service::named("ec2"), None);
    }
}
