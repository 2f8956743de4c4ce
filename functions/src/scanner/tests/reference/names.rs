//! The reference's addresses and accounts: IPv4, IPv6, IBAN, e-mail.

use super::super::super::found::Kind;
use super::super::super::{email, iban};
use super::{Reference, Seen, Sign, is_over, is_word, kind_of};

impl Reference<'_> {
    pub(super) fn ipv4(&self, start: usize) -> Option<Seen> {
        let text = self.text;
        if !text[start].is_ascii_digit() {
            return None;
        }
        let end = (start..=text.len())
            .rev()
            .find(|end| *end <= start + 15 && octets(&text[start..*end]).is_some())?;
        let octets = octets(&text[start..end])?;
        let byte = |at: Option<usize>| at.and_then(|at| text.get(at)).copied();
        let inside = |near: Option<u8>, far: Option<u8>| match near {
            Some(b'.' | b'-') => far.is_some_and(is_word),
            near => near.is_some_and(is_word),
        };
        if inside(byte(start.checked_sub(1)), byte(start.checked_sub(2)))
            || inside(byte(Some(end)), byte(Some(end + 1)))
        {
            return None;
        }
        let special = [0, 127, 255].contains(&octets[0]) || octets.iter().all(|octet| *octet <= 9);
        self.seen(
            start,
            end,
            Kind::IpAddress,
            if special { 1 } else { 2 } + self.lean(start, end, Kind::IpAddress),
        )
    }

    pub(super) fn ipv6(&self, start: usize) -> Option<Seen> {
        let text = self.text;
        let part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        if start > 0 && (is_word(text[start - 1]) || matches!(text[start - 1], b':' | b'.')) {
            return None;
        }
        let length = text[start..].iter().take_while(|byte| part(byte)).count();
        if length > 46
            && text[start..start + 46].iter().any(|byte| *byte != b'.')
            && !text[start + 45..start + length]
                .iter()
                .all(|byte| *byte == b'.')
        {
            return None;
        }
        let mut end = start + length.min(46);
        while end > start && text[end - 1] == b'.' {
            end -= 1;
        }
        if end >= start + 2 && text[end - 1] == b':' && text[end - 2] != b':' {
            end -= 1;
        }
        if text.get(end).is_some_and(|byte| is_word(*byte)) {
            return None;
        }
        let body = std::str::from_utf8(&text[start..end]).ok()?;
        let groups = groups(body)?;
        let sound = if body.contains("::") {
            let loopback = groups == [0, 0, 0, 0, 0, 0, 0, 1];
            let mapped = groups[0] == 0 && groups[5] == 0xffff && groups[6] != 0;
            let translated = groups[0] == 0x64 && groups[1] == 0xff9b;
            let first = groups[0];
            loopback
                || mapped
                || translated
                || first >> 13 == 1
                || first >> 9 == 0xfc >> 1
                || first >> 6 == 0xfe80 >> 6
                || first >> 8 == 0xff
        } else {
            body.split(':').any(|group| group.len() != 2)
        };
        if !sound || !body.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let special = groups == [0, 0, 0, 0, 0, 0, 0, 1] || groups[0] >> 8 == 0xff;
        self.seen(
            start,
            end,
            Kind::IpAddress,
            if special { 1 } else { 2 } + self.lean(start, end, Kind::IpAddress),
        )
    }

    pub(super) fn iban(&self, start: usize) -> Option<Seen> {
        let country = self.text.get(start..start + 2)?;
        let (_, length) = iban::LENGTHS.iter().find(|(code, _)| *code == country)?;
        if start > 0 && (is_word(self.text[start - 1]) || self.text[start - 1] == b'-') {
            return None;
        }
        let first = self.places.iter().position(|place| *place == start)?;
        (first + 15..=self.signs.len().min(first + 90))
            .find_map(|to| self.iban_of(first, to, usize::from(*length)))
    }

    fn iban_of(&self, first: usize, to: usize, length: usize) -> Option<Seen> {
        if self.goes_on(to) {
            return None;
        }
        let mut pieces: Vec<(String, Vec<Sign>)> = vec![(String::new(), vec![])];
        for sign in &self.signs[first..to] {
            let character = match sign {
                Sign::Digit(digit) => char::from(b'0' + digit),
                Sign::Letter(letter) if letter.is_ascii_uppercase() => char::from(*letter),
                sign => {
                    pieces.last_mut().unwrap().1.push(*sign);
                    continue;
                }
            };
            if !pieces.last().unwrap().1.is_empty() {
                pieces.push((String::new(), vec![]));
            }
            pieces.last_mut().unwrap().0.push(character);
        }
        let all: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        let (last, gaps) = pieces.split_last().unwrap();
        if all.len() != length || !last.1.is_empty() {
            return None;
        }
        let fours =
            gaps.iter().all(|(piece, _)| piece.len() == 4) && (1..=4).contains(&last.0.len());
        if pieces.len() > 1 && !fours {
            return None;
        }
        let marks: Vec<u8> = gaps
            .iter()
            .filter(|(_, gap)| !is_over(gap))
            .map(|(_, gap)| if gap.len() == 1 { kind_of(gap[0]) } else { 0 })
            .collect();
        if gaps.len() - marks.len() > 1
            || marks
                .iter()
                .any(|mark| *mark != marks[0] || !matches!(mark, b' ' | b'-'))
        {
            return None;
        }
        let turned = format!("{}{}", &all[4..], &all[..4]);
        let rest = turned.chars().fold(0, |rest, c| {
            let value = c.to_digit(36).unwrap();
            let scale = if value > 9 { 100 } else { 10 };
            (rest * scale + value) % 97
        });
        let digits = all[2..4]
            .parse::<u8>()
            .is_ok_and(|check| (2..=98).contains(&check));
        (rest == 1 && digits)
            .then(|| self.seen(self.places[first], self.places[to], Kind::Iban, 3))?
    }

    pub(super) fn email(&self, at: usize) -> Option<Seen> {
        let text = self.text;
        if text[at] != b'@' {
            return None;
        }
        let local = |byte: u8| {
            byte >= 0x80 || byte.is_ascii_alphanumeric() || "._%+-'".contains(char::from(byte))
        };
        let domain = |byte: u8| {
            byte >= 0x80 || byte.is_ascii_alphanumeric() || ".-".contains(char::from(byte))
        };
        let mut start = at;
        while start > 0 && local(text[start - 1]) && at - start < 65 {
            start -= 1;
        }
        while start < at && matches!(text[start], b'.' | b'\'') {
            start += 1;
        }
        let mut end = at + 1;
        while end < text.len() && domain(text[end]) && end - at <= 256 {
            end += 1;
        }
        while matches!(text[end - 1], b'.' | b'-') {
            end -= 1;
        }
        let (name, host) = (&text[start..at], &text[at + 1..end.max(at + 1)]);
        let name = String::from_utf8_lossy(name);
        if name.is_empty()
            || at - start > 64
            || name.ends_with('.')
            || name.contains("..")
            || host.len() > 255
        {
            return None;
        }
        let labels: Vec<&[u8]> = host.split(|byte| *byte == b'.').collect();
        let sound = |label: &&[u8]| {
            !label.is_empty()
                && label.len() < 64
                && label[0] != b'-'
                && label[label.len() - 1] != b'-'
        };
        let top = String::from_utf8_lossy(labels.last()?).to_ascii_lowercase();
        let letters =
            top.chars().all(|c| c.is_ascii_lowercase()) || labels.last()?.starts_with(b"xn--");
        if labels.len() < 2
            || !labels.iter().all(sound)
            || !letters
            || top.len() < 2
            || top.len() > 24
        {
            return None;
        }
        let before = String::from_utf8_lossy(&text[start.saturating_sub(64)..start]).into_owned();
        if before
            .rsplit([' ', '\t', '\n', '\r', '\x0c', '"', '\'', '<', '>', '(', ','])
            .next()
            .unwrap()
            .contains("://")
        {
            return None;
        }
        if text.get(end) == Some(&b':')
            && text
                .get(end + 1)
                .is_some_and(|byte| *byte == b'~' || byte.is_ascii_alphabetic())
        {
            return None;
        }
        let (files, common) = email::tables();
        if files.contains(&top.as_str()) {
            return None;
        }
        self.seen(
            start,
            end,
            Kind::Email,
            if top.len() == 2 || common.contains(&top.as_str()) {
                3
            } else {
                2
            },
        )
    }
}

