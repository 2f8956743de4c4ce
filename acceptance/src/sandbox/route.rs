//! Which emulator does which service. One table, because a service that is
//! split over two emulators knows only half of its own resources.
//!
//! ministack does everything that it does at all: it keeps accounts and regions
//! apart, answers in milliseconds and resets in five. moto has the services of
//! which ministack has none, or too little for the pipeline.

/// One of the two processes behind the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emulator {
    Ministack,
    Moto,
}

/// Services that ministack lacks or does by half: EC2 (endpoint policies,
/// private DNS, network ACL associations), GuardDuty, an account's public access
/// block, WAFv2 (logging).
const MOTO: &[&str] = &["ec2", "guardduty", "s3control", "wafv2"];

/// The emulator that does a service, by its SigV4 signing name.
pub fn emulator(service: &str) -> Emulator {
    if MOTO.contains(&service) {
        Emulator::Moto
    } else {
        Emulator::Ministack
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_one_pipeline_are_found_at_the_emulator_that_does_them() {
        for service in [
            "s3", "kms", "dynamodb", "sns", "ssm", "sts", "iam", "lambda",
        ] {
            assert_eq!(emulator(service), Emulator::Ministack, "{service}");
        }
        for service in ["ec2", "guardduty", "s3control", "wafv2"] {
            assert_eq!(emulator(service), Emulator::Moto, "{service}");
        }
    }
}
