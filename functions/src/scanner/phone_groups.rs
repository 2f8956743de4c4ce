//! A telephone number's groups of digits, with all that may stand between
//! them: blanks, hyphens, dots, slashes, and parentheses around a group.

/// The most digits of a number (E.164), with an international prefix of two.
pub(super) const MOST_DIGITS: usize = 17;
pub(super) const MOST_GROUPS: usize = 9;

/// What stands between two groups, parentheses aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// A parenthesis alone.
    None,
    Space,
    Hyphen,
    Dot,
    Slash,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub start: usize,
    pub end: usize,
    /// What stands before it.
    pub joint: Joint,
    pub parentheses: bool,
}

/// The groups from one place on.
pub(super) struct Groups {
    pub groups: [Group; MOST_GROUPS],
    pub count: usize,
}

impl Groups {
    /// Reads whole groups of digits with at most [`MOST_DIGITS`], the first of
    /// them at `at` or behind a parenthesis there.
    pub fn read(text: &[u8], at: usize) -> Option<Self> {
        let none = Group {
            start: at,
            end: at,
            joint: Joint::None,
            parentheses: false,
        };
        let mut read = Self {
            groups: [none; MOST_GROUPS],
            count: 0,
        };
        let mut open = text.get(at) == Some(&b'(');
        let (mut start, mut joint, mut total) = (at + usize::from(open), Joint::None, 0);
        while read.count < MOST_GROUPS {
            let most = MOST_DIGITS - total + 1;
            let length = text[start..]
                .iter()
                .take(most)
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if length == 0 || length == most {
                break;
            }
            let end = start + length;
            if open && text.get(end) != Some(&b')') {
                break;
            }
            read.groups[read.count] = Group {
                start,
                end,
                joint,
                parentheses: open,
            };
            read.count += 1;
            total += length;
            let Some(next) = next_group(text, end, open) else {
                break;
            };
            (start, joint, open) = next;
        }
        (read.count > 0).then_some(read)
    }

    /// Where the first `count` groups end.
    pub fn end(&self, count: usize) -> usize {
        let last = self.groups[count - 1];
        last.end + usize::from(last.parentheses)
    }
}

/// Where the group behind the one that ends at `end` begins, what stands
/// between them, and whether it is in parentheses.
fn next_group(text: &[u8], end: usize, close: bool) -> Option<(usize, Joint, bool)> {
    let mut at = end + usize::from(close);
    let blank = space(text, at);
    at += blank;
    let mark = match text.get(at)? {
        b'-' => Some((Joint::Hyphen, 1)),
        b'.' => Some((Joint::Dot, 1)),
        b'/' => Some((Joint::Slash, 1)),
        0xE2 if matches!(text.get(at + 1..at + 3), Some([0x80, 0x90 | 0x91 | 0x93])) => {
            Some((Joint::Hyphen, 3))
        }
        _ => None,
    };
    let joint = match mark {
        Some((joint, width)) => {
            at += width;
            at += space(text, at);
            joint
        }
        None if blank > 0 => Joint::Space,
        None => Joint::None,
    };
    let open = text.get(at) == Some(&b'(');
    if joint == Joint::None && !close && !open {
        return None;
    }
    Some((at + usize::from(open), joint, open))
}

/// The width of the one blank at `at`.
fn space(text: &[u8], at: usize) -> usize {
    match text.get(at..).unwrap_or_default() {
        [b' ', ..] => 1,
        [0xC2, 0xA0, ..] => 2,
        [0xE2, 0x80, 0x89 | 0xAF, ..] => 3,
        _ => 0,
    }
}
