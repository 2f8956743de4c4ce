//! The provider as users install it: `terraform init` from a mirror on disk and
//! from one over HTTPS, with a lock file that holds it to its checksum, and an
//! apply with what was installed.
//!
//! The package has the names of `make dist`. With `TAP_DIST`, the folder that
//! `make dist` filled, it is that package; without, the binary of this build.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use acceptance::Sandbox;
use acceptance::terraform::{SOURCE, Terraform, program};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{apply, expect_clean_destroy, expect_code, expect_empty_plan, pipeline, sandbox};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use zip::write::SimpleFileOptions;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn platform() -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}_{architecture}", std::env::consts::OS)
}

fn file_name() -> String {
    format!("terraform-provider-tap_{VERSION}_{}.zip", platform())
}

/// Puts the package into a folder; `more` makes it another one.
fn package(folder: &Path, more: Option<&str>) -> PathBuf {
    std::fs::create_dir_all(folder).expect("a folder");
    let path = folder.join(file_name());
    if let (Some(dist), None) = (std::env::var_os("TAP_DIST"), more) {
        let built = Path::new(&dist).join(file_name());
        std::fs::copy(&built, &path).expect("make dist comes first");
        return path;
    }
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("writable"));
    // Not compressed: a binary of a debug build would take longer than all else.
    let stored = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .large_file(false);
    let options = stored.unix_permissions(0o755);
    let binary = program("terraform-provider-tap").expect("built");
    let name = format!("terraform-provider-tap_v{VERSION}");
    zip.start_file(name, options).expect("a member");
    let mut binary = std::fs::File::open(binary).expect("readable");
    std::io::copy(&mut binary, &mut zip).expect("packed");
    if let Some(text) = more {
        zip.start_file("README", stored).expect("a member");
        zip.write_all(text.as_bytes()).expect("packed");
    }
    zip.finish().expect("packed");
    path
}

fn sha256(path: &Path) -> String {
    let script =
        "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())";
    let ran = Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .output();
    let text = String::from_utf8(ran.expect("Python runs").stdout).expect("UTF-8");
    text.trim().to_owned()
}

/// A folder in which Terraform knows nothing but a mirror.
fn configured(sandbox: &Sandbox, folder: &Path, installation: &str) -> Terraform {
    std::fs::create_dir_all(folder).expect("a folder");
    let config = folder.join("cli.tfrc");
    let text = format!("provider_installation {{\n{installation}\n}}\n");
    std::fs::write(&config, text).expect("written");
    let mut terraform = Terraform::at(folder.to_owned(), &sandbox.env()).expect("Terraform");
    terraform.set("TF_CLI_CONFIG_FILE", config);
    let versioned = format!(
        "terraform {{\n  required_providers {{\n    tap = {{\n      source  = \"{SOURCE}\"\n      version = \"{VERSION}\"\n    }}\n  }}\n}}\n{}",
        pipeline("")
    );
    std::fs::write(folder.join("main.tf"), versioned).expect("written");
    terraform
}

#[track_caller]
fn init(terraform: &Terraform) {
    let ran = terraform
        .run(&["init", "-input=false", "-no-color"])
        .expect("runs");
    expect_code(&ran, 0, "init");
    let installed = format!("Installed {SOURCE} v{VERSION}");
    assert!(ran.text.contains(&installed), "{}", ran.text);
    let lock = std::fs::read_to_string(terraform.dir().join(".terraform.lock.hcl"));
    let lock = lock.expect("a lock file");
    assert!(lock.contains(&format!("provider \"{SOURCE}\"")), "{lock}");
    assert!(lock.contains("h1:"), "{lock}");
}

/// A pipeline comes and goes with what was installed, and another package of
/// the same version is refused.
fn used(sandbox: &Sandbox, terraform: &Terraform, package_folder: &Path) {
    let begin = Instant::now();
    init(terraform);
    let ran = terraform.plan(&[]).expect("runs");
    expect_code(&ran, 2, "the first plan");
    let taken = begin.elapsed().as_secs_f64();
    let _ = writeln!(
        std::io::stderr(),
        "from terraform init to the first plan: {taken:.1} s"
    );
    apply(terraform);
    expect_empty_plan(terraform);
    expect_clean_destroy(terraform, sandbox);

    package(package_folder, Some("another"));
    std::fs::remove_dir_all(terraform.dir().join(".terraform")).expect("removed");
    let ran = terraform
        .run(&["init", "-input=false", "-no-color"])
        .expect("runs");
    expect_code(&ran, 1, "init with another package of this version");
    assert!(ran.flat().contains("checksum"), "{}", ran.text);
}

