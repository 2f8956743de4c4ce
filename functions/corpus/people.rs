//! Everything but cards that is to be found.

use super::Sample;
use super::random::Random;
use super::surroundings::around;

/// The IBAN registry's example of every country (SWIFT, IBAN registry).
pub const IBANS: &[&str] = &[
    "AD1200012030200359100100",
    "AE070331234567890123456",
    "AL47212110090000000235698741",
    "AT611904300234573201",
    "AZ21NABZ00000000137010001944",
    "BA391290079401028494",
    "BE68539007547034",
    "BG80BNBG96611020345678",
    "BH67BMAG00001299123456",
    "BI4210000100010000332045181",
    "BR1800360305000010009795493C1",
    "BY13NBRB3600900000002Z00AB00",
    "CH9300762011623852957",
    "CR05015202001026284066",
    "CY17002001280000001200527600",
    "CZ6508000000192000145399",
    "DE89370400440532013000",
    "DJ2100010000000154000100186",
    "DK5000400440116243",
    "DO28BAGR00000001212453611324",
    "EE382200221020145685",
    "EG380019000500000000263180002",
    "ES9121000418450200051332",
    "FI2112345600000785",
    "FK88SC123456789012",
    "FO6264600001631634",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "GE29NB0000000101904917",
    "GI75NWBK000000007099453",
    "GL8964710001000206",
    "GR1601101250000000012300695",
    "GT82TRAJ01020000001210029690",
    "HN88CABF00000000000250005469",
    "HR1210010051863000160",
    "HU42117730161111101800000000",
    "IE29AIBK93115212345678",
    "IL620108000000099999999",
    "IQ98NBIQ850123456789012",
    "IS140159260076545510730339",
    "IT60X0542811101000000123456",
    "JO94CBJO0010000000000131000302",
    "KW81CBKU0000000000001234560101",
    "KZ86125KZT5004100100",
    "LB62099900000001001901229114",
    "LC55HEMM000100010012001200023015",
    "LI21088100002324013AA",
    "LT121000011101001000",
    "LU280019400644750000",
    "LV80BANK0000435195001",
    "LY83002048000020100120361",
    "MC5811222000010123456789030",
    "MD24AG000225100013104168",
    "ME25505000012345678951",
    "MK07250120000058984",
    "MN121234123456789123",
    "MR1300020001010000123456753",
    "MT84MALT011000012345MTLCAST001S",
    "MU17BOMM0101101030300200000MUR",
    "NI45BAPR00000013000003558124",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "OM810180000001299123456",
    "PK36SCBL0000001123456702",
    "PL61109010140000071219812874",
    "PS92PALS000000000400123456702",
    "PT50000201231234567890154",
    "QA58DOHB00001234567890ABCDEFG",
    "RO49AAAA1B31007593840000",
    "RS35260005601001611379",
    "RU0304452522540817810538091310419",
    "SA0380000000608010167519",
    "SC18SSCB11010000000000001497USD",
    "SD8811123456789012",
    "SE4550000000058398257466",
    "SI56263300012039086",
    "SK3112000000198742637541",
    "SM86U0322509800000000270100",
    "SO211000001001000100141",
    "ST23000100010051845310146",
    "SV62CENR00000000000000700025",
    "TL380080012345678910157",
    "TN5910006035183598478831",
    "TR330006100519786457841326",
    "UA213223130000026007233566001",
    "VA59001123000012345678",
    "VG96VPVG0000012345678901",
    "XK051212012345678906",
    "YE15CBYE0001018861234567891234",
];

/// Numbers that are kept for fiction and examples (NANPA's 555-01XX, Ofcom's,
/// ARCEP's and the Bundesnetzagentur's ranges for drama), in the forms of
/// their countries; `true`: only a word makes such digits a number.
const PHONES: &[(&str, bool)] = &[
    ("+1212555{01}", false),
    ("+1 212 555 {01}", false),
    ("+1-212-555-{01}", false),
    ("+1 (212) 555-{01}", false),
    ("(212) 555-{01}", false),
    ("(305)555-{01}", false),
    ("212-555-{01}", false),
    ("305.555.{01}", false),
    ("1-800-555-{01}", false),
    ("415 555-{01}", false),
    ("415 555 {01}", false),
    ("415555{01}", true),
    ("1415555{01}", true),
    ("+44 20 7946 0{3}", false),
    ("+44 (0)20 7946 0{3}", false),
    ("+442079460{3}", false),
    ("020 7946 0{3}", false),
    ("(020) 7946 0{3}", false),
    ("01632 960{3}", false),
    ("07700 900{3}", false),
    ("07700 900 {3}", false),
    ("02079460{3}", true),
    ("+33 1 99 00 {2} {2}", false),
    ("01 99 00 {2} {2}", false),
    ("01.99.00.{2}.{2}", false),
    ("06 39 98 {2} {2}", false),
    ("06-39-98-{2}-{2}", false),
    ("+49 30 23125{3}", false),
    ("+49 (0)30 23125{3}", false),
    ("030 23125{3}", false),
    ("030/23125{3}", false),
    ("(030) 23125 {3}", false),
    ("0049 30 23125{3}", false),
    ("0171 39200{2}", false),
    ("+61 491 570 {3}", false),
    ("0491 570 {3}", false),
    ("(02) 5550 {4}", false),
    ("+81 3-1234-{4}", false),
    ("03-1234-{4}", false),
    ("+41 44 668 18 {2}", false),
    ("044 668 18 {2}", false),
    ("+31 6 123456{2}", false),
    ("06-123456{2}", false),
    ("+34 612 34 5{1} {2}", false),
    ("612 345 {3}", true),
    ("+55 11 91234-{4}", false),
    ("(11) 91234-{4}", false),
    ("+91 98765 4{4}", false),
    ("+353 1 234 5{3}", false),
    ("+86 138 1234 {4}", false),
    ("+39 06 1234 {4}", false),
    ("+46 8 123 4{2} {2}", false),
];

