//! The generated messages, services and clients of `proto/`.
//!
//! The client stubs are here as well because the acceptance tests speak to the
//! provider as Terraform does.

/// Terraform's provider protocol, major version 6.
#[allow(clippy::large_enum_variant, clippy::doc_markdown, missing_docs)]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// What go-plugin expects of every plugin.
#[allow(clippy::doc_markdown, missing_docs)]
pub mod goplugin {
    tonic::include_proto!("plugin");
}
