//! Eleven thousand documents with something wrong: none makes a parser panic
//! or hang, and every refusal says why.
//!
//! They are read in this process, where a panic is seen and not contained;
//! one in twenty is read in the child as well, which must say the same. The
//! mutants are the same in every run: a failure names its kind and number.

use crate::build::{self, Entry};
use crate::support::{CARD, child_within, fixture, here_within, patient};
use std::io::{Cursor, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tap_functions::document::{Code, Limits, Mode};

/// A hang would last for ever; this is what a loaded machine may take.
const GENEROUS: Duration = Duration::from_secs(60);
const IN_THE_CHILD: usize = 20;

/// A small generator of numbers that are the same everywhere (xorshift).
struct Random(u64);

impl Random {
    fn new(seed: usize) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ (seed as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    fn range(&mut self, length: usize, longest: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = (start + self.below(longest) + 1).min(length);
        start.min(end)..end
    }
}

/// What stands at the wrong place in a file of this kind.
const PDF_WORDS: &[&[u8]] = &[
    b"<<",
    b">>",
    b"[",
    b"]",
    b"(",
    b")",
    b"endobj",
    b"stream\n",
    b"endstream",
    b" 0 R",
    b"/Kids",
    b"/Parent 2 0 R",
    b"/Length 99999999",
    b"/Length -1",
    b"/Filter /FlateDecode",
    b"/Filter /LZWDecode",
    b"/Filter [/ASCII85Decode /FlateDecode]",
    b"/DecodeParms << /Predictor 12 /Columns 5 >>",
    b"/Type /ObjStm",
    b"/Type /XRef",
    b"/Subtype /Form",
    b"/Contents 1 0 R",
    b"/Encrypt 3 0 R",
    b"/Encoding /Identity-H",
    b"/ToUnicode 4 0 R",
    b"/FontMatrix [0 0 0 0 0 0]",
    b"BT",
    b"ET",
    b" Tj",
    b" TJ",
    b" Do",
    b"BI ID",
    b"xref\n0 1\n",
    b"startxref\n0\n%%EOF",
    b"1 0 obj",
    b"-2147483648",
    b"1e99",
    b"%",
];
const XML_WORDS: &[&[u8]] = &[
    b"<w:p>",
    b"</w:p>",
    b"<w:t>",
    b"</w:t>",
    b"<w:r>",
    b"</w:r>",
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"&#x110000;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<?x",
    b"\"",
    b"'",
    b"<!DOCTYPE a>",
    b"<v>99999999999</v>",
    b" t=\"s\"",
    b"\xff\xfe",
    b"\0",
    b"<c r=\"A1\" s=\"4294967295\">",
];
const BYTES: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"\x7f",
    b"\xff\xff\xff\x7f",
    b"\x01\0\0\0",
];

/// One to eight things go wrong.
fn mutate(random: &mut Random, seed: &[u8], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(8) {
        let length = bytes.len();
        match random.below(10) {
            0 if length > 0 => {
                let at = random.below(length);
                bytes[at] ^= 1 << random.below(8);
            }
            1 if length > 0 => {
                let at = random.below(length);
                bytes[at] = random.below(256) as u8;
            }
            2 => drop(bytes.drain(random.range(length, 64))),
            3 => drop(bytes.drain(random.range(length, length / 2 + 1))),
            4 => {
                let again = bytes[random.range(length, 200)].to_vec();
                let at = random.below(length + 1);
                bytes.splice(at..at, again);
            }
            5 | 6 => {
                let word = random.pick(words);
                let at = random.below(length + 1);
                bytes.splice(at..at, word.iter().copied());
            }
            7 => {
                // Written over, so that what stands behind keeps its place.
                let word = random.pick(words);
                let at = random.below(length + 1);
                let end = (at + word.len()).min(length);
                bytes.splice(at..end, word.iter().copied());
            }
            8 => number(random, &mut bytes),
            _ => bytes.truncate(random.below(length + 1).max(length / 2)),
        }
    }
    bytes
}

/// Another number for one in the text.
fn number(random: &mut Random, bytes: &mut Vec<u8>) {
    let from = random.below(bytes.len() + 1);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes[from..].iter().position(is_digit).map(|at| from + at) else {
        return;
    };
    let length = bytes[start..]
        .iter()
        .take_while(|byte| is_digit(byte))
        .count();
    let other: &[u8] = random.pick(&[
        b"0",
        b"1",
        b"-1",
        b"65536",
        b"2147483647",
        b"4294967296",
        b"99999999999999999999",
    ]);
    bytes.splice(start..start + length, other.iter().copied());
}

fn limits() -> Limits {
    Limits {
        decompressed_bytes: 32 << 20,
        cpu: Duration::from_secs(1),
        ..Limits::default()
    }
}

/// Reads `count` mutants of what `make` makes.
#[track_caller]
fn none_panics(kind: &str, count: usize, make: impl Fn(&mut Random) -> Vec<u8>) {
    let limits = limits();
    let (mut read, mut refused, mut unreadable) = (0u32, 0u32, 0u32);
    for seed in 0..count {
        let bytes = make(&mut Random::new(seed));
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| here_within(&bytes, &limits)));
        let Ok(outcome) = outcome else {
            let path = std::env::temp_dir().join(format!("mutant-{kind}-{seed}"));
            std::fs::write(&path, &bytes).unwrap();
            panic!("{kind} {seed} panics; it is kept as {}", path.display());
        };
        assert!(began.elapsed() < GENEROUS, "{kind} {seed} takes too long");
        match &outcome.result {
            Ok(parsed) if parsed.unreadable.is_some() => unreadable += 1,
            Ok(_) => read += 1,
            Err(refusal) => {
                refused += 1;
                assert!(
                    Code::from_word(&refusal.code).is_some(),
                    "{kind} {seed}: {refusal:?}"
                );
                assert!(
                    !refusal.sentence.is_empty() && !refusal.is_ours(),
                    "{kind} {seed}: {refusal:?}"
                );
            }
        }
        if seed % IN_THE_CHILD == 0 {
            let child = child_within(
                &bytes,
                Mode::Check,
                &patient(&Limits {
                    cpu: Duration::from_secs(8),
                    ..limits.clone()
                }),
            );
            let same = child.result == outcome.result;
            let limited = |code| {
                outcome
                    .result
                    .as_ref()
                    .is_err_and(|refusal| refusal.is(code))
            };
            assert!(
                same || limited(Code::TooSlow),
                "{kind} {seed}: {:?} and {:?}",
                outcome.result,
                child.result
            );
        }
    }
    println!("{kind}: {count} mutants, {read} read, {unreadable} unreadable, {refused} refused");
    // Mutants that are all refused, or all read, would test nothing.
    assert!(
        refused > 0 && read + unreadable > 0,
        "{kind}: {read} {unreadable} {refused}"
    );
}

