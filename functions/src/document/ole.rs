//! Compound files, the containers of old Office documents, and of objects
//! within new ones ([MS-CFB]): which document is in it, what it hides.

use super::Kind;
use super::detect;
use super::doc;
use super::magic;
use super::reading::{Reading, Source};
use super::refusal::{Code, Refusal, from_io};
use cfb::CompoundFile;
use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Streams and storages. A document with hundreds of objects has thousands.
const MAX_ENTRIES: usize = 20_000;
/// What an object's storage has beside its data: who made it, how it looks in
/// the document, what it is linked to. In capital letters.
const BESIDE_OBJECTS: &[&str] = &[
    "\u{1}COMPOBJ",
    "\u{1}OLE",
    "\u{1}OLE10ITEMNAME",
    "\u{2}OLEPRES000",
    "\u{3}EPRINT",
    "\u{3}LINKINFO",
    "\u{3}META",
    "\u{3}OBJINFO",
    "\u{3}PICT",
    "\u{3}PRINT",
    "\u{5}SUMMARYINFORMATION",
    "\u{5}DOCUMENTSUMMARYINFORMATION",
];
/// What belongs to a Word document, where there is one beside it.
const BESIDE_WORD: &[&str] = &["0TABLE", "1TABLE", "DATA"];
/// Texts in binary data are no shorter.
const SHORTEST_TEXT: usize = 4;

type File<'f> = CompoundFile<&'f mut dyn Source>;

struct Entry {
    path: PathBuf,
    name: String,
    is_stream: bool,
}

impl Entry {
    /// Names in compound files are compared in capital letters
    /// ([MS-CFB] 2.6.4).
    fn is(&self, name: &str) -> bool {
        self.capitals() == name.to_uppercase()
    }

    fn capitals(&self) -> String {
        self.name.to_uppercase()
    }

    fn storage(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// Whether it is in the storage of a Word document's objects.
    fn is_pooled(&self) -> bool {
        let pool = self.path.components().nth(1);
        let pool = pool.map(|pool| pool.as_os_str().to_string_lossy().to_uppercase());
        pool.as_deref() == Some("OBJECTPOOL")
    }
}

/// Reads a compound file.
pub(super) fn read(file: &mut dyn Source, reading: &mut Reading<'_>) -> Result<Kind, Refusal> {
    let damaged = |_| Refusal::malformed("it is a compound file whose structure is broken");
    let mut file = CompoundFile::open(file).map_err(damaged)?;
    let entries = entries(&file, reading)?;
    refuse(&entries)?;
    let has = |name: &str| {
        entries
            .iter()
            .any(|entry| entry.storage() == Path::new("/") && entry.is(name))
    };
    if has("WordDocument") {
        read_word(&mut file, Path::new("/"), reading)?;
        read_objects(&mut file, &entries, reading)?;
        return Ok(Kind::Doc);
    }
    if reading.is_attachment() && read_objects(&mut file, &entries, reading)? > 0 {
        return Ok(Kind::Doc);
    }
    let name = if has("Workbook") || has("Book") {
        "a workbook of an Excel before 2007; save it as XLSX"
    } else if has("PowerPoint Document") {
        "a presentation of a PowerPoint before 2007"
    } else if has("__properties_version1.0") {
        "a message of Outlook"
    } else if has("VisioDocument") {
        "a Visio drawing"
    } else {
        "a compound file of an unknown program"
    };
    let sentence = format!("it is {name}, which is not read");
    Err(Refusal::new(Code::UnknownType, sentence))
}

fn entries(file: &File<'_>, reading: &Reading<'_>) -> Result<Vec<Entry>, Refusal> {
    let mut entries = Vec::new();
    for entry in file.walk() {
        reading.meter.steps(1)?;
        if entries.len() >= MAX_ENTRIES {
            let sentence = format!("it has more than {MAX_ENTRIES} streams");
            return Err(Refusal::new(Code::TooManyParts, sentence));
        }
        reading.nesting(entry.path().components().count())?;
        entries.push(Entry {
            path: entry.path().to_owned(),
            name: entry.name().to_owned(),
            is_stream: entry.is_stream(),
        });
    }
    Ok(entries)
}

/// Refuses what an entry's name gives away.
fn refuse(entries: &[Entry]) -> Result<(), Refusal> {
    for entry in entries {
        let is = |name: &str| entry.is(name);
        if is("EncryptedPackage") || is("EncryptionInfo") || is("\u{6}DataSpaces") {
            let sentence = "it is an Office document that opens only with a password";
            return Err(Refusal::new(Code::Encrypted, sentence));
        }
        // [MS-OVBA] 2.2.1, and the storages of Word and Excel around it.
        let vba = is("VBA") || is("_VBA_PROJECT") || is("_VBA_PROJECT_CUR");
        if vba || is("Macros") && !entry.is_stream {
            return Err(Refusal::new(Code::Macro, "it holds macros"));
        }
        // A Windows installer codes its tables' names into a range of CJK characters.
        if entry.name.starts_with('\u{4840}') {
            let sentence = "it is a Windows installer";
            return Err(Refusal::new(Code::Executable, sentence));
        }
    }
    Ok(())
}

fn stream(file: &mut File<'_>, path: &Path, reading: &Reading<'_>) -> Result<Vec<u8>, Refusal> {
    let what = "a stream of it";
    let stream = file
        .open_stream(path)
        .map_err(|error| from_io(&error, what))?;
    // The length that the directory says need not be true.
    let most = reading.meter.left() as u64 + 1;
    let mut bytes = Vec::new();
    stream
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| from_io(&error, what))?;
    reading.meter.decompressed(bytes.len())?;
    Ok(bytes)
}

