//! Writes files that no program writes: PDFs, archives and compound files, as
//! small and as wrong as a test needs them.

use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use std::io::{Cursor, Write as _};

/// A PDF, object by object; the first is number 1.
#[derive(Default)]
pub struct Pdf {
    objects: Vec<Vec<u8>>,
    /// What the trailer has beside the catalog, which is object 1.
    pub trailer: String,
}

impl Pdf {
    /// With one page that shows `content` in a font called `F`. The page is
    /// object 3, its content object 4, the font object 5.
    pub fn page(content: &str) -> Self {
        Self::page_with(content, "")
    }

    /// As above; `more` goes into the page's dictionary.
    pub fn page_with(content: &str, more: &str) -> Self {
        let mut pdf = Self::default();
        pdf.object("<< /Type /Catalog /Pages 2 0 R >>");
        pdf.object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
        pdf.object(&format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
             /Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> {more} >>"
        ));
        pdf.stream("", content.as_bytes());
        pdf.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
        pdf
    }

    pub fn object(&mut self, text: &str) -> usize {
        self.objects.push(text.as_bytes().to_vec());
        self.objects.len()
    }

    pub fn stream(&mut self, dictionary: &str, content: &[u8]) -> usize {
        let head = format!("<< {dictionary} /Length {} >>\nstream\n", content.len());
        let object = [head.as_bytes(), content, b"\nendstream"].concat();
        self.objects.push(object);
        self.objects.len()
    }

    pub fn replace(&mut self, number: usize, text: &str) {
        self.objects[number - 1] = text.as_bytes().to_vec();
    }

    pub fn replace_stream(&mut self, number: usize, dictionary: &str, content: &[u8]) {
        let last = self.stream(dictionary, content);
        self.objects.swap(number - 1, last - 1);
        self.objects.pop();
    }

    pub fn build(&self) -> Vec<u8> {
        let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut offsets = Vec::new();
        for (index, object) in self.objects.iter().enumerate() {
            offsets.push(bytes.len());
            bytes.extend(format!("{} 0 obj\n", index + 1).bytes());
            bytes.extend(object);
            bytes.extend(b"\nendobj\n");
        }
        let xref = bytes.len();
        let size = self.objects.len() + 1;
        bytes.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
        for offset in offsets {
            bytes.extend(format!("{offset:010} 00000 n \n").bytes());
        }
        let trailer = &self.trailer;
        let end = format!(
            "trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{xref}\n%%EOF\n"
        );
        bytes.extend(end.bytes());
        bytes
    }
}

/// A line of text in the font of [`Pdf::page`].
pub fn shown(text: &str) -> String {
    format!("BT /F 12 Tf 72 700 Td ({text}) Tj ET")
}

pub fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `length` bytes of one value, compressed without being there all at once.
pub fn zlib_of(byte: u8, length: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![byte; 1 << 20];
    for _ in 0..length >> 20 {
        encoder.write_all(&block).unwrap();
    }
    encoder.finish().unwrap()
}

/// An entry of an archive, as its two headers describe it.
#[derive(Clone)]
pub struct Entry {
    pub name: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub data: Vec<u8>,
    pub size: u32,
    /// Where the directory says that it is, when that is wrong.
    pub offset: Option<u32>,
    /// The name in the directory, when it is another.
    pub listed: Option<Vec<u8>>,
}

impl Entry {
    pub fn new(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.as_bytes().to_vec(),
            method: 8,
            flags: 0,
            crc: crc.sum(),
            data: encoder.finish().unwrap(),
            size: content.len() as u32,
            offset: None,
            listed: None,
        }
    }

    fn header(&self, name: &[u8]) -> Vec<u8> {
        let mut header = Vec::new();
        header.extend(20u16.to_le_bytes());
        header.extend(self.flags.to_le_bytes());
        header.extend(self.method.to_le_bytes());
        header.extend([0, 0, 0x21, 0]);
        header.extend(self.crc.to_le_bytes());
        header.extend((self.data.len() as u32).to_le_bytes());
        header.extend(self.size.to_le_bytes());
        header.extend((name.len() as u16).to_le_bytes());
        header.extend(0u16.to_le_bytes());
        header
    }
}

