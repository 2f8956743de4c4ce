//! Pictures that are drawn in markup (SVG 2): what is written in them. Their
//! shapes are not read, as those of other pictures are not.

use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::xml::{self, Attributes, Handler};
use std::io::Read;

/// Attributes that people read or hear. All others are measures and paths,
/// whose digits would pass for numbers.
const READ: &[&str] = &["aria-label", "title", "alt", "label", "desc"];
/// Elements that only place a part of the text around them.
const WITHIN_TEXT: &[&str] = &["tspan", "textPath", "a"];

/// Reads the texts of a picture. One that is not to be read, such as with a
/// document type, is a picture all the same, as any other is.
pub(super) fn read(source: &mut dyn Read, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    reading.part("picture")?;
    match xml::walk(source, reading, &mut Drawing::default()) {
        Err(refusal) if refusal.is(Code::Malformed) => {
            reading.unreadable("a picture in it is markup that is not read");
            Ok(())
        }
        other => other,
    }
}

#[derive(Default)]
struct Drawing {
    /// Whether the line at hand has text.
    pending: bool,
    /// Open `style` elements: what is in them is no text.
    styles: u32,
}

impl Drawing {
    fn end_line(&mut self, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        if std::mem::take(&mut self.pending) {
            reading.text("\n")?;
        }
        Ok(())
    }
}

impl Handler for Drawing {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        if !WITHIN_TEXT.contains(&name) {
            self.end_line(reading)?;
        }
        self.styles += u32::from(name == "style");
        let read: Vec<String> = attributes
            .all()
            .filter(|(key, _)| READ.contains(&key.as_str()))
            .map(|(_, value)| value)
            .collect();
        if !read.is_empty() {
            self.end_line(reading)?;
        }
        read.iter().try_for_each(|value| reading.line(value))
    }

    fn end(&mut self, name: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        if name == "style" {
            self.styles = self.styles.saturating_sub(1);
        }
        match WITHIN_TEXT.contains(&name) {
            true => Ok(()),
            false => self.end_line(reading),
        }
    }

    fn text(&mut self, text: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        if self.styles == 0 && (self.pending || !text.trim().is_empty()) {
            self.pending = true;
            reading.text(text)?;
        }
        Ok(())
    }
}
