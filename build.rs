//! Compiles `proto/` into the services and clients of `plugin::proto`, and
//! embeds the functions that have been built before.
//!
//! `protox` does what protoc would, so that building this side of the provider
//! needs nothing installed. The functions are never built from here: a cargo
//! inside a build script waits for its own target folder, inherits flags, and
//! makes every check take minutes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["tfplugin6.proto", "goplugin.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .build_server(true)
        .build_client(true) // the acceptance tests' own client
        .compile_fds(files)?;
    embed()
}

/// Writes `bundles.rs` for `src/bundle.rs` from what `tools/build_functions.py`
/// has left in `bundles/` of the target folder, or in `TAP_BUNDLES_DIR`.
fn embed() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=TAP_BUNDLES_DIR");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let bundles = match std::env::var_os("TAP_BUNDLES_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => target(&out)?.join("bundles"),
    };
    // A folder that is not there would make cargo run this every time.
    std::fs::create_dir_all(&bundles)?;
    println!("cargo:rerun-if-changed={}", bundles.display());
    let mut code = String::from("const EMBEDDED: &[Bundle] = &[\n");
    for (name, variant) in [("arm64", "Arm64"), ("x86_64", "X86_64")] {
        let folder = bundles.join(name);
        let Ok(text) = std::fs::read_to_string(folder.join("bundle.txt")) else {
            continue;
        };
        let lines: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .collect();
        let line = |key: &str| {
            let missing = || format!("{} has no {key}; run: make build", folder.display());
            lines.get(key).copied().ok_or_else(missing)
        };
        // A copy, so that what is compiled in is what the lines speak of.
        let zip = out.join(format!("{name}.zip"));
        std::fs::copy(folder.join("bootstrap.zip"), &zip)?;
        writeln!(
            code,
            "    Bundle {{ architecture: Architecture::{variant}, sha256: {:?}, glibc: {:?}, built_with: {:?}, zip: include_bytes!({zip:?}) }},",
            line("sha256")?,
            line("glibc")?,
            line("built_with")?,
        )?;
    }
    code.push_str("];\n");
    std::fs::write(out.join("bundles.rs"), code)?;
    Ok(())
}

/// The target folder: the one above `out` where cargo keeps its own files. It
/// tags a folder only when it has made it, and what it knows of rustc it may
/// be told not to write down.
fn target(out: &Path) -> Result<&Path, String> {
    out.ancestors()
        .find(|folder| {
            [".rustc_info.json", "CACHEDIR.TAG"]
                .iter()
                .any(|file| folder.join(file).is_file())
        })
        .ok_or_else(|| {
            format!(
                "{} is in no target folder; set TAP_BUNDLES_DIR to a folder for the functions",
                out.display()
            )
        })
}
