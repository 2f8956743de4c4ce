//! A ZIP archive that means the same to everyone: what the directory lists is
//! what stands there, once, with nothing before, behind or between.

use crate::document::magic;
use crate::document::reading::{Meter, Reading, Source};
use crate::document::refusal::{Code, Refusal, from_io};
use std::collections::{HashMap, HashSet};
use std::io::{Read, SeekFrom};
use std::rc::Rc;
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

/// Word's largest documents have some thousands of parts, mostly pictures.
const MAX_ENTRIES: usize = 10_000;
/// So much may an entry grow by, when it grows to more than `BOMB_FROM`. XML
/// compresses 10 to 100 times; deflate ends at 1032.
const MAX_RATIO: u64 = 400;
const BOMB_FROM: u64 = 8 << 20;
/// The last record of an archive, without its comment.
const END: u64 = 22;

pub(super) struct Archive<'f> {
    zip: ZipArchive<&'f mut dyn Source>,
    names: Vec<String>,
    by_name: HashMap<String, usize>,
    meter: Rc<Meter>,
}

/// An entry being read.
pub(super) type Entry<'a, 'f> =
    std::io::Chain<std::io::Cursor<Vec<u8>>, Counted<ZipFile<'a, &'f mut dyn Source>>>;

impl<'f> Archive<'f> {
    pub fn open(file: &'f mut dyn Source, reading: &Reading<'_>) -> Result<Self, Refusal> {
        let entries = look_at_the_end(file)?;
        if entries > MAX_ENTRIES {
            return Err(too_many(entries));
        }
        file.seek(SeekFrom::Start(0))
            .map_err(|error| from_io(&error, "it"))?;
        let mut zip = ZipArchive::new(file).map_err(|error| refuse(&error))?;
        if zip.len() > MAX_ENTRIES {
            return Err(too_many(zip.len()));
        }
        reading.meter.steps(zip.len() as u64 * 20)?;
        if zip.offset() != 0 {
            let sentence = "it is a ZIP archive with something else in front";
            return Err(Refusal::new(Code::Polyglot, sentence));
        }
        if zip.has_duplicate_names() {
            return Err(ambiguous("has two entries of one name"));
        }
        if zip
            .has_overlapping_entries()
            .map_err(|error| refuse(&error))?
        {
            let sentence = "its entries overlap, as those of a decompression bomb do";
            return Err(Refusal::new(Code::DecompressionBomb, sentence));
        }
        zip.validate_header_consistency()
            .map_err(|_| ambiguous("says different things at its end and at its entries"))?;
        let mut names = Vec::with_capacity(zip.len());
        // Names of parts differ by more than case (ECMA-376-2, 6.2.2.3).
        let mut folded = HashSet::new();
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(|error| refuse(&error))?;
            let name = entry.name().map_err(|error| refuse(&error))?.into_owned();
            if entry.encrypted() {
                let sentence = "its archive has encrypted entries";
                return Err(Refusal::new(Code::Encrypted, sentence));
            }
            if !matches!(
                entry.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            ) {
                return Err(ambiguous("uses a compression that no office program does"));
            }
            let leads_out = name.split('/').any(|step| step == "..");
            if leads_out || name.starts_with('/') || name.contains(['\\', '\0']) {
                return Err(ambiguous("has entries whose names lead out of it"));
            }
            if !folded.insert(name.to_lowercase()) {
                return Err(ambiguous("has two entries of one name"));
            }
            names.push(name);
        }
        let by_name = names.iter().enumerate();
        let by_name = by_name
            .map(|(index, name)| (name.to_lowercase(), index))
            .collect();
        Ok(Self {
            zip,
            names,
            by_name,
            meter: Rc::clone(&reading.meter),
        })
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn name(&self, index: usize) -> &str {
        &self.names[index]
    }

