//! What is wrong, by who refuses it and where it stands.

mod areas;
mod data;
mod provider;

pub use areas::AREAS;
pub use data::DATA;
pub use provider::PROVIDER;

/// What is written beside name and suffix, where it must be pointed at, what
/// is wrong, what to write.
pub struct Case {
    pub written: &'static str,
    /// In the source line that the diagnostic shows.
    pub at: &'static str,
    pub wrong: &'static str,
    pub instead: &'static str,
}

pub const fn case(
    written: &'static str,
    at: &'static str,
    wrong: &'static str,
    instead: &'static str,
) -> Case {
    Case {
        written,
        at,
        wrong,
        instead,
    }
}

const BUCKET: &str = "Write the name of an existing bucket (not its ARN)";

/// Cases that Terraform refuses by the schema, in its own words.
pub const BY_SCHEMA: &[Case] = &[
    case(
        "encryption = { rotation_period_days = \"many\" }",
        "encryption = ",
        "a number is required",
        "",
    ),
    case("storage = \"large\"", "storage = ", "object required", ""),
    case("tags = [\"a\"]", "tags = ", "map of string required", ""),
    case(
        "deletion_protection = \"maybe\"",
        "deletion_protection = ",
        "a bool is required",
        "",
    ),
    case(
        "alerts = { emails = \"a@example.com\" }",
        "alerts = ",
        "set of string required",
        "",
    ),
    case(
        "colour = \"red\"",
        "colour = ",
        "An argument named \"colour\" is not expected here",
        "",
    ),
    case(
        "api = { mutual_tls = { domain_name = \"x.example.com\" } }",
        "api = ",
        "are required",
        "",
    ),
    case("name = null", "name = null", "", ""),
];
