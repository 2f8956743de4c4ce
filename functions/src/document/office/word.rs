//! The text of WordprocessingML, and of the DrawingML and comments that other
//! office documents share with it: paragraph by paragraph, whatever runs they
//! were cut into.

use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::xml::{self, Attributes, Handler};
use std::collections::HashSet;
use std::io::Read;

/// Elements whose text is a paragraph's. `v` and `f` are those of charts.
const TEXT: &[&str] = &["t", "delText"];
/// Elements whose text is no text but a measure.
const MEASURES: &[&str] = &[
    "posOffset",
    "pctWidth",
    "pctHeight",
    "align",
    "pctPosHOffset",
    "pctPosVOffset",
];
/// Elements that hold a paragraph: of Word and drawings, of comments in a
/// workbook, of strings.
const PARAGRAPHS: &[&str] = &["p", "si", "is", "text"];
/// Attributes that people read, or hear, wherever they stand.
const READ: &[&str] = &[
    "descr",
    "title",
    "alt",
    "string",
    "instr",
    "tooltip",
    "displayText",
    "prompt",
    "promptTitle",
    "error",
    "errorTitle",
    "display",
];
/// Elements whose `val` is text: document variables, defaults of form fields,
/// items of lists.
const VALUES: &[&str] = &[
    "docVar",
    "default",
    "listItem",
    "listEntry",
    "result",
    "alias",
    "tag",
    "statusText",
    "helpText",
];
/// English metric units in a centimetre (ECMA-376-1, 20.1.2.1).
const EMU_PER_CM: f64 = 360_000.0;
/// A quarter of a page of A4, in square centimetres.
const LARGE: f64 = 156.0;
/// Characters of text for each large picture, for it to be an illustration.
const ENOUGH_TEXT: u64 = 100;
/// What is gathered aside is handed on at this length.
const ASIDE: usize = 64 << 10;

/// The pictures of a document, and the text that is not in them.
#[derive(Default)]
pub(super) struct Pictures {
    shown: u32,
    large: u32,
    pub characters: u64,
}

impl Pictures {
    /// Says so when a document's text may be in its pictures: when there are
    /// large ones and hardly other text, or any and none. `files` are the
    /// pictures in the archive. A logo in a letter is neither.
    pub fn judge(&self, files: u32, reading: &mut Reading<'_>) {
        let pictures = files.max(self.shown);
        reading.pictures(pictures);
        if pictures > 0 && self.characters == 0 {
            reading.unreadable("it has pictures and no text");
        } else if self.characters < ENOUGH_TEXT * u64::from(self.large) {
            reading.unreadable(format!(
                "it has {} large pictures and little text",
                self.large
            ));
        }
    }
}

pub(super) fn read(
    source: &mut dyn Read,
    pictures: &mut Pictures,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let mut word = Word {
        pictures,
        paragraphs: Vec::new(),
        within: Within::Other,
        runs: 0,
        aside: String::new(),
        instruction: String::new(),
        alternatives: 0,
        fallbacks: 0,
        first_choice: HashSet::new(),
        extent: None,
        loose: false,
    };
    xml::walk(source, reading, &mut word)?;
    word.end_instruction()?;
    word.hand_on_aside(reading)
}

#[derive(PartialEq, Eq)]
enum Within {
    Text,
    Instruction,
    Measure,
    Other,
}

struct Word<'p> {
    pictures: &'p mut Pictures,
    /// Open paragraphs: a text box has its own within another's.
    paragraphs: Vec<String>,
    within: Within,
    /// Open runs. Tabs are characters only there.
    runs: u32,
    /// What is read beside the text: descriptions, fields.
    aside: String,
    /// A field's code, which may be cut into runs as text is.
    instruction: String,
    /// Open `AlternateContent` and `Fallback` elements.
    alternatives: u32,
    fallbacks: u32,
    /// The paragraphs of the choices, which fallbacks mostly repeat.
    first_choice: HashSet<String>,
    /// The size of the picture that comes next, in square centimetres.
    extent: Option<f64>,
    /// Whether the text aside goes on until the next tag.
    loose: bool,
}