#[test]
fn a_mirror_on_disk_installs_the_provider() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().expect("a folder");
    let mirror = folder.path().join("mirror");
    let place = mirror.join(SOURCE);
    package(&place, None);
    let installation = format!("  filesystem_mirror {{\n    path = {mirror:?}\n  }}");
    let terraform = configured(&sandbox, &folder.path().join("work"), &installation);
    used(&sandbox, &terraform, &place);
}

/// Serves a folder over HTTPS on loopback until it is dropped.
struct Https {
    server: Child,
    port: u16,
    certificate: PathBuf,
}

const SERVE: &str = r#"
import functools, http.server, ssl, sys
certificate, key, root = sys.argv[1:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=root)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// The guide on upgrading: the lock holds until `-upgrade` moves it, and a
/// pipeline that the older version made plans empty with the newer one. The
/// newer one is the same program under another number.
#[test]
fn an_upgrade_moves_the_lock_when_it_is_told_to_and_plans_empty() {
    const NEWER: &str = "0.999.0";
    let sandbox = sandbox();
    let folder = tempfile::tempdir().expect("a folder");
    let mirror = folder.path().join("mirror");
    let place = mirror.join(SOURCE);
    let packed = package(&place, None);
    let installation = format!("  filesystem_mirror {{\n    path = {mirror:?}\n  }}");
    let terraform = configured(&sandbox, &folder.path().join("work"), &installation);
    init(&terraform);
    apply(&terraform);

    let newer = file_name().replace(VERSION, NEWER);
    std::fs::copy(packed, place.join(newer)).expect("copied");
    let main = terraform.dir().join("main.tf");
    let text = std::fs::read_to_string(&main).expect("a configuration");
    std::fs::write(&main, text.replace(VERSION, NEWER)).expect("written");
    let run = |arguments: &[&str]| {
        let all = [&["init", "-input=false", "-no-color"], arguments].concat();
        terraform.run(&all).expect("runs")
    };
    let ran = run(&[]);
    expect_code(&ran, 1, "init against the lock");
    assert!(ran.flat().contains("-upgrade"), "{}", ran.text);
    expect_code(&run(&["-upgrade"]), 0, "init -upgrade");
    let lock = std::fs::read_to_string(terraform.dir().join(".terraform.lock.hcl"));
    let lock = lock.expect("a lock file");
    assert!(lock.contains(&format!("\"{NEWER}\"")), "{lock}");
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

impl Https {
    fn serve(root: &Path, folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
        let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
        std::fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).expect("written");
        std::fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der()))
            .expect("written");
        let mut server = Command::new("python3")
            .args(["-c", SERVE])
            .args([&certificate, &key, &root.to_owned()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python runs");
        let mut line = String::new();
        let said = server.stdout.take().expect("piped");
        BufReader::new(said).read_line(&mut line).expect("a port");
        Self {
            server,
            port: line.trim().parse().expect("a port"),
            certificate,
        }
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What a network mirror says of a package
/// (<https://developer.hashicorp.com/terraform/internals/provider-network-mirror-protocol>).
fn describe(place: &Path) {
    let sum = sha256(&place.join(file_name()));
    let index = format!("{{\"versions\": {{\"{VERSION}\": {{}}}}}}");
    std::fs::write(place.join("index.json"), index).expect("written");
    let mut archives = String::new();
    write!(
        archives,
        "{{\"archives\": {{\"{}\": {{\"url\": \"{}\", \"hashes\": [\"zh:{sum}\"]}}}}}}",
        platform(),
        file_name()
    )
    .expect("written");
    std::fs::write(place.join(format!("{VERSION}.json")), archives).expect("written");
}

#[test]
fn a_mirror_over_https_installs_the_provider() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().expect("a folder");
    let mirror = folder.path().join("mirror");
    let place = mirror.join(SOURCE);
    package(&place, None);
    describe(&place);
    let https = Https::serve(&mirror, folder.path());
    let installation = format!(
        "  network_mirror {{\n    url = \"https://localhost:{}/\"\n  }}",
        https.port
    );
    let mut terraform = configured(&sandbox, &folder.path().join("work"), &installation);
    let ran = terraform
        .run(&["init", "-input=false", "-no-color"])
        .expect("runs");
    expect_code(&ran, 1, "a mirror whose certificate nobody knows");
    terraform.set("SSL_CERT_FILE", &https.certificate);
    used(&sandbox, &terraform, &place);
}