pub fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = entry.offset.unwrap_or(bytes.len() as u32);
        let listed = entry.listed.as_ref().unwrap_or(&entry.name);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(entry.header(listed));
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(listed);
        if entry.offset.is_none() {
            bytes.extend(b"PK\x03\x04");
            bytes.extend(entry.header(&entry.name));
            bytes.extend(&entry.name);
            bytes.extend(&entry.data);
        }
    }
    let start = bytes.len() as u32;
    let count = entries.len().min(0xffff) as u16;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const TYPES: &str = "application/vnd.openxmlformats-officedocument.";

/// The entries of a DOCX whose body is `body`.
pub fn docx_entries(body: &str) -> Vec<Entry> {
    docx_entries_as("wordprocessingml.document.main+xml", body)
}

/// As above, with a main part of another type.
pub fn docx_entries_as(kind: &str, body: &str) -> Vec<Entry> {
    let kind = match kind.starts_with("application/") {
        true => kind.to_owned(),
        false => format!("{TYPES}{kind}"),
    };
    let types = format!(
        "<?xml version=\"1.0\"?><Types><Default Extension=\"rels\" ContentType=\"x/relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"{kind}\"/></Types>"
    );
    let body = format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>"
    );
    vec![
        Entry::new("[Content_Types].xml", types.as_bytes()),
        Entry::new("word/document.xml", body.as_bytes()),
    ]
}

pub fn docx(body: &str) -> Vec<u8> {
    archive(&docx_entries(body))
}

/// A DOCX with one more part.
pub fn docx_with(name: &str, content: &[u8]) -> Vec<u8> {
    let mut entries = docx_entries(&paragraph("text"));
    entries.push(Entry::new(name, content));
    archive(&entries)
}

pub fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

pub fn xlsx(sheet: &str, strings: &str) -> Vec<u8> {
    let types = format!(
        "<Types><Override PartName=\"/xl/workbook.xml\" ContentType=\"{TYPES}spreadsheetml.sheet.main+xml\"/>\
         <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"{TYPES}spreadsheetml.worksheet+xml\"/>\
         <Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"{TYPES}spreadsheetml.sharedStrings+xml\"/></Types>"
    );
    let sheet = format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>");
    archive(&[
        Entry::new("[Content_Types].xml", types.as_bytes()),
        Entry::new("xl/workbook.xml", b"<workbook/>"),
        Entry::new(
            "xl/sharedStrings.xml",
            format!("<sst>{strings}</sst>").as_bytes(),
        ),
        Entry::new("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// A compound file of these streams. A path makes its storages.
pub fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, content) in streams {
        if let Some(parent) = std::path::Path::new(path).parent() {
            file.create_storage_all(parent).unwrap();
        }
        file.create_stream(path)
            .unwrap()
            .write_all(content)
            .unwrap();
    }
    file.into_inner().into_inner()
}

/// The two streams of a Word document: its text as one piece of Windows-1252.
pub fn word(text: &[u8], flags: u16) -> (Vec<u8>, Vec<u8>) {
    let start = 2048u32;
    let length = text.len() as u32;
    let mut word = vec![0; start as usize];
    word[0..2].copy_from_slice(&0xa5ecu16.to_le_bytes());
    word[2..4].copy_from_slice(&0xc1u16.to_le_bytes());
    word[10..12].copy_from_slice(&flags.to_le_bytes());
    word[32..34].copy_from_slice(&14u16.to_le_bytes());
    word[62..64].copy_from_slice(&22u16.to_le_bytes());
    let numbers = 64;
    word[numbers + 12..numbers + 16].copy_from_slice(&length.to_le_bytes());
    let pairs = numbers + 22 * 4 + 2;
    word[pairs - 2..pairs].copy_from_slice(&93u16.to_le_bytes());
    let mut clx = vec![2];
    clx.extend(16u32.to_le_bytes());
    clx.extend(0u32.to_le_bytes());
    clx.extend(length.to_le_bytes());
    clx.extend(0u16.to_le_bytes());
    clx.extend(((start * 2) | 0x4000_0000).to_le_bytes());
    clx.extend(0u16.to_le_bytes());
    let at = pairs + 33 * 8;
    word[at + 4..at + 8].copy_from_slice(&(clx.len() as u32).to_le_bytes());
    word.extend(text);
    (word, clx)
}

pub fn doc(text: &[u8]) -> Vec<u8> {
    let (word, table) = word(text, 0);
    compound(&[("/WordDocument", &word), ("/0Table", &table)])
}
