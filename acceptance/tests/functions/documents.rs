//! Documents to send through the functions. The numbers in them are the card
//! networks' published test numbers.

/// A text without personal data.
pub const MEMO: &str = "Minutes of the meeting. Nothing was decided.\n";
/// A text with a card number of Visa's test numbers.
pub const CARD: &str = "Please charge the credit card 4111 1111 1111 1111, as agreed.\n";
/// What must never be seen outside of the document.
pub const NUMBER: &str = "4111111111111111";

/// A document that another program made: see `functions/tests/fixtures`.
pub fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions/tests/fixtures");
    std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}