    /// The index of the entry called `name`, whatever its case.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(&name.to_lowercase()).copied()
    }

    /// Opens an entry: its first bytes, and a reader of all of it.
    pub fn entry(&mut self, index: usize) -> Result<(Vec<u8>, Entry<'_, 'f>), Refusal> {
        let entry = self.zip.by_index(index).map_err(|error| refuse(&error))?;
        let mut counted = Counted {
            compressed: entry.compressed_size(),
            entry,
            meter: Rc::clone(&self.meter),
            total: 0,
        };
        let mut head = Vec::new();
        (&mut counted)
            .take(4096)
            .read_to_end(&mut head)
            .map_err(|error| from_io(&error, "a part of it"))?;
        Ok((head.clone(), std::io::Cursor::new(head).chain(counted)))
    }

    /// All of an entry, in memory.
    pub fn whole(&mut self, index: usize) -> Result<Vec<u8>, Refusal> {
        const CHUNK: u64 = 64 << 10;
        let meter = Rc::clone(&self.meter);
        let (_, mut entry) = self.entry(index)?;
        let mut bytes = Vec::new();
        loop {
            let read = (&mut entry).take(CHUNK).read_to_end(&mut bytes);
            let read = read.map_err(|error| from_io(&error, "a part of it"))?;
            if read == 0 {
                return Ok(bytes);
            }
            meter.whole(bytes.len())?;
        }
    }

    /// What an OpenDocument or EPUB file says of itself.
    pub fn mimetype(&mut self) -> Result<Option<String>, Refusal> {
        let Some(index) = self.find("mimetype") else {
            return Ok(None);
        };
        let (head, _) = self.entry(index)?;
        Ok(Some(String::from_utf8_lossy(&head).into_owned()))
    }
}

/// The number of entries that the last record names; refuses what does not end
/// with it, since unpackers look for it from the end.
fn look_at_the_end(file: &mut dyn Source) -> Result<usize, Refusal> {
    let damaged = |error: std::io::Error| from_io(&error, "it");
    let length = file.seek(SeekFrom::End(0)).map_err(damaged)?;
    let start = length.saturating_sub(END + 65_535);
    file.seek(SeekFrom::Start(start)).map_err(damaged)?;
    let mut tail = Vec::new();
    file.take(END + 65_535)
        .read_to_end(&mut tail)
        .map_err(damaged)?;
    let Some(at) = memchr::memmem::rfind(&tail, b"PK\x05\x06") else {
        return Err(Refusal::malformed(
            "it is a ZIP archive without an end: cut short, perhaps",
        ));
    };
    let record = &tail[at..];
    let number = |at: usize| {
        record
            .get(at..at + 2)
            .map(|two| u16::from_le_bytes([two[0], two[1]]))
    };
    let (Some(entries), Some(comment)) = (number(10), number(20)) else {
        return Err(Refusal::malformed(
            "it is a ZIP archive whose end is cut short",
        ));
    };
    let behind = &record[END as usize..];
    if behind.len() != usize::from(comment) {
        let sentence = "it is a ZIP archive with something else behind";
        return Err(Refusal::new(Code::Polyglot, sentence));
    }
    if magic::contains(behind, b"%PDF-") {
        let sentence = "it is a ZIP archive and a PDF at once";
        return Err(Refusal::new(Code::Polyglot, sentence));
    }
    // 65535 means that a ZIP64 record says it; the library reads that.
    Ok(if entries == u16::MAX {
        0
    } else {
        usize::from(entries)
    })
}

fn too_many(entries: usize) -> Refusal {
    let sentence = format!("its archive has {entries} entries, where {MAX_ENTRIES} are allowed");
    Refusal::new(Code::TooManyParts, sentence)
}

fn ambiguous(what: &str) -> Refusal {
    Refusal::malformed(format!("its archive {what}"))
}

fn refuse(error: &zip::result::ZipError) -> Refusal {
    match error {
        zip::result::ZipError::Io(error) => from_io(error, "its archive"),
        _ => Refusal::malformed("its archive is damaged"),
    }
}

/// Counts what comes out of an entry.
pub(super) struct Counted<R> {
    entry: R,
    compressed: u64,
    meter: Rc<Meter>,
    total: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.entry.read(buffer)?;
        self.total += length as u64;
        self.meter.decompressed(length)?;
        if self.total > BOMB_FROM && self.total / MAX_RATIO > self.compressed {
            let sentence = format!("a part of it grows more than {MAX_RATIO} times");
            return Err(Refusal::new(Code::DecompressionBomb, sentence).into());
        }
        Ok(length)
    }
}