impl Word<'_> {
    fn push(&mut self, text: &str) {
        match self.paragraphs.last_mut() {
            Some(paragraph) => paragraph.push_str(text),
            None => self.push_aside(text),
        }
    }

    fn push_aside(&mut self, text: &str) {
        self.aside.push_str(text);
        self.loose = true;
    }

    fn end_aside(&mut self) {
        if std::mem::take(&mut self.loose) {
            self.aside.push('\n');
        }
    }

    fn end_paragraph(&mut self, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let Some(paragraph) = self.paragraphs.pop() else {
            return Ok(());
        };
        if paragraph.is_empty() {
            return Ok(());
        }
        if self.alternatives > 0 {
            let repeated = self.fallbacks > 0 && self.first_choice.contains(&paragraph);
            if repeated {
                return Ok(());
            }
            if self.first_choice.len() < 1000 {
                self.first_choice.insert(paragraph.clone());
            }
        }
        let visible = paragraph.chars().filter(|c| !c.is_whitespace()).count();
        self.pictures.characters += visible as u64;
        reading.line(&paragraph)
    }

    /// Takes the field's code aside. DDE starts a program to get its result.
    fn end_instruction(&mut self) -> Result<(), Refusal> {
        let instruction = std::mem::take(&mut self.instruction);
        refuse_dde(&instruction)?;
        if !instruction.trim().is_empty() {
            self.aside.push_str(instruction.trim());
            self.aside.push('\n');
        }
        Ok(())
    }

    fn hand_on_aside(&mut self, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        reading.text(&std::mem::take(&mut self.aside))
    }

    fn attributes(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), Refusal> {
        for (key, value) in attributes.all() {
            let read = READ.contains(&key.as_str()) || key == "val" && VALUES.contains(&name);
            if key == "instr" {
                refuse_dde(&value)?;
            }
            if read && !value.trim().is_empty() {
                self.aside.push_str(&value);
                self.aside.push('\n');
            }
        }
        Ok(())
    }

    fn symbol(&mut self, attributes: &Attributes<'_>) {
        // Word puts a symbol font's codes at U+F000 (ECMA-376-1, 17.3.3.30).
        let code = attributes
            .get("char")
            .and_then(|code| u32::from_str_radix(&code, 16).ok());
        let code = code.map(|code| {
            if (0xf000..=0xf0ff).contains(&code) {
                code - 0xf000
            } else {
                code
            }
        });
        if let Some(character) = code.and_then(char::from_u32).filter(|c| !c.is_control()) {
            self.push(character.encode_utf8(&mut [0; 4]));
        }
    }
}

fn refuse_dde(instruction: &str) -> Result<(), Refusal> {
    let mut words = instruction.split_whitespace();
    let dde = words.next().is_some_and(|word| {
        word.eq_ignore_ascii_case("DDE") || word.eq_ignore_ascii_case("DDEAUTO")
    });
    if dde {
        let sentence = "it holds a field that starts a program (DDE)";
        return Err(Refusal::new(Code::ActiveContent, sentence));
    }
    Ok(())
}

impl Handler for Word<'_> {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        self.end_aside();
        self.within = match name {
            name if TEXT.contains(&name) => Within::Text,
            "instrText" | "delInstrText" => Within::Instruction,
            name if MEASURES.contains(&name) => Within::Measure,
            _ => Within::Other,
        };
        match name {
            name if PARAGRAPHS.contains(&name) => self.paragraphs.push(String::new()),
            "r" => self.runs += 1,
            "tab" | "ptab" if self.runs > 0 => self.push("\t"),
            "br" | "cr" if !self.paragraphs.is_empty() => self.push("\n"),
            "noBreakHyphen" => self.push("-"),
            "sym" => self.symbol(attributes),
            "fldChar" => self.end_instruction()?,
            "AlternateContent" => {
                if self.alternatives == 0 {
                    self.first_choice.clear();
                }
                self.alternatives += 1;
            }
            "Fallback" => self.fallbacks += 1,
            "extent" | "ext" => {
                let side = |key| {
                    attributes
                        .get(key)
                        .and_then(|side| side.parse::<f64>().ok())
                };
                if let (Some(x), Some(y)) = (side("cx"), side("cy")) {
                    self.extent = Some(x / EMU_PER_CM * (y / EMU_PER_CM));
                }
            }
            "blip" | "imagedata" => {
                self.pictures.shown += 1;
                let large = self.extent.take().is_some_and(|area| area >= LARGE);
                self.pictures.large += u32::from(large);
            }
            "ddeLink" => refuse_dde("DDE")?,
            _ => {}
        }
        self.attributes(name, attributes)?;
        if self.aside.len() > ASIDE {
            self.hand_on_aside(reading)?;
        }
        Ok(())
    }

    fn end(&mut self, name: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        self.within = Within::Other;
        self.end_aside();
        match name {
            name if PARAGRAPHS.contains(&name) => self.end_paragraph(reading)?,
            "r" => self.runs = self.runs.saturating_sub(1),
            "AlternateContent" => self.alternatives = self.alternatives.saturating_sub(1),
            "Fallback" => self.fallbacks = self.fallbacks.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        match self.within {
            Within::Text => self.push(text),
            Within::Instruction => self.instruction.push_str(text),
            Within::Measure => {}
            // Between the elements that are known: a chart's values, and
            // whatever the next version brings.
            Within::Other if self.loose || !text.trim().is_empty() => self.push_aside(text),
            Within::Other => {}
        }
        Ok(())
    }
}
