//! The scanner's side of `make bench-functions`: it writes the corpus and the
//! texts that all contestants get, says what the scanner finds of the one, and
//! how fast it reads the others.
//!
//! ```text
//! bench_scanner corpus           the samples, their labels and the scanner's hits, one JSON object a line
//! bench_scanner texts FOLDER N   N bytes of each text, the text of the PDFs, and the expressions, into files
//! bench_scanner speed FILE...    one JSON object: bytes per second of a core, of each, and what Scanner::new costs
//! bench_scanner documents        one JSON object: how fast the PDFs are parsed, and parsed and scanned
//! ```

#[allow(dead_code)]
#[path = "../../corpus/mod.rs"]
mod corpus;
mod pdfs;

use corpus::random::Random;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};
use std::error::Error;
use std::io::Write as _;
use std::time::Duration;
use tap_functions::document::{Limits, Mode, Parsed, Piece, parse_in_process};
use tap_functions::scanner::{Findings, Scanner};

/// What the document parser hands on at a time.
const CHUNK: usize = 64 << 10;
/// Of the PDF corpus.
const PDFS: usize = 25;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["corpus"] => print_corpus(),
        ["texts", folder, bytes] => write_texts(folder, bytes.parse()?),
        ["speed", ref files @ ..] => print_speed(files),
        ["documents"] => print_documents(),
        _ => Err("corpus, texts FOLDER N, speed FILE..., or documents".into()),
    }
}

fn scan(scanner: &Scanner, text: &[u8]) -> Findings {
    let mut stream = scanner.stream();
    for chunk in text.chunks(CHUNK) {
        stream.push(chunk);
    }
    stream.finish()
}

fn print_corpus() -> Result<(), Box<dyn Error>> {
    let scanner = Scanner::new(&[])?;
    for sample in corpus::samples() {
        let hits: Vec<Value> = scan(&scanner, sample.text.as_bytes())
            .hits
            .iter()
            .map(|hit| json!([hit.at, hit.kind, hit.confidence]))
            .collect();
        let labels: Vec<Value> = sample
            .labels
            .iter()
            .map(|(range, kind)| json!([range.start, range.end, kind]))
            .collect();
        let line =
            json!({ "class": sample.class, "text": sample.text, "labels": labels, "hits": hits });
        println!("{line}");
    }
    Ok(())
}

fn write_texts(folder: &str, bytes: usize) -> Result<(), Box<dyn Error>> {
    let mut random = Random::new(1);
    let expressions = serde_json::to_vec(&Scanner::expressions())?;
    for (name, text) in [
        ("prose", corpus::texts::prose(&mut random, bytes)),
        ("log", corpus::texts::log(&mut random, bytes)),
        ("random", corpus::texts::bytes(&mut random, bytes)),
        ("pdf", text_of(&pdfs::reports(&mut random, PDFS))?),
        ("expressions.json", expressions),
    ] {
        std::fs::write(format!("{folder}/{name}"), text)?;
    }
    Ok(())
}

/// Parses a document as the child does, without the child: its limits cost
/// nothing, and starting it is measured with the functions' cold start.
fn parse(pdf: &[u8], take: &mut dyn FnMut(Piece<'_>)) -> Result<Parsed, Box<dyn Error>> {
    let mut file = tempfile::tempfile()?;
    file.write_all(pdf)?;
    Ok(parse_in_process(
        &mut file,
        Mode::Text,
        &Limits::default(),
        take,
    )?)
}

fn text_of(pdfs: &[Vec<u8>]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut text = Vec::new();
    for pdf in pdfs {
        parse(pdf, &mut |piece| {
            if let Piece::Text(piece) = piece {
                text.extend_from_slice(piece);
            }
        })?;
    }
    Ok(text)
}

fn print_documents() -> Result<(), Box<dyn Error>> {
    let pdfs = pdfs::reports(&mut Random::new(1), PDFS);
    let bytes: usize = pdfs.iter().map(Vec::len).sum();
    let scanner = Scanner::new(&[])?;
    let mut pages = 0;
    let began = core_time();
    for pdf in &pdfs {
        pages += parse(pdf, &mut |_| {})?.parts;
    }
    let parsing = seconds_since(began);
    let began = core_time();
    for pdf in &pdfs {
        let mut stream = scanner.stream();
        parse(pdf, &mut |piece| match piece {
            Piece::Part(_) => stream.part(),
            Piece::Text(text) => stream.push(text),
        })?;
        std::hint::black_box(stream.finish());
    }
    let both = seconds_since(began);
    let figures = json!({
        "documents": pdfs.len(), "bytes": bytes, "pages": pages,
        "parsed": bytes as f64 / parsing, "scanned": bytes as f64 / both,
        "pages_parsed": f64::from(pages) / parsing, "pages_scanned": f64::from(pages) / both,
    });
    println!("{figures}");
    Ok(())
}

fn print_speed(files: &[&str]) -> Result<(), Box<dyn Error>> {
    let began = core_time();
    let scanner = Scanner::new(&[])?;
    let mut figures = Map::from_iter([("new".to_owned(), json!(seconds_since(began)))]);
    for file in files {
        let text = std::fs::read(file)?;
        let rate = |work: &dyn Fn() -> usize| {
            let began = core_time();
            std::hint::black_box(work());
            text.len() as f64 / seconds_since(began)
        };
        let scanned = || usize::try_from(scan(&scanner, &text).bytes).unwrap_or_default();
        // The first document makes the automaton's states.
        let cold = rate(&scanned);
        let warm = rate(&scanned);
        let floor = rate(&|| memchr::memchr_iter(b'@', &text).count());
        figures.insert(
            (*file).to_owned(),
            json!({ "cold": cold, "warm": warm, "memchr": floor }),
        );
    }
    println!("{}", Value::Object(figures));
    Ok(())
}

/// What this thread has used of its core: other work on the machine does not
/// count.
fn core_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

fn seconds_since(began: Duration) -> f64 {
    (core_time() - began).as_secs_f64()
}
