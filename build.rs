//! Compiles `proto/` into the services and clients of `plugin::proto`.
//!
//! `protox` does what protoc would, so that building this side of the provider
//! needs nothing installed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["tfplugin6.proto", "goplugin.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .build_server(true)
        .build_client(true) // the acceptance tests' own client
        .compile_fds(files)?;
    Ok(())
}
