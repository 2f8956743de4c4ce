//! The reference's telephone numbers: a number becomes its shape, such as
//! `(3) 3-4`, and shapes are looked up.

use super::super::super::calling;
use super::super::super::found::Kind;
use super::{Reference, Seen, Sign, kind_of};

/// What a country prints, with `#` for a blank or, all over, a hyphen.
const PRINTED: &[&str] = &[
    "2 2 2 2 2",
    "2.2.2.2.2",
    "2-2-2-2-2",
    "3 3 2 2",
    "2-8",
    "3-7",
    "3-3-4",
];

impl Reference<'_> {
    pub(super) fn phone(&self, at: usize) -> Option<Seen> {
        let plus = match self.sign(at as isize)? {
            Sign::Plus => true,
            Sign::Open | Sign::Digit(_) => false,
            _ => return None,
        };
        match (self.sign(at as isize - 1), self.sign(at as isize - 2)) {
            (Some(Sign::Digit(_) | Sign::Letter(_) | Sign::Plus), _) => return None,
            (
                Some(Sign::Dot | Sign::Minus | Sign::Slash),
                Some(Sign::Digit(_) | Sign::Letter(_)),
            ) => return None,
            (Some(Sign::Open), Some(Sign::Plus)) => return None,
            _ => {}
        }
        let most = self.signs.len().min(at + 17 + 9 * 6);
        (at + 7..=most)
            .rev()
            .filter_map(|to| self.phone_of(at, to, plus))
            .reduce(|best, other| {
                // The surer, and of those the longer, which comes first.
                if other.confidence > best.confidence {
                    other
                } else {
                    best
                }
            })
    }

    fn phone_of(&self, at: usize, to: usize, plus: bool) -> Option<Seen> {
        let (shape, digits) = self.shape(at + usize::from(plus), to)?;
        match (self.sign(to as isize), self.sign(to as isize + 1)) {
            (Some(Sign::Digit(_) | Sign::Letter(_)), _) => return None,
            (Some(Sign::Dot | Sign::Minus | Sign::Slash | Sign::Plus), Some(Sign::Digit(_))) => {
                return None;
            }
            _ => {}
        }
        let base = base(&shape, &digits, plus)?;
        let (start, end) = (self.places[at], self.places[to]);
        let lean = self.lean(start, end, Kind::Phone);
        if base == 0 && lean != 1 {
            return None;
        }
        let in_row = !plus
            && shape.contains(' ')
            && matches!(
                (self.sign(at as isize - 1), self.sign(at as isize - 2)),
                (Some(Sign::Blank), Some(Sign::Digit(_)))
            );
        let value = if base == 0 { 2 } else { base + lean };
        self.seen(start, end, Kind::Phone, value - i32::from(in_row))
    }

    /// `(212) 555-0123` is `(3) 3-4`. A mark may have a blank on each side.
    fn shape(&self, at: usize, to: usize) -> Option<(String, Vec<u8>)> {
        let (mut shape, mut digits, mut groups) = (String::new(), Vec::new(), 0);
        let mut i = at;
        let sign = |i: usize| self.signs[..to].get(i).copied();
        loop {
            let open = sign(i) == Some(Sign::Open);
            i += usize::from(open);
            let first = digits.len();
            while let Some(Sign::Digit(digit)) = sign(i) {
                digits.push(digit);
                i += 1;
            }
            let length = digits.len() - first;
            groups += 1;
            if length == 0
                || digits.len() > 17
                || groups > 9
                || open && sign(i) != Some(Sign::Close)
            {
                return None;
            }
            i += usize::from(open);
            shape += &if open {
                format!("({length})")
            } else {
                length.to_string()
            };
            if i == to {
                return Some((shape, digits));
            }
            let blank = |i: usize| matches!(sign(i), Some(Sign::Blank | Sign::Wide));
            let ahead = blank(i);
            i += usize::from(ahead);
            let mark = sign(i)
                .map(kind_of)
                .filter(|mark| matches!(mark, b'-' | b'.' | b'/'));
            if let Some(mark) = mark {
                i += 1;
                i += usize::from(blank(i));
                shape.push(char::from(mark));
            } else if ahead {
                shape.push(' ');
            } else if !open && sign(i) != Some(Sign::Open) {
                return None;
            }
        }
    }
}