const FIRST: &[&str] = &[
    "jane",
    "j.doe",
    "john.q.public",
    "info",
    "anne-marie",
    "m_mueller",
    "o'neill",
    "user+news",
    "sales2026",
    "x",
];
const HOSTS: &[&str] = &[
    "example.com",
    "example.org",
    "mail.example.net",
    "a-company.example.com",
    "uni.example.edu",
    "example.co.uk",
    "example.de",
    "sub.a.b.example.io",
    "xn--bcher-kva.example.org",
    "firma.at",
];

pub fn samples(random: &mut Random) -> Vec<Sample> {
    let mut all = Vec::new();
    let mut add = |random: &mut Random, class, kind, known, value: &str| {
        let template = around(random, kind, known);
        all.push(Sample::labelled(class, kind, template, value));
    };
    for round in 0..60 {
        let (area, group, serial) = (area(random), random.between(1, 99), random.between(1, 9999));
        for (class, text, word_only) in [
            (
                "ssn, hyphens",
                format!("{area:03}-{group:02}-{serial:04}"),
                false,
            ),
            (
                "ssn, blanks",
                format!("{area:03} {group:02} {serial:04}"),
                false,
            ),
            (
                "ssn, solid",
                format!("{area:03}{group:02}{serial:04}"),
                true,
            ),
        ] {
            add(random, class, "us-ssn", word_only || round % 2 == 0, &text);
        }
    }
    for known in [true, false] {
        for first in FIRST {
            for host in HOSTS {
                add(random, "email", "email", known, &format!("{first}@{host}"));
            }
        }
        for (pattern, word_only) in PHONES {
            for _ in 0..3 {
                let value = fill(random, pattern);
                add(
                    random,
                    if *word_only { "phone, bare" } else { "phone" },
                    "phone",
                    known || *word_only,
                    &value,
                );
            }
        }
        for _ in 0..80 {
            let v4 = format!(
                "{}.{}.{}.{}",
                random.pick(&["10", "172", "192", "198", "203", "8", "77"]),
                random.below(256),
                random.below(256),
                random.between(10, 254)
            );
            add(random, "ipv4", "ip-address", known, &v4);
            let v6 = random.pick(&[
                "2001:db8::{h}",
                "2001:db8:{h}:{h}::1",
                "fe80::{h}:{b}ff:fe{b}:{h}",
                "fd00:{h}::{h}",
                "2001:db8:{h}:{h}:{h}:{h}:{h}:{h}",
                "::ffff:192.0.2.{o}",
            ]);
            let value = fill(random, v6);
            add(random, "ipv6", "ip-address", known, &value);
        }
        for iban in IBANS {
            add(random, "iban, solid", "iban", known, iban);
            let groups: Vec<&str> = iban
                .as_bytes()
                .chunks(4)
                .map(|group| std::str::from_utf8(group).unwrap_or_default())
                .collect();
            let value = groups.join(random.pick(&[" ", "\u{a0}", "-"]));
            add(random, "iban, groups", "iban", known, &value);
        }
    }
    all.extend((0..60).map(|_| phone_list(random)));
    all
}

/// 001 to 899, without 666.
fn area(random: &mut Random) -> u64 {
    match random.between(1, 899) {
        666 => 665,
        area => area,
    }
}

/// `{n}` becomes n digits, `{01}` 01 and two more, `{h}` one to four hex
/// digits, `{b}` two of them, `{o}` an octet.
fn fill(random: &mut Random, pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (what, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&match what {
            "01" => format!("01{}", random.digits(2)),
            "h" => {
                let length = 1 + random.below(3);
                format!(
                    "{}{}",
                    random.string("123456789abcdef", 1),
                    random.hex(length)
                )
            }
            "b" => random.hex(2),
            "o" => random.between(1, 254).to_string(),
            count => random.digits(count.parse().unwrap_or(1)),
        });
        rest = after;
    }
    text + rest
}

/// Names and numbers, each of which is to be found.
fn phone_list(random: &mut Random) -> Sample {
    let mut sample = Sample::plain("phone list", String::new());
    let pattern = random.pick(&[
        "212-555-{01}",
        "(212) 555-{01}",
        "+44 20 7946 0{3}",
        "01 99 00 {2} {2}",
    ]);
    for name in ["Doe, Jane", "Roe, John", "Public, John Q."] {
        sample.text.push_str(&format!("{name:20}"));
        let start = sample.text.len();
        sample.text.push_str(&fill(random, pattern));
        sample.labels.push((start..sample.text.len(), "phone"));
        sample.text.push('\n');
    }
    sample
}
