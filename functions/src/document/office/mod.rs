//! Office documents in the Open Packaging Conventions: a ZIP archive of parts
//! (ECMA-376, part 2). `archive` opens it and refuses what is no honest
//! archive, `parts` looks at every part, `word` and `sheet` read the text,
//! `relations` refuses what would be fetched from elsewhere.

mod archive;
mod number_format;
mod parts;
mod relations;
mod sheet;
mod strings;
mod svg;
mod word;

use super::Kind;
use super::reading::{Reading, Source};
use super::refusal::{Code, Refusal};

/// Reads a file that begins as a ZIP archive does.
pub(super) fn read(file: &mut dyn Source, reading: &mut Reading<'_>) -> Result<Kind, Refusal> {
    let mut archive = archive::Archive::open(file, reading)?;
    let Some(types) = parts::Types::read(&mut archive, reading)? else {
        return other_archive(&mut archive, reading);
    };
    types.refuse_macros()?;
    let Some(kind) = types.kind() else {
        let sentence = format!("it is {}, which is not read", types.name());
        return Err(Refusal::new(Code::UnknownType, sentence));
    };
    parts::read(&mut archive, &types, kind, reading)?;
    Ok(kind)
}

/// An archive that is no document. Within a document its files are looked at
/// one by one; on its own it is refused.
fn other_archive(
    archive: &mut archive::Archive<'_>,
    reading: &mut Reading<'_>,
) -> Result<Kind, Refusal> {
    if reading.is_attachment() {
        for index in 0..archive.len() {
            if super::magic::runs_by_name(archive.name(index)) {
                let sentence = "it holds an archive with a program or script";
                return Err(Refusal::new(Code::EmbeddedExecutable, sentence));
            }
            let bytes = archive.whole(index)?;
            super::detect::attachment(bytes, reading)?;
        }
        // Read as what it holds.
        return Ok(Kind::Text);
    }
    let name = match archive.mimetype()? {
        Some(_) => "an OpenDocument or EPUB file",
        None if archive.find("META-INF/MANIFEST.MF").is_some() => "a Java archive",
        None => "a ZIP archive",
    };
    let sentence = format!("it is {name}, which is not read");
    Err(Refusal::new(Code::UnknownType, sentence))
}
