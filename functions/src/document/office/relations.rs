//! Relationships: what a part refers to. What lies elsewhere and is fetched
//! when the document is opened is refused; links are text.

use crate::document::reading::Reading;
use crate::document::refusal::{Code, Refusal};
use crate::document::xml::{self, Attributes, Handler};
use std::io::Read;

/// Types of relationships whose target is loaded without anyone clicking on it.
const LOADED: &[&str] = &[
    "attachedtemplate",
    "oleobject",
    "frame",
    "subdocument",
    "package",
    "control",
    "afchunk",
];

/// Whether a part of this name, in lower case, holds relationships: they are
/// in a folder of their own (ECMA-376-2, 6.5.3). Elsewhere the ending says
/// nothing, and a document's header may have it.
pub(super) fn is_name(name: &str) -> bool {
    let mut steps = name.rsplit('/');
    let file = steps.next().unwrap_or_default();
    file.ends_with(".rels") && steps.next() == Some("_rels")
}

pub(super) fn read(source: &mut dyn Read, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let mut relations = Relations::default();
    xml::walk(source, reading, &mut relations)?;
    if !relations.links.is_empty() {
        reading.part("links")?;
        reading.text(&relations.links)?;
    }
    Ok(())
}

#[derive(Default)]
struct Relations {
    links: String,
}

impl Handler for Relations {
    fn start(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), Refusal> {
        let external = attributes
            .get("TargetMode")
            .is_some_and(|mode| mode == "External");
        if name != "Relationship" || !external {
            return Ok(());
        }
        let target = attributes.get("Target").unwrap_or_default();
        let kind = attributes.get("Type").unwrap_or_default().to_lowercase();
        let kind = kind.rsplit('/').next().unwrap_or_default();
        if LOADED.contains(&kind) && is_remote(&target) {
            let sentence = "it loads a template or an object from elsewhere when it is opened";
            return Err(Refusal::new(Code::ExternalContent, sentence));
        }
        self.links.push_str(&target);
        self.links.push('\n');
        if self.links.len() > 64 << 10 {
            reading.text(&std::mem::take(&mut self.links))?;
        }
        Ok(())
    }

    fn end(&mut self, _: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Relationships have no text; what stands here all the same is read.
    fn text(&mut self, text: &str, _: &mut Reading<'_>) -> Result<(), Refusal> {
        if !text.trim().is_empty() {
            self.links.push_str(text);
        }
        Ok(())
    }
}

/// Whether a target is on another machine, or a scheme that starts something.
/// Word writes `file:///C:\...\Normal.dotm` for the template it was made with.
fn is_remote(target: &str) -> bool {
    let target = target.trim().to_lowercase().replace('\\', "/");
    if let Some(path) = target.strip_prefix("file:") {
        // `file://server/share`, `file:////server/share`.
        let slashes = path.len() - path.trim_start_matches('/').len();
        let rest = path.trim_start_matches('/');
        let drive = rest
            .as_bytes()
            .get(1)
            .is_some_and(|byte| *byte == b':' || *byte == b'|');
        return !drive && slashes != 0 && slashes != 3 && slashes != 1;
    }
    target.starts_with("//")
        || target.split_once(':').is_some_and(|(scheme, _)| {
            // One letter is a drive.
            scheme.len() > 1
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_known_by_their_folder() {
        for (name, are) in [
            ("_rels/.rels", true),
            ("word/_rels/document.xml.rels", true),
            ("word/h.rels", false),
            ("h.rels", false),
            ("word/_rels/x/h.rels", false),
            ("word/my_rels/h.rels", false),
        ] {
            assert_eq!(is_name(name), are, "{name}");
        }
    }

    #[test]
    fn only_what_is_elsewhere_is_remote() {
        for (target, remote) in [
            ("https://example.com/a.dotm", true),
            ("\\\\server\\share\\a.dotm", true),
            ("file://server/share/a.dotm", true),
            ("file:////server/share/a.dotm", true),
            ("file:///\\\\server\\share\\a.dotm", true),
            ("mhtml:https://example.com/x!y", true),
            ("ms-msdt:/id", true),
            ("file:///C:\\Users\\a\\Normal.dotm", false),
            ("C:\\Templates\\a.dotx", false),
            ("Normal.dotm", false),
            ("file:///Applications/Word/Normal.dotm", false),
        ] {
            assert_eq!(is_remote(target), remote, "{target}");
        }
    }
}
