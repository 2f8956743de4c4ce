//! Runs a content stream as far as its text goes: where each string is shown,
//! in which font, and what else there is to see (ISO 32000-1, 8 and 9).

use super::Pdf;
use super::filter::Content;
use super::font::Font;
use super::layout::{self, Run};
use super::lex::{Lexer, Operand};
use super::matrix::Matrix;
use crate::document::reading::Reading;
use crate::document::refusal::Refusal;
use lopdf::{Dictionary, Object, ObjectId, Stream};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// Runs are laid out at the latest when there are so many.
const MAX_RUNS: usize = 20_000;
/// `q` without `Q`. ISO 32000-1, annex C: 28.
const MAX_SAVED: usize = 256;
/// Decoded forms that are kept for their next use, in bytes.
const KEPT_FORMS: usize = 16 << 20;
const MAX_FONTS: usize = 4_000;
/// Every operator (ISO 32000-1, annex A).
const OPERATORS: &[&[u8]] = &[
    b"b", b"B", b"b*", b"B*", b"BDC", b"BI", b"BMC", b"BT", b"BX", b"c", b"cm", b"CS", b"cs", b"d",
    b"d0", b"d1", b"Do", b"DP", b"EI", b"EMC", b"ET", b"EX", b"f", b"F", b"f*", b"G", b"g", b"gs",
    b"h", b"i", b"ID", b"j", b"J", b"K", b"k", b"l", b"m", b"M", b"MP", b"n", b"q", b"Q", b"re",
    b"RG", b"rg", b"ri", b"s", b"S", b"SC", b"sc", b"SCN", b"scn", b"sh", b"T*", b"Tc", b"Td",
    b"TD", b"Tf", b"Tj", b"TJ", b"TL", b"Tm", b"Tr", b"Ts", b"Tw", b"Tz", b"v", b"w", b"W", b"W*",
    b"y", b"'", b"\"",
];

/// What the pages of one document share.
#[derive(Default)]
pub(super) struct Cache {
    fonts: HashMap<ObjectId, Rc<Font>>,
    forms: HashMap<ObjectId, Rc<Vec<u8>>>,
    kept: usize,
    /// Forms that show nothing that counts.
    quiet: HashSet<ObjectId>,
    /// Forms that have been shown.
    pub shown: HashSet<ObjectId>,
}

/// What there is to see on a page beside its text.
#[derive(Default, Clone)]
pub(super) struct Seen {
    /// Characters of text other than white space.
    pub characters: u64,
    pub pictures: u32,
    /// The part of the page that pictures cover, counted double where they do so twice.
    pub covered: f64,
    /// Lines and curves.
    pub strokes: u64,
    /// Characters that no mapping tells, and their codes.
    pub unmapped: u64,
    pub unmapped_codes: BTreeSet<u32>,
    pub damaged: bool,
    /// A form that shows itself.
    pub circular: bool,
    /// Content in an unknown encoding or in another file.
    pub unknown: bool,
}

#[derive(Clone)]
struct State {
    ctm: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

/// Runs the content of one page, and of the forms on it.
pub(super) struct Painter<'p, 'r, 'l> {
    pdf: &'p Pdf,
    reading: &'r mut Reading<'l>,
    cache: &'r mut Cache,
    runs: Vec<Run>,
    /// What is read aloud instead of what is shown.
    aloud: String,
    pub seen: Seen,
    /// The forms that are being shown, one within the other.
    active: Vec<ObjectId>,
    page_area: f64,
}

impl<'p, 'r, 'l> Painter<'p, 'r, 'l> {
    pub fn new(
        pdf: &'p Pdf,
        reading: &'r mut Reading<'l>,
        cache: &'r mut Cache,
        page_area: f64,
    ) -> Self {
        Self {
            pdf,
            reading,
            cache,
            runs: Vec::new(),
            aloud: String::new(),
            seen: Seen::default(),
            active: Vec::new(),
            page_area: page_area.max(1.0),
        }
    }

    /// Hands on what is left and tells what was seen.
    pub fn finish(mut self) -> Result<Seen, Refusal> {
        self.flush()?;
        if !self.aloud.is_empty() {
            let aloud = std::mem::take(&mut self.aloud);
            self.reading.line(&aloud)?;
        }
        Ok(self.seen)
    }

