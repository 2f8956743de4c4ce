//! What stands around a value: prose, tables, records, log lines, forms; half
//! of it with a word that says what the value is, half without.

use super::random::Random;

/// Around anything. None has a word that any type is known by.
const NEUTRAL: &[&str] = &[
    "{}",
    "It is {}, as we said.",
    "They wrote {} on the note.",
    "Jane Doe ({}) came by on Tuesday.",
    "17,Jane Doe,{},yes\n18,John Roe,,no\n",
    "17;\"Doe; Jane\";\"{}\";1\n",
    "Jane\tDoe\t{}\tyes\n",
    "{\"name\":\"Jane\",\"value\":\"{}\",\"n\":3}",
    "{\n  \"value\": \"{}\",\n  \"n\": 3\n}\n",
    "<row><v>{}</v><v>3</v></row>",
    "<row v=\"{}\"/>",
    "2026-01-12T10:11:12.345Z INFO stored value={} in 12 ms\n",
    "[12/Jan/2026:10:11:12 +0000] \"{}\" 200\n",
    "Name: Jane Doe\nValue: {}\nCity: Springfield\n",
    "- {}\n- another\n",
    "The values were '{}' and nothing else.",
    "| Jane Doe | {} | yes |\n",
    "value={}&next=1",
];

const CARD: &[&str] = &[
    "Please charge my card {} for the deposit.",
    "My visa is {} and it has a picture of a dog.",
    "card number: {}",
    "Card: {} exp 12/27",
    "{} (Mastercard)",
    "{\"cardNumber\":\"{}\",\"cvv\":\"123\"}",
    "{\"credit_card\": \"{}\"}",
    "<CardNumber>{}</CardNumber>",
    "card_no,{},12/27\n",
    "2026-01-12T10:11:12.345Z WARN payment declined pan={}\n",
    "Kartennummer {}, g\u{fc}ltig bis 12/27",
    "Num\u{e9}ro de carte : {}",
    "N\u{fa}mero de tarjeta: {}",
];

const SSN: &[&str] = &[
    "SSN: {}",
    "Social Security Number {}",
    "her social security no. is {}.",
    "{\"ssn\":\"{}\"}",
    "<SSN>{}</SSN>",
    "ssn,{},1980-01-02\n",
    "Taxpayer ID (SSN) {}",
];

const PHONE: &[&str] = &[
    "Tel: {}",
    "Call me at {} after five.",
    "phone,{},home\n",
    "{\"phone\":\"{}\"}",
    "<telephone>{}</telephone>",
    "Mobile {} or by mail",
    "T\u{e9}l\u{e9}phone : {}",
    "Telefon {}",
    "fax {}",
];

const ADDRESS: &[&str] = &[
    "client {} connected",
    "Connection from {} port 22",
    "{\"source_ip\":\"{}\"}",
    "<ip>{}</ip>",
    "server={} up",
    "IP address: {}",
];

const IBAN: &[&str] = &[
    "IBAN: {}",
    "{\"iban\":\"{}\"}",
    "Bitte auf {} \u{fc}berweisen.",
    "<IBAN>{}</IBAN>",
];

const EMAIL: &[&str] = &[
    "Mail to {}.",
    "{\"email\":\"{}\"}",
    "<{}>",
    "<a href=\"mailto:{}\">",
    "From: Jane Doe <{}>\n",
];

/// A template for a value of this type; `known`: with a word for the type.
pub fn around(random: &mut Random, kind: &str, known: bool) -> &'static str {
    let own = match kind {
        "payment-card" => CARD,
        "us-ssn" => SSN,
        "phone" => PHONE,
        "ip-address" => ADDRESS,
        "iban" => IBAN,
        _ => EMAIL,
    };
    random.pick(if known { own } else { NEUTRAL })
}