#[test]
fn mutants_of_pdfs() {
    let seeds: Vec<Vec<u8>> = [
        "plain",
        "text",
        "object-streams",
        "linearized",
        "beside-the-pages",
        "form",
        "picture",
        "encrypted-rc4-128-owner",
        "encrypted-aes-256-owner",
    ]
    .iter()
    .map(|name| fixture(&format!("pdf/{name}.pdf")))
    .chain([
        fixture("office/letter.pdf"),
        build::Pdf::page(&build::shown(CARD)).build(),
    ])
    .collect();
    none_panics("pdf", 3000, |random| {
        let seed = &seeds[random.below(seeds.len())];
        mutate(random, seed, PDF_WORDS)
    });
}

/// What is compressed in a file is hardly ever reached by mutating the file.
#[test]
fn mutants_of_what_is_within_pdfs() {
    let content = format!(
        "q 1 0 0 1 5 5 cm BT /F 12 Tf 72 700 Td ({CARD}) Tj [(41) -20 (11)] TJ T* (x) ' ET Q /X Do BI /W 1 ID x EI"
    );
    let cmap = "1 begincodespacerange <00> <ff> endcodespacerange 2 beginbfchar <31> <0031> <34> <0034> endbfchar 1 beginbfrange <40> <50> <0041> endbfrange";
    none_panics("content of pdf", 2000, |random| {
        let mut pdf = build::Pdf::page("");
        let mutant = mutate(random, content.as_bytes(), PDF_WORDS);
        pdf.replace_stream(4, "/Filter /FlateDecode", &build::zlib(&mutant));
        pdf.replace(
            5,
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>",
        );
        let form = mutate(random, content.as_bytes(), PDF_WORDS);
        pdf.stream("/Type /XObject /Subtype /Form", &form);
        let mapping = mutate(random, cmap.as_bytes(), PDF_WORDS);
        pdf.stream("/Filter /FlateDecode", &build::zlib(&mapping));
        let objects = mutate(
            random,
            b"8 0 9 40 << /Type /Font /A [1 2 (text)] >>      << /Type /Page >> ",
            PDF_WORDS,
        );
        pdf.stream(
            "/Type /ObjStm /N 2 /First 9 /Filter /FlateDecode",
            &build::zlib(&objects),
        );
        // So that some are refused for more than what is within.
        if random.below(10) == 0 {
            let bytes = pdf.build();
            return bytes[..random.below(bytes.len())].to_vec();
        }
        pdf.build()
    });
}