/// Reads the Word document whose streams are in `storage`.
fn read_word(
    file: &mut File<'_>,
    storage: &Path,
    reading: &mut Reading<'_>,
) -> Result<(), Refusal> {
    let word = stream(file, &storage.join("WordDocument"), reading)?;
    let header = doc::Header::read(&word)?;
    let table = match header.table_stream() {
        Some(name) => stream(file, &storage.join(name), reading)
            .map_err(|_| Refusal::malformed("it is a Word document without its table stream"))?,
        None => Vec::new(),
    };
    doc::read(&word, &table, &header, reading)?;
    reading.part("document data")?;
    reading.text(&texts(&table))?;
    for name in ["\u{5}SummaryInformation", "\u{5}DocumentSummaryInformation"] {
        let path = storage.join(name);
        if file.is_stream(&path) {
            let bytes = stream(file, &path, reading)?;
            reading.text(&texts(&bytes))?;
        }
    }
    Ok(())
}

/// Reads the objects within a document: files in packages, documents of other
/// programs. Returns how many there were.
fn read_objects(
    file: &mut File<'_>,
    entries: &[Entry],
    reading: &mut Reading<'_>,
) -> Result<u32, Refusal> {
    let mut objects = 0;
    let words: HashSet<&Path> = entries
        .iter()
        .filter(|entry| entry.is_stream && entry.is("WordDocument"))
        .map(Entry::storage)
        .collect();
    // A file that is no document itself is one object.
    let is_object = !words.contains(Path::new("/"));
    for entry in entries.iter().filter(|entry| entry.is_stream) {
        let storage = entry.storage();
        let within = storage != Path::new("/");
        let known = |names: &[&str]| names.contains(&entry.capitals().as_str());
        match entry.capitals().as_str() {
            "\u{1}OLE10NATIVE" => {
                let bytes = stream(file, &entry.path, reading)?;
                native(&bytes, reading)?;
            }
            "PACKAGE" | "CONTENTS" | "EMBEDDEDODF" => {
                let bytes = stream(file, &entry.path, reading)?;
                detect::attachment(bytes, reading)?;
            }
            "WORDDOCUMENT" if within => {
                reading.attachment(|reading| read_word(file, storage, reading))?;
            }
            "WORKBOOK" | "BOOK" | "POWERPOINT DOCUMENT" | "VISIODOCUMENT" if within => {
                reading.unreadable("an object of another old program in it is not read");
            }
            _ if !is_object && !entry.is_pooled() => continue,
            _ if known(BESIDE_OBJECTS) => continue,
            _ if known(BESIDE_WORD) && words.contains(storage) => continue,
            _ => {
                let bytes = stream(file, &entry.path, reading)?;
                if let Some(program) = magic::executable(&bytes) {
                    let sentence = format!("it holds {program}");
                    return Err(Refusal::new(Code::EmbeddedExecutable, sentence));
                }
                reading.unreadable("an object in it holds data that is not read");
                // No object that is known: without one, the file is refused by name.
                continue;
            }
        }
        objects += 1;
    }
    Ok(objects)
}

/// A file that the object packager put in ([MS-OLEDS] 2.3.6 and what the
/// packager writes there: its name, its path, its bytes).
fn native(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let embedded = |name: &str| magic::runs_by_name(name);
    let program = || {
        let sentence = "it holds a program or script";
        Refusal::new(Code::EmbeddedExecutable, sentence)
    };
    match packaged(bytes) {
        Some((names, content)) => {
            if names.iter().any(|name| embedded(name)) {
                return Err(program());
            }
            detect::attachment(content.to_vec(), reading)
        }
        None if magic::contains(bytes, b"This program cannot be run in DOS mode") => Err(program()),
        None => {
            reading.unreadable("an object in it is not read");
            Ok(())
        }
    }
}

fn packaged(bytes: &[u8]) -> Option<([String; 3], &[u8])> {
    fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
        let end = memchr::memchr(0, rest)?;
        let (text, tail) = rest.split_at(end);
        *rest = &tail[1..];
        Some(text)
    }
    fn number(rest: &mut &[u8]) -> Option<usize> {
        let (number, tail) = rest.split_first_chunk::<4>()?;
        *rest = tail;
        usize::try_from(u32::from_le_bytes(*number)).ok()
    }
    let mut rest = bytes.get(4..)?.strip_prefix(b"\x02\0")?;
    let label = text(&mut rest)?;
    let path = text(&mut rest)?;
    rest = rest.get(4..)?;
    let length = number(&mut rest)?;
    let temporary = rest.get(..length)?;
    rest = &rest[length..];
    let length = number(&mut rest)?;
    let content = rest.get(..length)?;
    let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    Some(([name(label), name(path), name(temporary)], content))
}

/// Texts that stand in binary data, in Windows-1252 and UTF-16.
fn texts(bytes: &[u8]) -> String {
    let mut all = String::new();
    let mut take = |run: &mut String| {
        if run.chars().count() >= SHORTEST_TEXT {
            all.push_str(run);
            all.push('\n');
        }
        run.clear();
    };
    let mut run = String::new();
    for byte in bytes {
        match byte {
            b' '..=b'~' => run.push(*byte as char),
            _ => take(&mut run),
        }
    }
    take(&mut run);
    for start in 0..2 {
        for unit in bytes.get(start..).unwrap_or_default().chunks_exact(2) {
            match char::from_u32(u32::from(u16::from_le_bytes([unit[0], unit[1]]))) {
                Some(character @ (' '..='~' | '\u{a0}'..='\u{17f}')) => run.push(character),
                _ => take(&mut run),
            }
        }
        take(&mut run);
    }
    all
}
