//! The parent's side: starts the child, takes what it hands on, and turns
//! whatever becomes of it into a verdict. Never waits longer than `wall`,
//! never keeps more than a chunk, never leaves a child behind.

use super::frame::{Decoder, Frame};
use super::refusal::{Code, Refusal};
use super::{Limits, Mode, Parsed, Piece};
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Of what the child says on its standard error: enough for Rust's last words.
const LAST_WORDS: usize = 4 << 10;
/// A sentence of a refusal or of `unreadable` is cut here.
const SENTENCE: usize = 500;
const CHUNK: usize = 64 << 10;

/// Parses `file` in a child of its own, which is `program` run as
/// `program parse check|text <limits>`; hands its text to `take`.
///
/// `file` is an open regular file; it is read from its start, and its
/// position is moved. Dropping the future kills the child. A refusal for
/// which [`Refusal::is_ours`] holds says nothing about the document.
///
/// What was handed to `take` before a refusal is no verdict: only with `Ok`
/// has all of it been seen.
pub async fn parse(
    program: &Path,
    file: File,
    mode: Mode,
    limits: &Limits,
    take: &mut (dyn FnMut(Piece<'_>) + Send),
) -> Result<Parsed, Refusal> {
    let deadline = Instant::now() + limits.wall;
    let mut child = start(program, file, mode, limits)?;
    let listened = tokio::time::timeout_at(deadline, listen(&mut child, mode, limits, take)).await;
    let (end, last_words) = match listened {
        Ok(Ok(heard)) => heard,
        Ok(Err(refusal)) => {
            stop(&mut child).await;
            return Err(refusal);
        }
        Err(_) => {
            stop(&mut child).await;
            return Err(too_slow(limits));
        }
    };
    let status = match tokio::time::timeout_at(deadline, child.wait()).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => return Err(ours("waiting for the parser", &error)),
        Err(_) => {
            stop(&mut child).await;
            return Err(too_slow(limits));
        }
    };
    match end {
        Some(Ok(parsed)) if status.success() => Ok(parsed),
        // A refusal counts however the child ended: it has said why.
        Some(Err(refusal)) => Err(refusal),
        _ => Err(death(status, &last_words, limits)),
    }
}

fn start(program: &Path, mut file: File, mode: Mode, limits: &Limits) -> Result<Child, Refusal> {
    file.seek(SeekFrom::Start(0))
        .map_err(|error| ours("rewinding the document", &error))?;
    let limits = serde_json::to_string(limits).unwrap_or_default();
    let mode = match mode {
        Mode::Check => "check",
        Mode::Text => "text",
    };
    Command::new(program)
        .args(["parse", mode, &limits])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| ours("starting the parser", &error))
}

