//! The shared strings of a workbook: cells refer to them by number.

use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::xml::{self, Attributes, Handler};
use std::io::Read;

/// All strings in one, which takes a fraction of what one each would.
#[derive(Default)]
pub(super) struct SharedStrings {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
    used: Vec<bool>,
    /// Whether the text at hand is one that is shown: of a `t`, and not of the
    /// phonetic hints (`rPh`) beside it.
    in_text: bool,
}

impl SharedStrings {
    pub fn read(source: &mut dyn Read, reading: &mut Reading<'_>) -> Result<Self, Refusal> {
        let mut strings = Self::default();
        xml::walk(source, reading, &mut strings)?;
        strings.used = vec![false; strings.ends.len()];
        Ok(strings)
    }

    /// The string of a number, which is used from now on.
    pub fn get(&mut self, number: usize) -> Option<&str> {
        *self.used.get_mut(number)? = true;
        Some(self.at(number))
    }

    fn at(&self, number: usize) -> &str {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[number]]
    }

    /// Strings that no cell shows. They are in the file all the same.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        let unused = self.used.iter().enumerate().filter(|(_, used)| !**used);
        unused.map(|(number, _)| self.at(number))
    }
}

impl Handler for SharedStrings {
    fn start(
        &mut self,
        name: &str,
        _: &Attributes<'_>,
        _: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        self.in_text = name == "t";
        Ok(())
    }

    fn end(&mut self, name: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        self.in_text = false;
        match name {
            "si" => self.ends.push(self.text.len()),
            // The hint's text is kept, apart from what it explains.
            "rPh" => self.text.push('\n'),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        if self.in_text {
            self.text.push_str(text);
        }
        if self.text.len() as u64 > reading.limits.text_bytes {
            let limit = reading.limits.text_bytes;
            let sentence = format!("it holds more than the {limit} bytes of text allowed");
            return Err(Refusal::new(Code::TooMuchText, sentence));
        }
        Ok(())
    }
}
