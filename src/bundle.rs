//! The functions inside this binary: for each architecture the zip that
//! Lambda is given.
//!
//! The build script embeds those that `tools/build_functions.py` has made.
//! A provider that was built without them works; what it lacks it says when
//! it plans, see [`missing`].

use std::fmt;

/// What stands in a template as the bucket of the provider's own code, whose
/// key there is `<sha256>.zip`: a template can only name buckets. No bucket of
/// this name is ever asked for anything.
pub const BUCKET: &str = "terraform-provider-tap";

/// A processor that Lambda runs functions on, by its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Architecture {
    /// The default: cheaper for the same work.
    Arm64,
    X86_64,
}

impl Architecture {
    pub const ALL: [Self; 2] = [Self::Arm64, Self::X86_64];

    /// `arm64` or `x86_64`, as Lambda spells them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The functions for one architecture.
#[derive(Clone, Copy)]
pub struct Bundle {
    pub architecture: Architecture,
    /// Of `zip`, in lower-case hexadecimal.
    pub sha256: &'static str,
    /// The newest version of glibc that it needs, such as `2.34`.
    pub glibc: &'static str,
    /// The compiler and the linker.
    pub built_with: &'static str,
    /// One entry, `bootstrap`.
    pub zip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/bundles.rs"));

/// What this binary holds: at most one for each architecture.
pub fn all() -> &'static [Bundle] {
    EMBEDDED
}

/// The functions for that architecture, if this binary holds them.
pub fn bundle(architecture: Architecture) -> Option<&'static Bundle> {
    EMBEDDED
        .iter()
        .find(|bundle| bundle.architecture == architecture)
}

/// The architectures that `bundles` has no functions for.
pub fn missing(bundles: &[Bundle]) -> Vec<Architecture> {
    let held = |one: &Architecture| bundles.iter().any(|bundle| bundle.architecture == *one);
    Architecture::ALL
        .into_iter()
        .filter(|one| !held(one))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(architecture: Architecture) -> Bundle {
        Bundle {
            architecture,
            sha256: "",
            glibc: "2.34",
            built_with: "",
            zip: &[],
        }
    }

    #[test]
    fn what_is_not_embedded_is_missing() {
        use Architecture::{Arm64, X86_64};
        for (held, expected) in [
            (vec![], vec![Arm64, X86_64]),
            (vec![X86_64], vec![Arm64]),
            (vec![X86_64, Arm64], vec![]),
        ] {
            let bundles: Vec<Bundle> = held.iter().copied().map(made).collect();
            assert_eq!(missing(&bundles), expected, "{held:?}");
        }
    }

    #[test]
    fn an_architecture_is_named_as_lambda_names_it() {
        for one in Architecture::ALL {
            assert_eq!(Architecture::from_name(one.as_str()), Some(one));
        }
        assert_eq!(Architecture::from_name("aarch64"), None);
    }
}
