//! What looks like something that is to be found, and is not: 50 classes, of
//! numbers here and of what programs write in `technical`.
//! Numbers are drawn at random where the real ones are, so some satisfy a
//! card's check digit and issuer range by chance; these cannot be told apart
//! without a word near by, and they stay in.

use super::Sample;
use super::cards::luhn;
use super::random::Random;
use super::technical;

pub type Make = fn(&mut Random) -> String;

/// Every class of numbers, with how a sample of it is made.
pub const NUMBERS: &[(&str, Make)] = &[
    ("order number", |r| {
        let length = 8 + r.below(9);
        let number = r.digits(length);
        r.fill(
            &[
                "Order {}",
                "Order no. {} was shipped",
                "order_id={}",
                "{\"orderNumber\":\"{}\"}",
                "Your order: {}.",
            ],
            &number,
        )
    }),
    ("order number with a prefix", |r| {
        let number = format!(
            "{}-{}",
            r.pick(&["ORD-2026", "SO", "PO-77", "A"]),
            r.digits(16)
        );
        r.fill(&["{}", "see {} for details", "ref={}"], &number)
    }),
    ("bare 16-digit id", |r| {
        let number = r.digits(16);
        r.fill(
            &[
                "{}",
                "row 17,{},ok",
                "{\"value\":\"{}\"}",
                "<v>{}</v>",
                "It was {} again.",
            ],
            &number,
        )
    }),
    ("bare id of 12 to 19 digits", |r| {
        let length = 12 + r.below(8);
        let number = r.digits(length);
        r.fill(&["{}", "row 17,{},ok", "{\"value\":\"{}\"}"], &number)
    }),
    ("licence key of digits", |r| {
        let groups: Vec<String> = (0..4).map(|_| r.digits(4)).collect();
        r.fill(
            &["Serial: {}", "licence key {}", "part {}"],
            &groups.join("-"),
        )
    }),
    ("five groups of four", |r| {
        let groups: Vec<String> = (0..5).map(|_| r.digits(4)).collect();
        let joint = r.pick(&["-", "-", " "]);
        r.fill(&["key {}", "{}"], &groups.join(joint))
    }),
    ("IMEI", |r| {
        let number = r.with_luhn(&["35", "86", "01", "99"], 15);
        r.fill(&["IMEI: {}", "imei={}", "device {}", "{}"], &number)
    }),
    ("ICCID", |r| {
        let number = r.with_luhn(&["8944", "8901", "8949"], 19);
        r.fill(&["ICCID {}", "SIM {}", "{}"], &number)
    }),
    ("UPS tracking number", |r| {
        let number = format!(
            "1Z{}{}",
            r.string("0123456789ABCDEFGHJKLMNPRSTUVWXY", 6),
            r.digits(10)
        );
        r.fill(&["Tracking {}", "{}"], &number)
    }),
    ("FedEx tracking number", |r| {
        let length = [12, 15, 20][r.below(3)];
        let number = r.digits(length);
        r.fill(
            &[
                "FedEx tracking number {}",
                "tracking: {}",
                "Parcel {} delivered",
            ],
            &number,
        )
    }),
    ("USPS tracking number", |r| {
        let number = format!("94{}", r.digits(20));
        let groups: Vec<&str> = [0..4, 4..8, 8..12, 12..16, 16..20, 20..22]
            .map(|range| &number[range])
            .to_vec();
        let number = if r.below(2) == 0 {
            groups.join(" ")
        } else {
            number.clone()
        };
        r.fill(&["USPS {}", "{}", "tracking no {}"], &number)
    }),
    ("ISBN-13", |r| {
        let number = format!(
            "978-{}-{}-{}-{}",
            r.digits(1),
            r.digits(2),
            r.digits(6),
            r.digits(1)
        );
        let number = if r.below(2) == 0 {
            number.replace('-', "")
        } else {
            number
        };
        r.fill(&["ISBN {}", "{}", "ISBN-13: {}"], &number)
    }),
    ("EAN and GTIN", |r| {
        let number = [
            r.digits(13),
            format!("0{}", r.digits(13)),
            format!("4{}", r.digits(12)),
        ][r.below(3)]
        .clone();
        r.fill(&["EAN {}", "GTIN: {}", "barcode {}"], &number)
    }),
    ("epoch time", |r| {
        let seconds = r.between(1_500_000_000, 1_800_000_000);
        let digits = [0, 3, 6, 9][r.below(4)];
        let time = format!("{seconds}{}", r.digits(digits));
        r.fill(&["{}", "ts={}", "{\"time\":{}}"], &time)
    }),
    ("date and time", |r| {
        let (year, month, day) = (r.between(1990, 2030), r.between(1, 12), r.between(1, 28));
        let (hour, minute, second) = (r.below(24), r.below(60), r.below(60));
        match r.below(5) {
            0 => format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
            1 => format!(
                "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{}",
                r.digits(6)
            ),
            2 => format!("{day:02}.{month:02}.{year} {hour:02}:{minute:02}"),
            3 => format!(
                "{month:02}-{day:02}-{year} to {month:02}-{:02}-{year}",
                day + 1
            ),
            _ => format!("{year}/{month:02}/{day:02}, {hour:02}.{minute:02}"),
        }
    }),
    ("serial number", |r| {
        let number = format!(
            "{}{}{}",
            r.string("ABCDEFGHJKLMNP", 2),
            r.digits(9),
            r.string("ABCDEFGHJKLMNP", 1)
        );
        r.fill(&["S/N {}", "Serial number: {}", "{}"], &number)
    }),
    ("part number", |r| {
        let number = format!("{}-{}-{}", r.digits(3), r.digits(2), r.digits(4));
        r.fill(&["part {}", "Part no. {} (2 pcs)", "item {}"], &number)
    }),
    ("VIN", |r| {
        let number = r.string("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", 17);
        r.fill(&["VIN {}", "{}"], &number)
    }),
    ("coordinates", |r| {
        format!(
            "{}.{}, -{}.{}",
            r.between(10, 89),
            r.digits(7),
            r.between(10, 179),
            r.digits(7)
        )
    }),
    ("decimal number", |r| {
        let digits = 12 + r.below(8);
        format!("{}.{}", r.below(100), r.digits(digits))
    }),
    ("amounts", |r| {
        format!(
            "2 pcs  {}.{:02}  {}.{:02}\nTotal USD {},{}.{:02}  ${}\n",
            r.between(1, 999),
            r.below(100),
            r.between(1, 9999),
            r.below(100),
            r.between(1, 999),
            r.digits(3),
            r.below(100),
            r.digits(13)
        )
    }),
    ("LEI", |r| {
        let number = format!(
            "{}00{}{}",
            r.digits(4),
            r.string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 12),
            r.digits(2)
        );
        r.fill(&["LEI {}", "{}"], &number)
    }),
    ("routing and account number", |r| {
        let number = format!("{}{}", r.pick(&["02", "12", "32"]), r.digits(7));
        let account = 8 + r.below(5);
        format!("Routing {number}, reference {}", r.digits(account))
    }),
    ("NPI", |r| {
        let number = r.with_luhn(&["808401", "808402"], 15)[5..].to_owned();
        r.fill(&["NPI {}", "Provider NPI: {}", "npi={}"], &number)
    }),
    ("Canadian SIN", |r| {
        let number = r.with_luhn(&["1", "4", "5"], 9);
        let groups = format!("{} {} {}", &number[..3], &number[3..6], &number[6..]);
        let number = if r.below(2) == 0 {
            groups.replace(' ', "-")
        } else {
            groups
        };
        r.fill(&["SIN {}", "{}"], &number)
    }),
    ("never issued SSN", |r| {
        let number = match r.below(4) {
            0 => format!("000-{}-{}", r.between(10, 99), r.between(1000, 9999)),
            1 => format!("666-{}-{}", r.between(10, 99), r.between(1000, 9999)),
            2 => format!(
                "9{}-{}-{}",
                r.digits(2),
                r.between(10, 99),
                r.between(1000, 9999)
            ),
            _ => r
                .pick(&["078-05-1120", "219-09-9999", "987-65-4320"])
                .to_owned(),
        };
        r.fill(&["{}", "such as {}", "SSN {}"], &number)
    }),
    ("card number with a wrong digit", |r| {
        let mut number = r.with_luhn(&["4", "51", "6011"], 16).into_bytes();
        let at = 1 + r.below(15);
        number[at] = b'0' + (number[at] - b'0' + 1) % 10;
        let number = String::from_utf8_lossy(&number).into_owned();
        r.fill(&["card {}", "{}"], &number)
    }),
    ("IBAN with wrong check digits", |r| {
        // Right ones are from 02 to 98.
        let number = format!("DE{}{}", r.pick(&["00", "01", "99"]), r.digits(18));
        r.fill(&["IBAN {}", "{}"], &number)
    }),
    ("same digits", |r| {
        let digit = r.digits(1);
        let number = digit.repeat(16);
        r.fill(&["card {}", "{}"], &number)
    }),
];

/// Of each class so many.
const EACH: usize = 60;

/// Every class.
pub fn classes() -> impl Iterator<Item = &'static (&'static str, Make)> {
    NUMBERS.iter().chain(technical::TECHNICAL)
}

pub fn samples(random: &mut Random) -> Vec<Sample> {
    let mut all = Vec::new();
    for (class, make) in classes() {
        for _ in 0..EACH {
            all.push(Sample::plain(class, make(random)));
        }
    }
    all
}

impl Random {
    pub fn fill(&mut self, templates: &[&str], value: &str) -> String {
        self.pick(templates).replace("{}", value)
    }

    /// A number with Luhn's check digit that is no card.
    fn with_luhn(&mut self, prefixes: &[&str], length: usize) -> String {
        let prefix = self.pick(prefixes);
        let number = format!("{prefix}{}", self.digits(length - prefix.len() - 1));
        (0..10)
            .map(|digit| format!("{number}{digit}"))
            .find(|number| luhn(number))
            .unwrap_or_default()
    }
}
