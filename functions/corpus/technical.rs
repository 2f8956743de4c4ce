//! Look-alikes that programs write: hashes, ids, versions, logs, code.

use super::lookalikes::Make;

/// Every such class, with how a sample of it is made.
pub const TECHNICAL: &[(&str, Make)] = &[
    ("MD5", |r| {
        let hash = r.hex(32);
        r.fill(&["{}  file.pdf", "md5={}", "\"etag\": \"{}\""], &hash)
    }),
    ("SHA-256", |r| {
        let hash = r.hex(64);
        r.fill(&["sha256:{}", "{}", "digest {}"], &hash)
    }),
    ("hash of digits", |r| {
        let hash = format!("{}{}{}", r.digits(16), r.string("abcdef", 1), r.digits(15));
        r.fill(&["sha256:{}", "{}", "commit {}"], &hash)
    }),
    ("git commit", |r| {
        let hash = r.hex(40);
        let short = r.hex(7);
        format!("commit {hash}\nMerge: {short} {}\n", r.hex(7))
    }),
    ("UUID", |r| {
        let id = format!(
            "{}-{}-4{}-{}-{}",
            r.hex(8),
            r.hex(4),
            r.hex(3),
            r.hex(4),
            r.hex(12)
        );
        r.fill(&["{}", "request id {}", "{\"id\":\"{}\"}"], &id)
    }),
    ("UUID of digits", |r| {
        let id = format!(
            "{}-{}-4{}-8{}-{}",
            r.digits(8),
            r.digits(4),
            r.digits(3),
            r.digits(3),
            r.digits(12)
        );
        r.fill(&["{}", "card id {}", "{\"id\":\"{}\"}"], &id)
    }),
    ("log line", |r| {
        format!(
            "2026-01-12 10:11:12,{} [main] INFO  c.e.App{} - took {} ms, {} rows, id {}\n",
            r.digits(3),
            r.digits(2),
            r.digits(4),
            r.digits(7),
            r.digits(18)
        )
    }),
    ("version", |r| {
        let parts = 3 + r.below(3);
        let version: Vec<String> = (0..parts).map(|_| r.below(40).to_string()).collect();
        r.fill(
            &[
                "version {}",
                "v{}",
                "firmware {} installed",
                "requires foo-{}",
                "Release {}:",
            ],
            &version.join("."),
        )
    }),
    ("object identifier", |r| {
        let parts: Vec<String> = (0..5).map(|_| r.below(255).to_string()).collect();
        r.fill(&["1.3.6.1.{}", "OID 2.16.840.{}"], &parts.join("."))
    }),
    ("section number", |r| {
        format!(
            "see section {}.{}.{}.{} of the manual",
            r.between(1, 9),
            r.between(1, 20),
            r.between(1, 9),
            r.between(1, 9)
        )
    }),
    ("base64", |r| {
        let text = r.string(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            120,
        );
        format!("{}\n{}==\n", &text[..64], &text[64..])
    }),
    ("hardware address", |r| {
        let bytes = [6, 8][r.below(2)];
        let joint = if bytes == 8 { ":" } else { r.pick(&[":", "-"]) };
        let address: Vec<String> = (0..bytes).map(|_| r.hex(2)).collect();
        r.fill(&["{}", "ether {}", "WWN {}"], &address.join(joint))
    }),
    ("package and version", |r| {
        let version = format!("{}.{}.{}", r.below(20), r.below(20), r.below(20));
        r.fill(
            &["left-pad@{}", "@scope/name@{}", "npm i foo@{}-rc.1"],
            &version,
        )
    }),
    ("file with an @", |r| {
        let scale = r.between(2, 4).to_string();
        r.fill(&["icon@{}x.png", "img/logo@{}x.webp"], &scale)
    }),
    ("repository address", |r| {
        let name = r.string("abcdefghijkl", 6);
        r.fill(
            &[
                "git@host.example:group/{}.git",
                "https://user:{}@host.example/x.git",
            ],
            &name,
        )
    }),
    ("handle", |r| {
        let name = r.string("abcdefghijkl", 8);
        r.fill(&["@{} said so", "cc @{}.", "thanks @{}, @john"], &name)
    }),
    ("link with a long id", |r| {
        let length = 13 + r.below(7);
        let number = r.digits(length);
        r.fill(
            &[
                "https://shop.example/items/{}",
                "https://x.example/?id={}",
                "www.example.com/{}/view",
            ],
            &number,
        )
    }),
    ("column of numbers", |r| {
        let length = 6 + r.below(4);
        let rows: Vec<String> = (0..6).map(|_| r.digits(length)).collect();
        rows.join("\n")
    }),
    ("table of numbers", |r| {
        let rows: Vec<String> = (0..4)
            .map(|_| {
                (0..6)
                    .map(|_| r.between(1, 9999).to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        rows.join("\n")
    }),
    ("hex dump", |r| {
        let bytes: Vec<String> = (0..16).map(|_| r.hex(2)).collect();
        format!(
            "00000{}  {}  |................|\n",
            r.digits(3),
            bytes.join(" ")
        )
    }),
    ("code", |r| {
        let name = r.string("abcdef", 4);
        r.fill(
            &[
                "std::{}::add(x)",
                "use {}::face;",
                "{}::{}::new()",
                "if a::b<{}>(1)",
            ],
            &name,
        )
    }),
];
