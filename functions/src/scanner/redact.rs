//! A short text as it may be shown: every hit in it masked. For what is said
//! of a document besides its text, such as its name.

use super::Scanner;

impl Scanner {
    /// `text` with its hits of any type and confidence replaced by their masks.
    pub fn redact(&self, text: &str) -> String {
        let mut stream = self.stream();
        stream.push(text.as_bytes());
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for hit in stream.finish().hits {
            let start = usize::try_from(hit.at).unwrap_or(usize::MAX);
            let end = start.saturating_add(hit.length as usize);
            // A hit of bytes that are no whole characters is shown as none.
            let (Some(before), Some(_)) = (text.get(at..start), text.get(start..end)) else {
                return "********".to_owned();
            };
            shown.push_str(before);
            shown.push_str(&hit.masked);
            at = end;
        }
        shown.push_str(text.get(at..).unwrap_or_default());
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_masked_and_the_rest_stays() {
        let scanner = Scanner::new(&[]).unwrap();
        for (text, shown) in [
            ("raw/2026/invoice 17.pdf", "raw/2026/invoice 17.pdf"),
            (
                "raw/Karte 4111 1111 1111 1111 Größe.pdf",
                "raw/Karte 411111******1111 Größe.pdf",
            ),
            (
                "4111111111111111 and 5555555555554444",
                "411111******1111 and 555555******4444",
            ),
            ("", ""),
        ] {
            assert_eq!(scanner.redact(text), shown);
        }
    }
}