/// The parts of an archive, decompressed.
fn parts(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

#[test]
fn mutants_of_archives() {
    let seeds = [
        build::docx(&build::paragraph(CARD)),
        fixture("office/letter.docx"),
        fixture("xlsx/cards.xlsx"),
    ];
    none_panics("archive", 1500, |random| {
        let seed = &seeds[random.below(seeds.len())];
        mutate(random, seed, BYTES)
    });
}

#[test]
fn mutants_of_what_is_within_archives() {
    let seeds = [
        parts(&build::docx(&build::paragraph(CARD))),
        parts(&fixture("office/letter.docx")),
        parts(&fixture("xlsx/cards.xlsx")),
    ];
    none_panics("part of archive", 2000, |random| {
        let mut parts = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(3) {
            let at = random.below(parts.len());
            parts[at].1 = mutate(random, &parts[at].1, XML_WORDS);
        }
        let entries: Vec<Entry> = parts
            .iter()
            .map(|(name, content)| Entry::new(name, content))
            .collect();
        build::archive(&entries)
    });
}

#[test]
fn mutants_of_old_documents() {
    let (word, table) = build::word(
        format!("a\x13HYPERLINK x\x14{CARD}\x15\r\x07").as_bytes(),
        0,
    );
    let seeds = [
        fixture("office/letter.doc"),
        build::compound(&[
            ("/WordDocument", &word),
            ("/0Table", &table),
            ("/\u{5}SummaryInformation", b"title"),
        ]),
    ];
    none_panics("doc", 1000, |random| {
        let seed = &seeds[random.below(seeds.len())];
        mutate(random, seed, BYTES)
    });
    none_panics("stream of doc", 500, |random| {
        let word = mutate(random, &word, BYTES);
        let table = mutate(random, &table, BYTES);
        build::compound(&[("/WordDocument", &word), ("/0Table", &table)])
    });
}

#[test]
fn mutants_of_texts() {
    let utf16: Vec<u8> = format!("Zahlung {CARD} für Müller\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let seeds = [
        format!("card {CARD} – Müller, 4012 8888 8888 1881\r\n")
            .repeat(3)
            .into_bytes(),
        [b"\xff\xfe".to_vec(), utf16.clone()].concat(),
        utf16,
        b"Price \x80 100 \x96 4111111111111111 M\xfcller".to_vec(),
    ];
    none_panics("text", 1500, |random| {
        let seed = &seeds[random.below(seeds.len())];
        mutate(random, seed, BYTES)
    });
}
