//! What the first bytes of a file, or the name of an attachment, give away.

/// What kind of program `head` begins, if any.
pub(super) fn executable(head: &[u8]) -> Option<&'static str> {
    const PROGRAMS: &[(&[u8], &str)] = &[
        (b"\x7fELF", "an ELF executable"),
        (b"MZ", "a Windows executable"),
        (b"\xfe\xed\xfa\xce", "a Mach-O executable"),
        (b"\xfe\xed\xfa\xcf", "a Mach-O executable"),
        (b"\xce\xfa\xed\xfe", "a Mach-O executable"),
        (b"\xcf\xfa\xed\xfe", "a Mach-O executable"),
        (b"\xca\xfe\xba\xbe", "a Java class or a Mach-O executable"),
        (b"dex\n", "a Dalvik executable"),
        (b"\0asm", "a WebAssembly module"),
        (b"#!", "a script"),
        (b"<?php", "a PHP script"),
        // [MS-SHLLINK] 2.1: the header size and the class id.
        (b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut"),
        (b"ITSF\x03\0\0\0", "a compiled HTML help"),
        (b"BC\xc0\xde", "LLVM bitcode"),
    ];
    // A byte order mark before `#!` does not keep a shell from running it.
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    PROGRAMS
        .iter()
        .find(|(magic, _)| head.starts_with(magic) || text.starts_with(magic))
        .map(|(_, name)| *name)
        // "MZ" also begins texts; a program's header is 64 bytes long and binary.
        .filter(|name| {
            *name != "a Windows executable" || head.len() >= 64 && head[..64].contains(&0)
        })
}

/// Whether a file so named is run when it is opened. Used for attachments
/// alone, where the name is what the reader of the document clicks on.
pub(super) fn runs_by_name(name: &str) -> bool {
    const RUN: &[&str] = &[
        "apk",
        "app",
        "appref-ms",
        "bat",
        "chm",
        "cmd",
        "com",
        "cpl",
        "dll",
        "exe",
        "gadget",
        "hta",
        "inf",
        "jar",
        "jnlp",
        "js",
        "jse",
        "lnk",
        "msc",
        "msi",
        "msp",
        "pif",
        "ps1",
        "ps2",
        "psc1",
        "py",
        "pyc",
        "reg",
        "scf",
        "scr",
        "sct",
        "sh",
        "sys",
        "url",
        "vb",
        "vbe",
        "vbs",
        "ws",
        "wsc",
        "wsf",
        "wsh",
    ];
    let name = name.trim_end_matches(['.', ' ', '\0']);
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| RUN.iter().any(|run| extension.eq_ignore_ascii_case(run)))
}

/// Whether `head` begins a picture. Text in pictures is not read.
pub(super) fn picture(head: &[u8]) -> bool {
    const PICTURES: &[&[u8]] = &[
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"BM",
        b"II*\0",
        b"MM\0*",
        b"\xd7\xcd\xc6\x9a",
        b"\x01\0\0\0",
        b"\x01\0\x09\0",
        b"\0\0\x01\0",
        b"\0\0\0\x0cjP",
        b"\xff\x4f\xff\x51",
        b"II\xbc",
        b"8BPS",
        b"\n\x05\x01\x08",
        b"\x0a\x03\x01\x08",
    ];
    PICTURES.iter().any(|magic| head.starts_with(magic))
        || head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP")
        || head.get(4..8) == Some(b"ftyp")
}

/// Whether `head` begins markup, in UTF-8 or UTF-16. Markup is read, whatever
/// it draws: what calls itself a picture may be a page of text.
pub(super) fn markup(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    text.trim_ascii_start().starts_with(b"<")
        || [&b"\xff\xfe<\0"[..], b"\xfe\xff\0<", b"<\0", b"\0<"]
            .iter()
            .any(|start| head.starts_with(start))
}

/// Whether the markup that `head` begins may be a picture as well.
pub(super) fn svg(head: &[u8]) -> bool {
    contains(&head[..head.len().min(512)], b"<svg")
}

pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_texts_that_begin_alike() {
        let mut program = b"MZ\x90\0".to_vec();
        program.resize(64, 0);
        assert_eq!(executable(&program), Some("a Windows executable"));
        assert_eq!(
            executable(b"MZ is the code of Mozambique in some lists, and so on for a while."),
            None
        );
        assert_eq!(executable(b"#!/bin/sh\n"), Some("a script"));
        assert_eq!(executable(b"\xef\xbb\xbf#!/bin/sh\n"), Some("a script"));
        assert_eq!(executable(b"# A heading\n"), None);
    }

    #[test]
    fn markup_is_no_picture() {
        for head in [
            &b"<?xml version='1.0'?><!-- <svg --><w:footnotes>"[..],
            b"\xef\xbb\xbf \n<svg>",
            b"<\0s\0v\0g\0",
        ] {
            assert!(markup(head) && !picture(head));
        }
        assert!(svg(b"<?xml version='1.0'?><svg>"));
        assert!(!markup(b"\x89PNG<svg>") && picture(b"\x89PNG<svg>"));
    }

    #[test]
    fn a_name_runs_by_its_last_extension() {
        for (name, runs) in [
            ("invoice.pdf.exe", true),
            ("setup.EXE", true),
            ("setup.exe. ", true),
            ("report.pdf", false),
            ("exe", false),
            ("invoice.xml", false),
        ] {
            assert_eq!(runs_by_name(name), runs, "{name}");
        }
    }
}