    fn flush(&mut self) -> Result<(), Refusal> {
        let runs = std::mem::take(&mut self.runs);
        self.reading.text(&layout::text(runs))
    }

    /// Runs `content` with the names of `resources`.
    pub fn run(
        &mut self,
        content: &[u8],
        resources: &Dictionary,
        ctm: Matrix,
    ) -> Result<(), Refusal> {
        let mut state = State {
            ctm,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        let mut saved: Vec<State> = Vec::new();
        let (mut text, mut line) = (Matrix::IDENTITY, Matrix::IDENTITY);
        let mut lexer = Lexer::new(content);
        let mut operands = Vec::new();
        let (mut known, mut unknown) = (0u64, 0u64);
        while let Some(operator) = lexer.next(&mut operands) {
            self.reading.meter.steps(1)?;
            match OPERATORS.contains(&operator) {
                true => known += 1,
                false => unknown += 1,
            }
            let number = |at: usize| operands.get(at).and_then(Operand::number).unwrap_or(0.0);
            let string = |at: usize| {
                operands
                    .get(at)
                    .and_then(Operand::string)
                    .unwrap_or_default()
            };
            let name = || operands.first().and_then(Operand::name).unwrap_or_default();
            let mut move_by = |x: f64, y: f64| {
                line = Matrix::translation(x, y).then(line);
                text = line;
            };
            match operator {
                b"q" if saved.len() < MAX_SAVED => saved.push(state.clone()),
                b"Q" => state = saved.pop().unwrap_or(state),
                b"cm" => state.ctm = matrix(&operands).then(state.ctm),
                b"BT" => (text, line) = (Matrix::IDENTITY, Matrix::IDENTITY),
                b"Tc" => state.character_space = number(0),
                b"Tw" => state.word_space = number(0),
                b"Tz" => state.scale = number(0) / 100.0,
                b"TL" => state.leading = number(0),
                b"Ts" => state.rise = number(0),
                b"Tf" => {
                    state.font = self.font(resources, name())?;
                    state.size = number(1);
                }
                b"gs" => self.set_from_dictionary(resources, name(), &mut state)?,
                b"Td" => move_by(number(0), number(1)),
                b"TD" => {
                    state.leading = -number(1);
                    move_by(number(0), number(1));
                }
                b"Tm" => {
                    line = matrix(&operands);
                    text = line;
                }
                b"T*" => move_by(0.0, -state.leading),
                b"Tj" => self.show(&state, &mut text, string(0))?,
                b"'" => {
                    move_by(0.0, -state.leading);
                    self.show(&state, &mut text, string(0))?;
                }
                b"\"" => {
                    state.word_space = number(0);
                    state.character_space = number(1);
                    move_by(0.0, -state.leading);
                    self.show(&state, &mut text, string(2))?;
                }
                b"TJ" => {
                    if let Some(Operand::Array(items)) = operands.first() {
                        self.reading.meter.steps(items.len() as u64)?;
                        for item in items {
                            match item {
                                Operand::String(string) => self.show(&state, &mut text, string)?,
                                Operand::Number(back) => {
                                    let by = -back / 1000.0 * state.size * state.scale;
                                    text = Matrix::translation(by, 0.0).then(text);
                                }
                                _ => {}
                            }
                        }
                    }
                }
                b"Do" => self.show_object(resources, name(), &state)?,
                b"ID" => {
                    self.picture(state.ctm);
                    lexer.skip_image();
                }
                b"BDC" | b"DP" => self.read_aloud(resources, operands.get(1)),
                b"l" | b"c" | b"v" | b"y" | b"re" => self.seen.strokes += 1,
                _ => {}
            }
        }
        // Mostly operators that do not exist: it is no content, such as what
        // could not be decrypted.
        self.seen.damaged |= lexer.damaged || unknown > known;
        Ok(())
    }

    fn show(&mut self, state: &State, text: &mut Matrix, string: &[u8]) -> Result<(), Refusal> {
        let Some(font) = state.font.clone() else {
            // No font: nothing is shown. A viewer may choose one of its own.
            let codes = string.iter().map(|byte| u32::from(*byte));
            self.seen.unmapped += string.len() as u64;
            self.seen.unmapped_codes.extend(codes.take(16));
            return Ok(());
        };
        let place = |text: &Matrix| {
            let shift = Matrix::translation(0.0, state.rise);
            shift.then(*text).then(state.ctm)
        };
        let whole = place(text);
        let mut run = Run {
            text: String::new(),
            start: whole.origin(),
            end: whole.origin(),
            direction: whole.direction(state.size),
            size: whole.height(state.size),
        };
        let meter = Rc::clone(&self.reading.meter);
        font.show(string, &mut |shown| {
            meter.steps(1)?;
            let space = if shown.is_space {
                state.word_space
            } else {
                0.0
            };
            let width = shown.width * state.size + state.character_space + space;
            *text = Matrix::translation(width * state.scale, 0.0).then(*text);
            match shown.text {
                Some(characters) => {
                    // Wide letter spacing sets words apart in one string too.
                    run.text.push_str(&characters);
                    let visible = characters.chars().filter(|c| !c.is_whitespace()).count();
                    self.seen.characters += visible as u64;
                }
                None => {
                    // What is unknown is not left out: the digits on both
                    // sides of it are not one number.
                    run.text.push('\u{fffd}');
                    self.seen.unmapped += 1;
                    if self.seen.unmapped_codes.len() < 16 {
                        self.seen.unmapped_codes.insert(shown.code);
                    }
                }
            }
            Ok(())
        })?;
        run.end = place(text).origin();
        if !run.text.is_empty() {
            self.runs.push(run);
        }
        if self.runs.len() >= MAX_RUNS {
            self.flush()?;
        }
        Ok(())
    }

    fn font(&mut self, resources: &Dictionary, name: &[u8]) -> Result<Option<Rc<Font>>, Refusal> {
        let fonts = self.pdf.get(resources, b"Font").as_dict();
        let Ok(font) = fonts.and_then(|fonts| fonts.get(name)) else {
            return Ok(None);
        };
        self.read_font(font)
    }

    fn read_font(&mut self, font: &Object) -> Result<Option<Rc<Font>>, Refusal> {
        let id = font.as_reference().ok();
        if let Some(known) = id.and_then(|id| self.cache.fonts.get(&id)) {
            return Ok(Some(Rc::clone(known)));
        }
        let Ok(dictionary) = self.pdf.resolve(font).as_dict() else {
            return Ok(None);
        };
        let font = Rc::new(Font::read(self.pdf, dictionary, &self.reading.meter)?);
        if let Some(id) = id
            && self.cache.fonts.len() < MAX_FONTS
        {
            self.cache.fonts.insert(id, Rc::clone(&font));
        }
        Ok(Some(font))
    }

    /// A graphics state dictionary may set the font.
    fn set_from_dictionary(
        &mut self,
        resources: &Dictionary,
        name: &[u8],
        state: &mut State,
    ) -> Result<(), Refusal> {
        let states = self.pdf.get(resources, b"ExtGState").as_dict();
        let Ok(dictionary) = states.map(|states| self.pdf.get(states, name)) else {
            return Ok(());
        };
        let Ok(dictionary) = dictionary.as_dict() else {
            return Ok(());
        };
        if let Object::Array(font) = self.pdf.get(dictionary, b"Font")
            && let [font, size] = font.as_slice()
        {
            state.font = self.read_font(font)?;
            state.size = size.as_float().map_or(0.0, f64::from);
        }
        Ok(())
    }

    fn show_object(
        &mut self,
        resources: &Dictionary,
        name: &[u8],
        state: &State,
    ) -> Result<(), Refusal> {
        let objects = self.pdf.get(resources, b"XObject").as_dict();
        let Ok(object) = objects.and_then(|objects| objects.get(name)) else {
            return Ok(());
        };
        let Ok(stream) = self.pdf.resolve(object).as_stream() else {
            return Ok(());
        };
        if self.pdf.name(&stream.dict, b"Subtype") == b"Image" {
            self.picture(state.ctm);
            return Ok(());
        }
        let id = object.as_reference().ok();
        self.form(stream, id, resources, state.ctm)
    }

    /// Shows a form. `outer` are the resources of whoever shows it.
    pub fn form(
        &mut self,
        stream: &Stream,
        id: Option<ObjectId>,
        outer: &Dictionary,
        ctm: Matrix,
    ) -> Result<(), Refusal> {
        if let Some(id) = id {
            if self.active.contains(&id) {
                self.seen.circular = true;
                return Ok(());
            }
            self.cache.shown.insert(id);
            if self.cache.quiet.contains(&id) {
                return Ok(());
            }
        }
        self.reading.nesting(self.active.len() + 1)?;
        let Some(content) = self.form_content(stream, id)? else {
            return Ok(());
        };
        let resources = self
            .pdf
            .get(&stream.dict, b"Resources")
            .as_dict()
            .unwrap_or(outer);
        let own = match self.pdf.get(&stream.dict, b"Matrix") {
            Object::Array(numbers) => Matrix::from_objects(numbers),
            _ => Matrix::IDENTITY,
        };
        let before = self.seen.clone();
        let runs = self.runs.len();
        self.active.push(id.unwrap_or((0, 0)));
        let result = self.run(&content, resources, own.then(ctm));
        self.active.pop();
        result?;
        let quiet = self.runs.len() == runs
            && self.seen.characters == before.characters
            && self.seen.pictures == before.pictures
            && self.seen.unmapped == before.unmapped
            && !self.seen.circular;
        if let Some(id) = id.filter(|_| quiet) {
            self.cache.quiet.insert(id);
        }
        Ok(())
    }

    fn form_content(
        &mut self,
        stream: &Stream,
        id: Option<ObjectId>,
    ) -> Result<Option<Rc<Vec<u8>>>, Refusal> {
        if let Some(content) = id.and_then(|id| self.cache.forms.get(&id)) {
            return Ok(Some(Rc::clone(content)));
        }
        let Some(bytes) = self.decode(stream)? else {
            return Ok(None);
        };
        let content = Rc::new(bytes);
        if let Some(id) = id
            && self.cache.kept + content.len() <= KEPT_FORMS
        {
            self.cache.kept += content.len();
            self.cache.forms.insert(id, Rc::clone(&content));
        }
        Ok(Some(content))
    }

    /// The decoded content of `stream`, as far as there is any.
    pub fn decode(&mut self, stream: &Stream) -> Result<Option<Vec<u8>>, Refusal> {
        match self.pdf.decode(stream, &self.reading.meter)? {
            Content::Bytes { bytes, damaged } => {
                self.seen.damaged |= damaged;
                Ok(Some(bytes))
            }
            Content::Picture | Content::Unknown => {
                self.seen.unknown = true;
                Ok(None)
            }
        }
    }

    fn picture(&mut self, ctm: Matrix) {
        self.seen.pictures = self.seen.pictures.saturating_add(1);
        self.seen.covered += (ctm.area() / self.page_area).min(1.0);
    }

    /// What a marked sequence says in place of what it shows.
    fn read_aloud(&mut self, resources: &Dictionary, properties: Option<&Operand>) {
        let text = match properties {
            Some(direct @ Operand::Dictionary(_)) => {
                let text = direct.get(b"ActualText").and_then(Operand::string);
                text.map(super::text_string)
            }
            Some(Operand::Name(name)) => {
                let properties = self.pdf.get(resources, b"Properties").as_dict();
                let properties = properties.map(|properties| self.pdf.get(properties, name));
                let properties = properties
                    .ok()
                    .and_then(|properties| properties.as_dict().ok());
                let text = properties.map(|properties| self.pdf.get(properties, b"ActualText"));
                text.and_then(|text| text.as_str().ok())
                    .map(super::text_string)
            }
            _ => None,
        };
        // A soft hyphen or a space is what it mostly is.
        if let Some(text) = text.filter(|text| text.trim().chars().count() > 1) {
            self.aloud.push_str(&text);
            self.aloud.push('\n');
        }
    }
}

fn matrix(operands: &[Operand]) -> Matrix {
    let mut numbers = operands
        .iter()
        .map(|operand| operand.number().unwrap_or(0.0));
    Matrix::from_numbers(&mut numbers)
}
