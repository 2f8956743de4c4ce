fn main() {
    use std::time::Instant;
    use tap_functions::scanner::Scanner;
    let t = Instant::now();
    let scanner = Scanner::new(&[]).unwrap();
    println!("new {:?}", t.elapsed());
    let mut random = corpus::random::Random::new(1);
    let n = 4 << 20;
    let mut texts = vec![
        ("prose".to_owned(), corpus::texts::prose(&mut random, n)),
        ("log".to_owned(), corpus::texts::log(&mut random, n)),
        ("bytes".to_owned(), corpus::texts::bytes(&mut random, n)),
    ];
    for (name, unit) in corpus::texts::HOSTILE {
        texts.push((
            format!("hostile {name}"),
            corpus::texts::hostile(unit, n / 4),
        ));
    }
    for (name, text) in &texts {
        if let Ok(o) = std::env::var("ONLY") {
            if !name.contains(&o) {
                continue;
            }
        }
        let mut best = f64::MAX;
        let mut hits = Default::default();
        for _ in 0..if std::env::var("ONLY").is_ok() {
            100
        } else {
            3
        } {
            let t = Instant::now();
            let mut stream = scanner.stream();
            for c in text.chunks(65536) {
                stream.push(c);
            }
            hits = stream.finish().counts;
            best = best.min(t.elapsed().as_secs_f64());
        }
        println!(
            "{name:32} {:8.1} MB/s {:?}",
            text.len() as f64 / best / 1e6,
            hits
        );
    }
    if let Some(dir) = std::env::args().nth(1) {
        for (name, text) in &texts[..3] {
            std::fs::write(format!("{dir}/{name}"), text).unwrap();
        }
        std::fs::write(
            format!("{dir}/patterns.json"),
            serde_json::to_string(&Scanner::expressions()).unwrap(),
        )
        .unwrap();
    }
}
#[allow(dead_code)]
#[path = "../corpus/mod.rs"]
mod corpus;
