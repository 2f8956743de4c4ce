//! Every part of an office document, one after the other: which it is, by
//! what it holds, and who reads it.
//!
//! The parts are not followed from one to the next: a part that nothing
//! refers to is in the file as well.

use super::archive::Archive;
use super::relations;
use super::sheet::{self, Sheets};
use super::word::Pictures;
use super::{strings::SharedStrings, svg, word};
use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::xml::{Attributes, Handler};
use crate::document::{Kind, detect, magic, xml};
use std::collections::HashMap;
use std::io::Read;

/// What `[Content_Types].xml` says (ECMA-376-2, 7.2.3).
#[derive(Default)]
pub(super) struct Types {
    /// By the part's name in lower case, without its first slash.
    by_name: HashMap<String, String>,
    by_extension: HashMap<String, String>,
}

impl Types {
    /// None when the archive is no package.
    pub fn read(
        archive: &mut Archive<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Self>, Refusal> {
        let Some(index) = archive.find("[Content_Types].xml") else {
            return Ok(None);
        };
        let (_, mut part) = archive.entry(index)?;
        let mut types = Self::default();
        xml::walk(&mut part, reading, &mut types)?;
        Ok(Some(types))
    }

    pub fn of(&self, name: &str) -> &str {
        let name = name.to_lowercase();
        if let Some(of_name) = self.by_name.get(&name) {
            return of_name;
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        self.by_extension.get(extension).map_or("", String::as_str)
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.by_name.values().chain(self.by_extension.values())
    }

    pub fn refuse_macros(&self) -> Result<(), Refusal> {
        let macros = |name: &String| {
            let name = name.to_lowercase();
            ["macroenabled", "vbaproject", "vbadata", "macrosheet"]
                .iter()
                .any(|word| name.contains(word))
        };
        if self.all().any(macros) {
            return Err(macros_found());
        }
        Ok(())
    }

    pub fn kind(&self) -> Option<Kind> {
        let is = |what: &str| self.all().any(|name| name.contains(what));
        if is("wordprocessingml.document.main+xml") || is("wordprocessingml.template.main+xml") {
            Some(Kind::Docx)
        } else if is("spreadsheetml.sheet.main+xml") || is("spreadsheetml.template.main+xml") {
            Some(Kind::Xlsx)
        } else {
            None
        }
    }

    /// What a package is that is neither.
    pub fn name(&self) -> &'static str {
        let is = |what: &str| self.all().any(|name| name.contains(what));
        if is("presentationml") {
            "a PowerPoint presentation"
        } else if is("visio") {
            "a Visio drawing"
        } else {
            "a package of another program"
        }
    }
}

impl Handler for Types {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        _: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        let content_type = attributes.get("ContentType").unwrap_or_default();
        match name {
            "Override" => {
                let part = attributes
                    .get("PartName")
                    .unwrap_or_default()
                    .to_lowercase();
                let part = part.trim_start_matches('/').to_owned();
                self.by_name.insert(part, content_type);
            }
            "Default" => {
                let extension = attributes
                    .get("Extension")
                    .unwrap_or_default()
                    .to_lowercase();
                self.by_extension.insert(extension, content_type);
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, _: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn text(&mut self, _: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}

pub(super) fn macros_found() -> Refusal {
    Refusal::new(Code::Macro, "it holds macros, or its type says so")
}

/// What is gathered while the parts are read.
#[derive(Default)]
struct Gathered {
    pictures: Pictures,
    /// Picture files, shown or not.
    files: u32,
    sheets: u32,
}

/// Reads all parts.
pub(super) fn read(
    archive: &mut Archive<'_>,
    types: &Types,
    kind: Kind,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let mut gathered = Gathered::default();
    let mut order: Vec<usize> = (0..archive.len()).collect();
    // The document itself comes first, and sheets in the order of their names:
    // `sheet10` after `sheet9`.
    order.sort_by_key(|index| {
        let name = archive.name(*index);
        let main = types.of(name).contains(".main+xml");
        let number: String = name.chars().filter(char::is_ascii_digit).take(9).collect();
        (!main, number.parse::<u32>().unwrap_or(0))
    });
    let mut sheets = match kind {
        Kind::Xlsx => Some(sheet::prepare(archive, types, reading)?),
        _ => None,
    };
    for index in order {
        if archive.name(index).ends_with('/') {
            continue;
        }
        part(
            archive,
            types,
            index,
            sheets.as_mut(),
            &mut gathered,
            reading,
        )?;
    }
    if let Some(sheets) = sheets {
        unused(&sheets.strings, reading)?;
    }
    gathered.pictures.judge(gathered.files, reading);
    Ok(())
}

fn part(
    archive: &mut Archive<'_>,
    types: &Types,
    index: usize,
    sheets: Option<&mut Sheets>,
    gathered: &mut Gathered,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let name = archive.name(index).to_lowercase();
    let content_type = types.of(&name).to_lowercase();
    let (head, mut source) = archive.entry(index)?;
    if let Some(program) = magic::executable(&head) {
        let sentence = format!("it holds {program}");
        return Err(Refusal::new(Code::EmbeddedExecutable, sentence));
    }
    if name.ends_with("vbaproject.bin") || name.contains("/macrosheets/") {
        return Err(macros_found());
    }
    if content_type.contains("activex") || name.contains("/activex/") {
        let sentence = "it holds an ActiveX control";
        return Err(Refusal::new(Code::ActiveContent, sentence));
    }
    if name == "[content_types].xml" || head.is_empty() {
        return drain(&mut source);
    }
    if relations::is_name(&name) {
        return relations::read(&mut source, reading);
    }
    if magic::markup(&head) {
        let drawn = content_type.starts_with("image/") || name.ends_with(".svg");
        let picture = drawn || magic::svg(&head);
        gathered.files += u32::from(picture && !name.contains("thumbnail"));
        if drawn {
            return svg::read(&mut source, reading);
        }
        if content_type.contains("sharedstrings")
            && let Some(sheets) = &sheets
        {
            if sheets.index_of_strings == Some(index) {
                // Read already: they are where the cells refer to them.
                return drain(&mut source);
            }
            // Which of them the cells refer to depends on who opens it.
            reading.unreadable("it has more than one index of shared texts");
        }
        return markup(&mut source, &name, &content_type, sheets, gathered, reading);
    }
    // Fonts are scrambled, printer settings are the printer's; neither is read by people.
    let known = ["obfuscatedfont", "fontdata", "printersettings", "x-font"];
    if known.iter().any(|known| content_type.contains(known)) {
        return drain(&mut source);
    }
    if magic::picture(&head) {
        gathered.files += u32::from(!name.contains("thumbnail"));
        return drain(&mut source);
    }
    drop(source);
    let bytes = archive.whole(index)?;
    detect::attachment(bytes, reading)
}

fn markup(
    source: &mut dyn Read,
    name: &str,
    content_type: &str,
    sheets: Option<&mut Sheets>,
    gathered: &mut Gathered,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    if let Some(sheets) = sheets
        && (content_type.contains("worksheet+xml") || name.contains("/worksheets/"))
    {
        gathered.sheets += 1;
        reading.page(&format!("sheet {}", gathered.sheets))?;
        return sheet::read(source, sheets, reading);
    }
    if ["styles", "theme", "fonttable", "websettings", "calcchain"]
        .iter()
        .any(|dull| content_type.contains(&format!("{dull}+xml")))
    {
        // Well-formed, and no text.
        return xml::walk(source, reading, &mut Nothing);
    }
    let office = [
        "wordprocessingml",
        "spreadsheetml",
        "drawingml",
        "vmldrawing",
        "ms-office",
        "ms-word",
        "ms-excel",
    ];
    if office.iter().any(|office| content_type.contains(office)) {
        reading.part(part_name(content_type))?;
        return word::read(source, &mut gathered.pictures, reading);
    }
    reading.part("properties")?;
    xml::everything(source, reading)
}

/// What a part is called in a result: never by its name in the file.
fn part_name(content_type: &str) -> &'static str {
    const NAMES: &[(&str, &str)] = &[
        ("document.main", "document"),
        ("template.main", "document"),
        ("header", "header"),
        ("footer", "footer"),
        ("footnotes", "footnotes"),
        ("endnotes", "endnotes"),
        ("comments", "comments"),
        ("glossary", "building blocks"),
        ("chart", "chart"),
        ("diagram", "diagram"),
        ("drawing", "drawing"),
        ("workbook", "workbook"),
    ];
    let found = NAMES.iter().find(|(word, _)| content_type.contains(word));
    found.map_or("other part", |(_, name)| name)
}

/// Reads to the end, so that the archive's checksum is checked and what it
/// decompresses to is counted.
fn drain(source: &mut dyn Read) -> Result<(), Refusal> {
    std::io::copy(source, &mut std::io::sink())
        .map(|_| ())
        .map_err(|error| crate::document::refusal::from_io(&error, "a part of it"))
}

fn unused(strings: &SharedStrings, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let mut begun = false;
    for text in strings.unused() {
        if !std::mem::replace(&mut begun, true) {
            reading.part("texts of no cell")?;
        }
        reading.line(text)?;
    }
    Ok(())
}

struct Nothing;

impl Handler for Nothing {
    fn start(&mut self, _: &str, _: &Attributes<'_>, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn end(&mut self, _: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn text(&mut self, _: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}