/// Everything the child says until it closes its output, and how it ended, if
/// it said so.
async fn listen(
    child: &mut Child,
    mode: Mode,
    limits: &Limits,
    take: &mut (dyn FnMut(Piece<'_>) + Send),
) -> Result<(Option<Result<Parsed, Refusal>>, Vec<u8>), Refusal> {
    let mut decoder = Decoder::new();
    let mut heard = Heard::new(mode, limits);
    let mut chunk = vec![0; CHUNK];
    if let Some(mut stdout) = child.stdout.take() {
        loop {
            let length = read(&mut stdout, &mut chunk).await?;
            if length == 0 {
                break;
            }
            let fed = decoder.feed(&chunk[..length], &mut |frame| heard.frame(frame, take));
            fed.map_err(|broken| Refusal::malformed(broken.to_string()))?;
            if let Some(refusal) = heard.refusal.take() {
                return Err(refusal);
            }
        }
    }
    let mut last_words = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        let mut stderr = stderr.take(LAST_WORDS as u64);
        loop {
            let length = read(&mut stderr, &mut chunk).await?;
            if length == 0 {
                break;
            }
            last_words.extend_from_slice(&chunk[..length]);
        }
    }
    Ok((heard.end.filter(|_| decoder.ended()), last_words))
}

async fn read(from: &mut (impl AsyncRead + Unpin), chunk: &mut [u8]) -> Result<usize, Refusal> {
    from.read(chunk)
        .await
        .map_err(|error| ours("reading what the parser says", &error))
}

/// What the child may still say.
struct Heard {
    mode: Mode,
    text_left: u64,
    text_bytes: u64,
    parts_left: u64,
    end: Option<Result<Parsed, Refusal>>,
    refusal: Option<Refusal>,
}

impl Heard {
    fn new(mode: Mode, limits: &Limits) -> Self {
        Self {
            mode,
            text_left: limits.text_bytes,
            text_bytes: 0,
            // Beside its pages, as the child counts them, and to spare.
            parts_left: u64::from(limits.pages) + 100_000,
            end: None,
            refusal: None,
        }
    }

    fn frame(&mut self, frame: Frame<'_>, take: &mut (dyn FnMut(Piece<'_>) + Send)) {
        if self.refusal.is_some() {
            return;
        }
        match frame {
            Frame::Part(_) | Frame::Text(_) if self.mode == Mode::Check => {
                self.refuse("the parser hands on what it was not asked for");
            }
            Frame::Part(name) => match self.parts_left.checked_sub(1) {
                Some(left) => {
                    self.parts_left = left;
                    let name: String = name.chars().filter(|c| !c.is_control()).collect();
                    take(Piece::Part(&name));
                }
                None => self.refuse("the parser hands on more parts than there may be"),
            },
            Frame::Text(text) => match self.text_left.checked_sub(text.len() as u64) {
                Some(left) => {
                    self.text_left = left;
                    self.text_bytes += text.len() as u64;
                    take(Piece::Text(text));
                }
                None => self.refuse("the parser hands on more text than there may be"),
            },
            Frame::End(Ok(parsed)) => {
                if self.mode == Mode::Text && parsed.text_bytes != self.text_bytes {
                    self.refuse("the parser handed on other text than it says");
                }
                self.end = Some(Ok(Parsed {
                    unreadable: parsed.unreadable.as_deref().map(bounded),
                    ..parsed
                }));
            }
            Frame::End(Err(refusal)) => {
                let code = Code::from_word(&refusal.code).unwrap_or(Code::Malformed);
                self.end = Some(Err(Refusal::new(code, bounded(&refusal.sentence))));
            }
        }
    }

    fn refuse(&mut self, sentence: &str) {
        self.refusal = Some(Refusal::malformed(sentence));
    }
}

fn bounded(sentence: &str) -> String {
    let printable = sentence.chars().filter(|c| !c.is_control());
    printable.take(SENTENCE).collect()
}

async fn stop(child: &mut Child) {
    // It fails only when the child is gone already.
    let _ = child.start_kill();
    let _ = child.wait().await;
}

fn ours(operation: &str, error: &std::io::Error) -> Refusal {
    Refusal::new(Code::NotParsed, format!("{operation}: {error}"))
}

fn too_slow(limits: &Limits) -> Refusal {
    let sentence = format!(
        "reading it takes longer than the {} seconds allowed ({} of computing)",
        limits.wall.as_secs_f32(),
        limits.cpu.as_secs_f32(),
    );
    Refusal::new(Code::TooSlow, sentence)
}

fn too_much_memory(limits: &Limits) -> Refusal {
    let limit = limits.memory_bytes;
    let sentence = format!("reading it needs more than the {limit} bytes of memory allowed");
    Refusal::new(Code::TooMuchMemory, sentence)
}

fn too_deep() -> Refusal {
    let sentence = "it is nested so deeply that the parser's stack overflows";
    Refusal::new(Code::TooDeep, sentence)
}

/// What a child's death says about the document it had.
#[cfg(unix)]
fn death(status: ExitStatus, last_words: &[u8], limits: &Limits) -> Refusal {
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt as _;
    let last_words = String::from_utf8_lossy(last_words);
    // Rust's own words, written before it aborts: both ends are SIGABRT.
    if last_words.contains("memory allocation of") {
        return too_much_memory(limits);
    }
    if last_words.contains("has overflowed its stack") {
        return too_deep();
    }
    let signal = status.signal().unwrap_or_default();
    let is = |other: Signal| signal == other.as_raw();
    if is(Signal::XCPU) {
        return too_slow(limits);
    }
    if is(Signal::SEGV) || is(Signal::BUS) {
        return too_deep();
    }
    // Nobody but the kernel, which kills who takes the last memory.
    if is(Signal::KILL) {
        return too_much_memory(limits);
    }
    Refusal::malformed(format!(
        "its parser did not survive it ({})",
        match status.signal() {
            Some(signal) => format!("signal {signal}"),
            None => format!("exit code {}", status.code().unwrap_or_default()),
        }
    ))
}

#[cfg(not(unix))]
fn death(status: ExitStatus, _: &[u8], _: &Limits) -> Refusal {
    Refusal::malformed(format!("its parser did not survive it ({status})"))
}
