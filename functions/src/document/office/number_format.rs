//! A cell's number as it is shown. A card number that was typed as a number
//! is stored as `4.111111111111111E15`; a social security number under the
//! format `000-00-0000` as `78051120`, without its first zero.

/// The number that `stored` is, without an exponent.
pub(super) fn plain(stored: &str) -> String {
    let stored = stored.trim();
    if !stored.contains(['e', 'E']) {
        return stored.to_owned();
    }
    match stored.parse::<f64>() {
        Ok(number) if number.is_finite() && number.abs() < 1e21 => number.to_string(),
        _ => stored.to_owned(),
    }
}

/// `stored` under a number format that only arranges digits, such as
/// `000-00-0000` or `(###) ###-####`; None under any other.
pub(super) fn arranged(stored: &str, format: &str) -> Option<String> {
    let digits = plain(stored);
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mask = Mask::parse(section(format, &digits)?)?;
    mask.fill(&digits)
}

/// The section of a format for a positive number: the first, or the one whose
/// condition holds, as in `[<=9999999]###-####;(###) ###-####`
/// (ECMA-376-1, 18.8.31).
fn section<'f>(format: &'f str, digits: &str) -> Option<&'f str> {
    let number: f64 = digits.parse().ok()?;
    for section in format.split(';') {
        let Some(rest) = section.strip_prefix("[<=") else {
            return Some(section);
        };
        let (limit, rest) = rest.split_once(']')?;
        if number <= limit.parse().ok()? {
            return Some(rest);
        }
    }
    None
}

enum Piece {
    /// `0` shows a digit, or a zero where there is none; `#` only a digit.
    Digit {
        always: bool,
    },
    Literal(char),
}

struct Mask(Vec<Piece>);

impl Mask {
    fn parse(format: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            match character {
                '0' => pieces.push(Piece::Digit { always: true }),
                '#' | '?' => pieces.push(Piece::Digit { always: false }),
                '-' | ' ' | '(' | ')' | '/' | '+' => pieces.push(Piece::Literal(character)),
                '\\' => pieces.push(Piece::Literal(characters.next()?)),
                // The width of a character, as space.
                '_' => {
                    characters.next()?;
                    pieces.push(Piece::Literal(' '));
                }
                '"' => loop {
                    match characters.next()? {
                        '"' => break,
                        literal => pieces.push(Piece::Literal(literal)),
                    }
                },
                // A language or a colour.
                '[' => while characters.next()? != ']' {},
                _ => return None,
            }
        }
        let has = |kind: fn(&Piece) -> bool| pieces.iter().any(kind);
        let arranges = has(|piece| matches!(piece, Piece::Literal(_)))
            || has(|piece| matches!(piece, Piece::Digit { always: true }));
        let digits = has(|piece| matches!(piece, Piece::Digit { .. }));
        (arranges && digits && pieces.len() <= 64).then_some(Self(pieces))
    }

    /// From the right; what the mask has no place for stands before its first digit.
    fn fill(&self, digits: &str) -> Option<String> {
        let mut rest = digits.chars().rev();
        let mut shown = Vec::new();
        let first = self
            .0
            .iter()
            .position(|piece| matches!(piece, Piece::Digit { .. }))?;
        for (at, piece) in self.0.iter().enumerate().rev() {
            match piece {
                Piece::Literal(literal) => shown.push(*literal),
                Piece::Digit { always } => {
                    shown.extend(rest.next().or_else(|| always.then_some('0')));
                    if at == first {
                        shown.extend(rest.by_ref());
                    }
                }
            }
        }
        Some(shown.into_iter().rev().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_without_exponent() {
        for (stored, shown) in [
            ("4.111111111111111E15", "4111111111111111"),
            ("4111111111111111", "4111111111111111"),
            ("5.555555555554444E+15", "5555555555554444"),
            ("-1.5E3", "-1500"),
            ("1.5E-3", "0.0015"),
            ("1E300", "1E300"),
            ("nonsensE", "nonsensE"),
        ] {
            assert_eq!(plain(stored), shown);
        }
    }

    #[test]
    fn formats_that_arrange_digits_are_followed() {
        for (stored, format, shown) in [
            ("78051120", "000\\-00\\-0000", "078-05-1120"),
            ("78051120", "000-00-0000", "078-05-1120"),
            (
                "4.111111111111111E15",
                "0000\\ 0000\\ 0000\\ 0000",
                "4111 1111 1111 1111",
            ),
            (
                "4111111111111111",
                "#### #### #### ####",
                "4111 1111 1111 1111",
            ),
            (
                "2025550123",
                "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####",
                "(202) 555-0123",
            ),
            (
                "5550123",
                "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####",
                "555-0123",
            ),
            ("12", "00000", "00012"),
            ("123", "\"No. \"0", "No. 123"),
            ("123456", "0-0", "12345-6"),
        ] {
            assert_eq!(arranged(stored, format).as_deref(), Some(shown), "{format}");
        }
    }

    #[test]
    fn other_formats_leave_the_number_as_it_is() {
        for format in [
            "General",
            "0.00",
            "#,##0",
            "yyyy-mm-dd",
            "0%",
            "0.00E+00",
            "#",
            "@",
            "",
        ] {
            assert_eq!(arranged("78051120", format), None, "{format}");
        }
        assert_eq!(arranged("-5", "000-00-0000"), None);
        assert_eq!(arranged("5.5", "000-00-0000"), None);
    }
}