fn octets(text: &[u8]) -> Option<Vec<u32>> {
    let octet = |part: &[u8]| {
        let sound = (1..=3).contains(&part.len())
            && part.iter().all(u8::is_ascii_digit)
            && (part.len() == 1 || part[0] != b'0');
        let value = |part: &[u8]| {
            part.iter()
                .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
        };
        sound.then(|| value(part)).filter(|value| *value < 256)
    };
    let all: Vec<u32> = text
        .split(|byte| *byte == b'.')
        .map(octet)
        .collect::<Option<_>>()?;
    (all.len() == 4).then_some(all)
}

/// The eight groups of an IPv6 address.
fn groups(text: &str) -> Option<Vec<u32>> {
    let side = |text: &str, last: bool| -> Option<Vec<u32>> {
        if text.is_empty() {
            return Some(vec![]);
        }
        let parts: Vec<&str> = text.split(':').collect();
        let mut all = Vec::new();
        for (place, part) in parts.iter().enumerate() {
            if part.contains('.') && last && place + 1 == parts.len() {
                let octets = octets(part.as_bytes())?;
                all.extend([octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]);
            } else if (1..=4).contains(&part.len()) {
                all.push(u32::from_str_radix(part, 16).ok()?);
            } else {
                return None;
            }
        }
        Some(all)
    };
    match text.split_once("::") {
        None => side(text, true).filter(|all| all.len() == 8),
        Some((ahead, behind)) => {
            let (ahead, behind) = (side(ahead, false)?, side(behind, true)?);
            let zeros = 8_usize
                .checked_sub(ahead.len() + behind.len())
                .filter(|zeros| *zeros > 0)?;
            Some([ahead, vec![0; zeros], behind].concat())
        }
    }
}
