//! Payment card numbers: those that processors publish for tests, and others
//! made in every network's range.

use super::Sample;
use super::random::Random;
use super::surroundings::around;

/// Published test numbers (Stripe, Adyen, PayPal, Braintree, Opayo,
/// Mastercard Gateway, Authorize.Net, Paystack, Pagar.me), by network.
pub const PUBLISHED: &[(&str, &str)] = &[
    ("visa", "4111111111111111"),
    ("visa", "4242424242424242"),
    ("visa", "4012888888881881"),
    ("visa", "4000056655665556"),
    ("visa", "4444333322221111"),
    ("visa", "4646464646464644"),
    ("visa", "4988438843884305"),
    ("visa", "4222222222222"),
    ("visa", "4007000000027"),
    ("visa", "4917610000000000003"),
    ("mastercard", "5555555555554444"),
    ("mastercard", "5105105105105100"),
    ("mastercard", "5200828282828210"),
    ("mastercard", "5123450000000008"),
    ("mastercard", "2223003122003222"),
    ("mastercard", "2223000048400011"),
    ("amex", "378282246310005"),
    ("amex", "371449635398431"),
    ("amex", "378734493671000"),
    ("amex", "370000000000002"),
    ("discover", "6011111111111117"),
    ("discover", "6011000990139424"),
    ("discover", "6011981111111113"),
    ("diners", "30569309025904"),
    ("diners", "38520000023237"),
    ("diners", "36227206271667"),
    ("diners", "36006666333344"),
    ("diners", "3056930009020004"),
    ("jcb", "3530111333300000"),
    ("jcb", "3566002020360505"),
    ("jcb", "3569990010095841"),
    ("unionpay", "6200000000000005"),
    ("unionpay", "6200000000000047"),
    ("unionpay", "6205500000000000004"),
    ("maestro", "6759649826438453"),
    ("maestro", "6304000000000000"),
    ("maestro", "6771798021000008"),
    ("maestro", "6759000000005"),
    ("maestro", "6766000000000"),
    ("elo", "6362970000457013"),
    ("elo", "5066991111111118"),
    ("hipercard", "6062826786276634"),
    ("hipercard", "6062825624254001"),
    ("dankort", "5019717010103742"),
    ("verve", "5061460410120223210"),
    ("rupay", "6082015309577308"),
    ("uatp", "135410014004955"),
];

/// Where networks issue, for numbers made by us: the first digits, and the length.
pub const RANGES: &[(&str, &str, usize)] = &[
    ("visa", "4", 16),
    ("visa", "4", 16),
    ("mastercard", "51", 16),
    ("mastercard", "55", 16),
    ("mastercard", "2221", 16),
    ("mastercard", "2720", 16),
    ("amex", "34", 15),
    ("amex", "37", 15),
    ("discover", "6011", 16),
    ("discover", "644", 16),
    ("discover", "6229", 16),
    ("diners", "36", 14),
    ("diners", "3095", 14),
    ("jcb", "3528", 16),
    ("jcb", "3589", 16),
    ("unionpay", "623", 16),
    ("unionpay", "623", 17),
    ("unionpay", "623", 18),
    ("unionpay", "623", 19),
    ("mir", "2200", 16),
    ("mir", "2204", 16),
    ("troy", "9792", 16),
    ("verve", "50610", 16),
    ("rupay", "508501", 16),
    ("elo", "509000", 16),
    ("dankort", "5019", 16),
    ("maestro", "6761", 16),
    ("maestro", "5893", 16),
];

/// A number of this length that begins so and has a check digit that is right.
pub fn number(random: &mut Random, prefix: &str, length: usize) -> String {
    let mut number = format!("{prefix}{}", random.digits(length - prefix.len() - 1));
    let digit = (0..10)
        .find(|digit| luhn(&format!("{number}{digit}")))
        .unwrap_or_default();
    number.push_str(&digit.to_string());
    number
}

pub fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let doubled = u32::from(digit - b'0') * (1 + place as u32 % 2);
            doubled / 10 + doubled % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The groups that a number of this length is printed in.
pub fn groups(length: usize) -> &'static [usize] {
    match length {
        12 => &[4, 4, 4],
        13 => &[4, 3, 3, 3],
        14 => &[4, 6, 4],
        15 => &[4, 6, 5],
        16 => &[4, 4, 4, 4],
        17 => &[4, 4, 4, 4, 1],
        18 => &[4, 4, 4, 4, 2],
        _ => &[4, 4, 4, 4, 3],
    }
}

pub fn grouped(number: &str, joint: &str) -> String {
    let mut at = 0;
    let parts: Vec<&str> = groups(number.len())
        .iter()
        .map(|length| {
            at += length;
            &number[at - length..at]
        })
        .collect();
    parts.join(joint)
}

/// The ways in which a number is written; the last three go over the end of a line.
pub const FORMS: [&str; 9] = [
    "card, solid",
    "card, blanks",
    "card, hyphens",
    "card, dots",
    "card, no-break spaces",
    "card, thin spaces",
    "card, split",
    "card, split with a hyphen",
    "card, split between groups",
];

pub fn written(random: &mut Random, number: &str, form: &str) -> String {
    let cut = 2 + random.below(number.len() - 4);
    let (head, tail) = number.split_at(cut);
    match form {
        "card, blanks" => grouped(number, " "),
        "card, hyphens" => grouped(number, "-"),
        "card, dots" => grouped(number, "."),
        "card, no-break spaces" => grouped(number, "\u{a0}"),
        "card, thin spaces" => grouped(number, random.pick(&["\u{2009}", "\u{202f}"])),
        "card, split" => format!(
            "{head}{}{tail}",
            random.pick(&["\n", "\r\n", " \n  ", "\n    "])
        ),
        "card, split with a hyphen" => format!(
            "{head}{}{tail}",
            random.pick(&["-\n", "\u{ad}", "\u{ad}\n", "-\r\n  "])
        ),
        "card, split between groups" => {
            let joint = random.pick(&[" ", "-"]);
            let text = grouped(number, joint);
            let at = 4 + joint.len();
            let (head, tail) = (&text[..4], &text[at..]);
            format!("{head}{}{tail}", random.pick(&["\n", "\r\n", "\n  "]))
        }
        _ => number.to_owned(),
    }
}

pub fn samples(random: &mut Random) -> Vec<Sample> {
    let mut all = Vec::new();
    let mut numbers: Vec<String> = PUBLISHED
        .iter()
        .map(|(_, number)| (*number).to_owned())
        .collect();
    for (_, prefix, length) in RANGES {
        numbers.push(number(random, prefix, *length));
    }
    for number in &numbers {
        for form in FORMS {
            for known in [true, false] {
                let template = around(random, "payment-card", known);
                // A number alone in its text has no line to be split over.
                let template = if template == "{}" && form.contains("split") {
                    "It is {}."
                } else {
                    template
                };
                let value = written(random, number, form);
                all.push(Sample::labelled(form, "payment-card", template, &value));
            }
        }
    }
    all
}
