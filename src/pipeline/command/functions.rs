//! `functions`: what this binary holds for Lambda.

use super::refuse;
use crate::bundle::{self, Architecture, Bundle};
use std::process::ExitCode;

pub(super) fn list() -> ExitCode {
    print!("{}", listed(bundle::all()));
    ExitCode::SUCCESS
}

/// One line for each architecture.
fn listed(bundles: &[Bundle]) -> String {
    let held = |one: Architecture| bundles.iter().find(|bundle| bundle.architecture == one);
    Architecture::ALL
        .into_iter()
        .map(|one| match held(one) {
            Some(bundle) => format!(
                "{one}: {} bytes, sha256 {}, glibc {}, {}\n",
                bundle.zip.len(),
                bundle.sha256,
                bundle.glibc,
                bundle.built_with
            ),
            None => {
                format!("{one}: not in this binary; in the provider's source run: make build\n")
            }
        })
        .collect()
}

pub(super) fn write(architecture: &str, file: &str) -> ExitCode {
    let Some(known) = Architecture::from_name(architecture) else {
        return refuse(&format!(
            "{architecture} is no architecture of Lambda's. Write arm64 or x86_64."
        ));
    };
    let Some(bundle) = bundle::bundle(known) else {
        return refuse(&format!(
            "this binary holds no functions for {known}. In the provider's source run: make build"
        ));
    };
    match std::fs::write(file, bundle.zip) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => refuse(&format!("{file} cannot be written: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_of_each_architecture_what_is_there_or_what_to_run() {
        let held = Bundle {
            architecture: Architecture::X86_64,
            sha256: "0123abcd",
            glibc: "2.34",
            built_with: "rustc 1.95.0",
            zip: b"PK",
        };
        assert_eq!(
            listed(&[held]),
            "arm64: not in this binary; in the provider's source run: make build\n\
             x86_64: 2 bytes, sha256 0123abcd, glibc 2.34, rustc 1.95.0\n"
        );
    }
}