/// The points of a form; nought for digits that only a word makes a number.
fn base(shape: &str, digits: &[u8], plus: bool) -> Option<i32> {
    let lengths: Vec<usize> = shape
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|n| n.parse().ok())
        .collect();
    let marks: Vec<char> = shape.chars().filter(|c| "-. /".contains(*c)).collect();
    let even = marks.windows(2).all(|pair| pair[0] == pair[1]) && marks.len() + 1 == lengths.len();
    let second_alone = shape
        .trim_start_matches(|c: char| c.is_ascii_digit() || "()".contains(c))
        .trim_start_matches([' ', '-', '.', '/'])
        .starts_with("(1)")
        || shape
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .starts_with("(1)");
    let parentheses = shape.matches('(').count();
    if plus {
        return is_international(digits, second_alone.then_some(lengths[0])).then_some(2);
    }
    if digits.starts_with(&[0, 0]) && lengths[0] > 1 {
        let trunk = second_alone.then(|| lengths[0] - 2);
        return is_international(&digits[2..], trunk).then_some(i32::from(lengths.len() > 1));
    }
    let area = shape.starts_with('(') && parentheses == 1;
    if digits[0] == 0 {
        let sound = (9..=12).contains(&digits.len())
            && digits[1] != 0
            && digits[1..].iter().any(|digit| *digit != digits[1]);
        if !sound || parentheses > usize::from(area) || lengths[0] < 2 || lengths == [3, 2, 4] {
            return None;
        }
        if lengths.len() == 1 {
            return Some(0);
        }
        let tail = marks
            .get(usize::from(area && marks.len() == lengths.len() - 1)..)
            .unwrap_or_default();
        let even_tail = tail.windows(2).all(|pair| pair[0] == pair[1]);
        let sizes = (2..=5).contains(&lengths.len())
            && lengths[0] <= 5
            && lengths[1..].iter().all(|length| (2..=8).contains(length));
        let printed = is_printed_at_home(&lengths, &marks, even, area, digits[1])
            || area && sizes && even_tail;
        return if printed {
            Some(2)
        } else {
            (sizes && !area && even).then_some(1)
        };
    }
    north_american(shape, digits).or_else(|| {
        let brazil = [
            "(2)4-4", "(2)5-4", "(2) 4-4", "(2) 5-4", "(2)-4-4", "(2)-5-4", "(2).4-4", "(2).5-4",
            "(2)/4-4", "(2)/5-4",
        ];
        if brazil.contains(&shape) {
            return (digits[1] != 0).then_some(2);
        }
        let nine = [vec![3, 3, 3], vec![3, 2, 2, 2], vec![2, 3, 2, 2]];
        (nine.contains(&lengths) && parentheses == 0 && even && digits[0] >= 4).then_some(0)
    })
}

fn is_international(digits: &[u8], trunk: Option<usize>) -> bool {
    let Some(code) = calling::code(digits) else {
        return false;
    };
    let mut national = digits[code.digits..].to_vec();
    if let Some(trunk) = trunk {
        if trunk != code.digits || national.first() != Some(&0) {
            return false;
        }
        national.remove(0);
    }
    let same = national.iter().all(|digit| *digit == national[0]);
    let zero = national.first() == Some(&0) && !code.zero;
    code.lengths.contains(&national.len())
        && !same
        && !zero
        && (code.value != 1 || is_plan(&national))
}

fn is_plan(digits: &[u8]) -> bool {
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let same = text.chars().all(|digit| text.starts_with(digit));
    text.len() == 10
        && !same
        && text[..1] > *"1"
        && text[3..4] > *"1"
        && &text[1..3] != "11"
        && &text[4..6] != "11"
        && &text[1..2] != "9"
        && !text.starts_with("37")
        && !text.starts_with("96")
}

fn north_american(shape: &str, digits: &[u8]) -> Option<i32> {
    let national = digits.strip_prefix(&[1]).unwrap_or(digits);
    if !is_plan(national) {
        return None;
    }
    // The 1 before it with whatever stands behind it.
    let shape = match (digits[0], shape.strip_prefix('1')) {
        (1, Some(rest)) if rest.starts_with(|c: char| !c.is_ascii_digit()) => {
            rest.trim_start_matches([' ', '-', '.', '/'])
        }
        _ => shape
            .strip_prefix("(1)")
            .filter(|_| digits[0] == 1)
            .map_or(shape, |rest| rest.trim_start_matches([' ', '-', '.', '/'])),
    };
    let bare: String = shape.chars().filter(|c| !"()".contains(*c)).collect();
    match (bare.as_str(), shape) {
        ("10" | "11", _) => Some(0),
        (_, shape) if shape.starts_with("(3)") && shape.matches('(').count() == 1 => {
            let rest: Vec<&str> = shape[3..]
                .split([' ', '-', '.', '/'])
                .filter(|n| !n.is_empty())
                .collect();
            matches!(rest[..], ["7"] | ["3", "4"]).then_some(2)
        }
        ("3-7" | "3 7" | "3.7" | "3/7" | "37", _) => Some(0),
        (_, "3-3-4" | "3.3.4" | "3 3-4" | "3/3-4") => Some(2),
        (_, "3 3 4") => Some(1),
        _ => None,
    }
}

fn is_printed_at_home(
    lengths: &[usize],
    marks: &[char],
    even: bool,
    area: bool,
    second: u8,
) -> bool {
    let flat: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    let first = marks.first().copied();
    if even && first.is_some_and(|mark| PRINTED.contains(&flat.join(&mark.to_string()).as_str())) {
        return true;
    }
    // The mark behind the area code may be another than those that follow.
    let behind_area = if marks.len() == lengths.len() - 1 {
        first
    } else {
        None
    };
    let tail = match lengths.len() {
        2 => behind_area,
        _ => marks.get(marks.len() + 2 - lengths.len()).copied(),
    };
    let blanks = even && first == Some(' ') || area && matches!(tail, None | Some(' '));
    let hyphens = even && first == Some('-') || area && tail == Some('-');
    let slash = behind_area == Some('/');
    match flat.concat().as_str() {
        "344" | "434" | "533" | "56" if matches!(second, 1..=3 | 7 | 8) && (blanks || hyphens) => {
            true
        }
        "433" if second == 4 && blanks => true,
        "244" if (2..=8).contains(&second) && (blanks || hyphens) => true,
        "334" if hyphens => true,
        "3322" if blanks => true,
        "28" | "37" if hyphens => true,
        _ => match lengths {
            [3..=5, 5..=8] | [3..=5, 3 | 4, 3 | 4] => {
                area || slash || matches!(lengths, [4, 7 | 8]) && second == 1 && (blanks || hyphens)
            }
            _ => false,
        },
    }
}
