//! The cells of a worksheet, row by row, as they are shown.

use super::archive::Archive;
use super::number_format::{arranged, plain};
use super::parts::Types;
use super::strings::SharedStrings;
use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::xml::{self, Attributes, Handler};
use std::collections::HashMap;
use std::io::Read;

/// Attributes that people read: hints and messages of cells.
const READ: &[&str] = &[
    "prompt",
    "promptTitle",
    "error",
    "errorTitle",
    "tooltip",
    "display",
];
/// Excel 2007 and later (Excel specifications and limits).
const MAX_FORMATS: usize = 70_000;

/// What the sheets of a workbook share.
pub(super) struct Sheets {
    pub strings: SharedStrings,
    /// The part they are from.
    pub index_of_strings: Option<usize>,
    /// By a cell's style, its number format.
    formats: Vec<String>,
}

/// Reads the shared strings and the styles.
pub(super) fn prepare(
    archive: &mut Archive<'_>,
    types: &Types,
    reading: &mut Reading<'_>,
) -> Result<Sheets, Refusal> {
    let index_of_strings = find_strings(archive, types);
    let strings = match index_of_strings {
        Some(index) => {
            let (_, mut part) = archive.entry(index)?;
            SharedStrings::read(&mut part, reading)?
        }
        None => SharedStrings::default(),
    };
    let formats = match archive.find("xl/styles.xml") {
        Some(index) => {
            let (_, mut part) = archive.entry(index)?;
            let mut styles = Styles::default();
            xml::walk(&mut part, reading, &mut styles)?;
            styles.formats()
        }
        None => Vec::new(),
    };
    Ok(Sheets {
        strings,
        index_of_strings,
        formats,
    })
}

/// The part with the shared strings: by its type, since it may have any name,
/// and of several the one with the usual name.
fn find_strings(archive: &Archive<'_>, types: &Types) -> Option<usize> {
    let usual = archive.find("xl/sharedStrings.xml");
    let of_type = |index: &usize| {
        let name = types.of(archive.name(*index)).to_lowercase();
        name.contains("sharedstrings")
    };
    usual
        .filter(of_type)
        .or_else(|| (0..archive.len()).find(of_type))
        .or(usual)
}

pub(super) fn read(
    source: &mut dyn Read,
    sheets: &mut Sheets,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let mut cells = Cells {
        sheets,
        kind: String::new(),
        style: None,
        value: String::new(),
        formula: String::new(),
        within: Within::Other,
        in_cell: false,
        empty_row: true,
        aside: String::new(),
    };
    xml::walk(source, reading, &mut cells)?;
    let aside = std::mem::take(&mut cells.aside);
    reading.text(&aside)
}

enum Within {
    Value,
    Formula,
    /// Headers, footers, conditions: on lines of their own.
    Other,
}

struct Cells<'s> {
    sheets: &'s mut Sheets,
    /// The open cell: its `t` attribute, style, value and formula.
    kind: String,
    style: Option<usize>,
    value: String,
    formula: String,
    within: Within,
    in_cell: bool,
    empty_row: bool,
    aside: String,
}

impl Cells<'_> {
    fn end_cell(&mut self, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        self.in_cell = false;
        let value = std::mem::take(&mut self.value);
        let shown = match self.kind.as_str() {
            "s" => {
                let number = value.trim().parse().ok();
                let text = number.and_then(|number: usize| self.sheets.strings.get(number));
                let Some(text) = text else {
                    return Err(Refusal::malformed(
                        "a cell refers to a text that is not there",
                    ));
                };
                text.to_owned()
            }
            "" | "n" => {
                let format = self.style.and_then(|style| self.sheets.formats.get(style));
                let arranged = format.and_then(|format| arranged(&value, format));
                arranged.unwrap_or_else(|| plain(&value))
            }
            _ => value,
        };
        if !shown.is_empty() {
            if !std::mem::replace(&mut self.empty_row, false) {
                reading.text("\t")?;
            }
            reading.text(&shown)?;
        }
        let formula = std::mem::take(&mut self.formula);
        if !formula.trim().is_empty() {
            refuse_dde(&formula)?;
            self.put_aside(&format!("={formula}"), reading)?;
        }
        Ok(())
    }

    fn put_aside(&mut self, text: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        self.aside.push_str(text);
        self.aside.push('\n');
        // Between rows; a row is never cut.
        if self.aside.len() > 64 << 10 && self.empty_row {
            reading.text(&std::mem::take(&mut self.aside))?;
        }
        Ok(())
    }
}

/// `=cmd|'/c calc'!A1`: a program, what to tell it, and a topic.
fn refuse_dde(formula: &str) -> Result<(), Refusal> {
    let program = formula
        .split_once('|')
        .map(|(program, _)| program.trim_matches(['=', '+', '-', '@', ' ', '\'']));
    let is_name = |program: &str| {
        !program.is_empty()
            && program
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    };
    if program.is_some_and(is_name) && formula.contains('!') {
        let sentence = "it holds a formula that starts a program (DDE)";
        return Err(Refusal::new(Code::ActiveContent, sentence));
    }
    Ok(())
}

impl Handler for Cells<'_> {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        match name {
            "row" => self.empty_row = true,
            "c" => {
                self.kind = attributes.get("t").unwrap_or_default();
                self.style = attributes.get("s").and_then(|style| style.parse().ok());
                self.in_cell = true;
            }
            _ => {
                for (key, value) in attributes.all() {
                    if READ.contains(&key.as_str()) {
                        self.put_aside(&value, reading)?;
                    }
                }
            }
        }
        self.within = match name {
            "v" | "t" if self.in_cell => Within::Value,
            "f" if self.in_cell => Within::Formula,
            _ => Within::Other,
        };
        Ok(())
    }

    fn end(&mut self, name: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        self.within = Within::Other;
        match name {
            "c" => self.end_cell(reading)?,
            "row" => {
                if !self.empty_row {
                    reading.text("\n")?;
                }
                self.empty_row = true;
            }
            _ if !self.in_cell && !self.value.is_empty() => {
                let loose = std::mem::take(&mut self.value);
                self.put_aside(&loose, reading)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        match self.within {
            Within::Value => self.value.push_str(text),
            Within::Formula => self.formula.push_str(text),
            Within::Other
                if !self.in_cell && (!self.value.is_empty() || !text.trim().is_empty()) =>
            {
                self.value.push_str(text);
            }
            Within::Other => {}
        }
        Ok(())
    }
}

/// The number formats of a workbook's styles.
#[derive(Default)]
struct Styles {
    codes: HashMap<u32, String>,
    /// The format of each cell style, in order.
    cells: Vec<u32>,
    in_cells: bool,
}

impl Styles {
    fn formats(self) -> Vec<String> {
        let code = |id: &u32| self.codes.get(id).cloned().unwrap_or_default();
        self.cells.iter().map(code).collect()
    }
}

impl Handler for Styles {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        _: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        let id = || {
            attributes
                .get("numFmtId")
                .and_then(|id| id.parse().ok())
                .unwrap_or(0)
        };
        match name {
            "numFmt" if self.codes.len() < MAX_FORMATS => {
                let code = attributes.get("formatCode").unwrap_or_default();
                self.codes.insert(id(), code.chars().take(255).collect());
            }
            "cellXfs" => self.in_cells = true,
            "xf" if self.in_cells && self.cells.len() < MAX_FORMATS => self.cells.push(id()),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        if name == "cellXfs" {
            self.in_cells = false;
        }
        Ok(())
    }

    fn text(&mut self, _: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}
