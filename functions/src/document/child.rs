//! The child's side: gives up what it does not need, then reads the document
//! on its standard input and says what it found on its standard output.

use super::refusal::{Code, Refusal};
use super::{Limits, Mode, Piece, frame, parse_in_process};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::process::ExitCode;

/// The child: `arguments` are what follows `parse`, which is `check` or
/// `text`, and the limits as JSON.
///
/// The limits are set before a byte of the document is read, and cannot be
/// raised again. No file and no socket can be opened after that, no process
/// started, nothing written but to what is open.
pub fn child_main(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let mode = match arguments.next().as_deref() {
        Some("check") => Mode::Check,
        Some("text") => Mode::Text,
        _ => return usage(),
    };
    let limits = arguments.next().unwrap_or_default();
    let Ok(limits) = serde_json::from_str::<Limits>(&limits) else {
        return usage();
    };
    report_panics();
    let mut file = match own_input() {
        Ok(file) => file,
        Err(error) => return say_end(&Err(unusable(&error))),
    };
    if let Err(error) = confine(&limits) {
        return say_end(&Err(unusable(&error)));
    }
    let end = parse_in_process(&mut file, mode, &limits, &mut |piece| match piece {
        Piece::Part(name) => say(&frame::part(name)),
        Piece::Text(text) => frame::text(text).for_each(|frame| say(&frame)),
    });
    say_end(&end)
}

fn usage() -> ExitCode {
    eprintln!("usage: bootstrap parse check|text LIMITS < DOCUMENT");
    ExitCode::FAILURE
}

fn unusable(error: &std::io::Error) -> Refusal {
    Refusal::new(Code::NotParsed, format!("preparing the parser: {error}"))
}

/// A panic is the document's doing, in a parser or in us; it is said where it
/// happened. The message is not passed on: it may quote the document.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |location| {
            let file = location.file();
            let file = file.rsplit_once("/src/").map_or(file, |(path, name)| {
                let package = path.len() - path.rsplit('/').next().unwrap_or(path).len();
                &file[package..package + (path.len() - package) + "/src/".len() + name.len()]
            });
            format!(" ({file}:{})", location.line())
        });
        let sentence = format!("it is damaged in a way that its parser does not survive{place}");
        say_end(&Err(Refusal::malformed(sentence)));
        std::process::exit(101);
    }));
}

/// The standard input as a file, which can be read from anywhere.
#[cfg(unix)]
fn own_input() -> std::io::Result<std::fs::File> {
    use std::os::fd::AsFd as _;
    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut file = std::fs::File::from(input);
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(windows)]
fn own_input() -> std::io::Result<std::fs::File> {
    use std::os::windows::io::AsHandle as _;
    let input = std::io::stdin().as_handle().try_clone_to_owned()?;
    let mut file = std::fs::File::from(input);
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn say(frame: &[u8]) {
    let mut output = std::io::stdout().lock();
    if output
        .write_all(frame)
        .and_then(|()| output.flush())
        .is_err()
    {
        // The parent has gone, and with it whoever wanted to know.
        std::process::exit(1);
    }
}

fn say_end(end: &frame::End) -> ExitCode {
    say(&frame::end(end));
    match end {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Limits that need no privilege and that nothing in this process can lift.
#[cfg(unix)]
fn confine(limits: &Limits) -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let lower = |resource: Resource, to: u64, hard: u64| {
        let old = getrlimit(resource);
        let min = |new: u64, old: Option<u64>| Some(old.map_or(new, |old| old.min(new)));
        let new = Rlimit {
            current: min(to, old.maximum),
            maximum: min(hard, old.maximum),
        };
        setrlimit(resource, new).map_err(std::io::Error::from)
    };
    #[cfg(target_os = "linux")]
    {
        // Lambda freezes and ends environments; a child must not outlive its parent.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        rustix::thread::set_no_new_privs(true)?;
    }
    let cpu = limits.cpu.as_secs() + u64::from(limits.cpu.subsec_nanos() > 0);
    // SIGXCPU at the first, SIGKILL at the second.
    lower(Resource::Cpu, cpu.max(1), cpu.max(1) + 1)?;
    lower(Resource::Core, 0, 0)?;
    lower(Resource::Fsize, 0, 0)?;
    lower(Resource::Nproc, 0, 0)?;
    // What is open stays open; nothing more can be.
    lower(Resource::Nofile, 0, 0)?;
    lower(Resource::Stack, 8 << 20, 8 << 20)?;
    #[cfg(target_os = "linux")]
    lower(Resource::As, limits.memory_bytes, limits.memory_bytes)?;
    Ok(())
}

#[cfg(not(unix))]
fn confine(_: &Limits) -> std::io::Result<()> {
    Ok(())
}
