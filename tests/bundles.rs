//! The functions inside this provider, as Lambda will get them: that they are
//! what they say they are, and that Amazon Linux 2023 can start them. What
//! makes them checks the same before it packages them; this looks at what was
//! embedded, with a reader of its own.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use object::LittleEndian;
use object::elf;
use object::read::elf::FileHeader;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use terraform_provider_tap::bundle::{self, Architecture, Bundle};

type Header = elf::FileHeader64<LittleEndian>;

/// Amazon Linux 2023 has glibc 2.34 and keeps it.
const NEWEST: [u32; 2] = [2, 34];

/// The one entry of the zip.
fn bootstrap(bundle: &Bundle) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bundle.zip)).expect("a zip");
    assert_eq!(zip.len(), 1, "{}", bundle.architecture);
    let mut entry = zip.by_index(0).expect("an entry");
    assert_eq!(
        entry.name().expect("UTF-8"),
        "bootstrap",
        "provided.al2023 starts that"
    );
    assert_eq!(entry.unix_mode(), Some(0o100_755), "it must be executable");
    let mut binary = Vec::new();
    entry.read_to_end(&mut binary).expect("its bytes");
    binary
}

/// The versions of symbols that the binary needs, such as `GLIBC_2.34`.
fn versions(binary: &[u8]) -> BTreeSet<String> {
    let header = Header::parse(binary).expect("ELF64");
    let sections = header.sections(LittleEndian, binary).expect("sections");
    let (mut files, link) = sections
        .gnu_verneed(LittleEndian, binary)
        .expect("a sound table")
        .expect("a dynamic binary has a table of versions");
    let strings = sections
        .strings(LittleEndian, binary, link)
        .expect("strings");
    let mut found = BTreeSet::new();
    while let Some((_, mut needed)) = files.next().expect("a sound table") {
        while let Some(version) = needed.next().expect("a sound table") {
            let name = version.name(LittleEndian, strings).expect("a name");
            found.insert(String::from_utf8_lossy(name).into_owned());
        }
    }
    found
}

/// Those of them that Amazon Linux 2023 has not. A version of glibc without a
/// number is a demand on the loader itself: `GLIBC_ABI_DT_RELR` came with 2.36.
fn too_new(binary: &[u8]) -> Vec<String> {
    let fits = |version: &String| match version.strip_prefix("GLIBC_") {
        None => true,
        Some(number) => {
            let parts: Result<Vec<u32>, _> = number.split('.').map(str::parse).collect();
            parts.is_ok_and(|parts| parts.as_slice() <= NEWEST.as_slice())
        }
    };
    versions(binary)
        .into_iter()
        .filter(|version| !fits(version))
        .collect()
}

fn machine(architecture: Architecture) -> elf::Machine {
    match architecture {
        Architecture::Arm64 => elf::EM_AARCH64,
        Architecture::X86_64 => elf::EM_X86_64,
    }
}

#[test]
fn the_functions_for_this_machine_are_inside() {
    let here = match std::env::consts::ARCH {
        "aarch64" => Architecture::Arm64,
        _ => Architecture::X86_64,
    };
    assert!(
        bundle::bundle(here).is_some(),
        "no functions for {here} were there when this was compiled; run: make build"
    );
}

#[test]
fn every_bundle_is_what_it_says_and_one_executable_bootstrap() {
    for bundle in bundle::all() {
        let digest = Sha256::digest(bundle.zip);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, bundle.sha256, "{}", bundle.architecture);
        let binary = bootstrap(bundle);
        let header = Header::parse(binary.as_slice()).expect("ELF64");
        assert_eq!(
            header.e_machine.get(LittleEndian),
            machine(bundle.architecture),
            "{}",
            bundle.architecture
        );
    }
}

#[test]
fn no_bundle_needs_a_newer_c_library_than_amazon_linux_2023_has() {
    for bundle in bundle::all() {
        let refused = too_new(&bootstrap(bundle));
        assert!(refused.is_empty(), "{}: {refused:?}", bundle.architecture);
    }
}

#[test]
fn a_binary_that_needs_a_newer_c_library_is_refused() {
    let bundle = bundle::all().first().expect("functions; run: make build");
    let sound = bootstrap(bundle);
    let oldest = versions(&sound)
        .into_iter()
        .find(|version| version.len() == "GLIBC_2.38".len())
        .expect("a version of that length");
    // The same binary, with the name of one version replaced in its table of
    // strings, as if it had been linked on a newer system.
    for newer in ["GLIBC_2.35", "GLIBC_2.38", "GLIBC_ABI_"] {
        let mut newer_binary = sound.clone();
        let name = [oldest.as_bytes(), b"\0"].concat();
        let at = newer_binary
            .windows(name.len())
            .position(|window| window == name)
            .expect("the name is in the table");
        newer_binary[at..at + newer.len()].copy_from_slice(newer.as_bytes());
        assert_eq!(too_new(&newer_binary), [newer]);
    }
}
