use std::io::BufRead;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use phoenix_config::Lang;
use phoenix_live::{RecordError, RecordSpec, RecordSummary, Rotation, record};
use phoenix_venue::serve::Server;
use tokio::sync::watch;

use crate::rig::{Variant, endpoints_of, serve};

fn spec(server: &Server, name: &str, rotation_ms: u64) -> RecordSpec {
    let dir = std::env::temp_dir().join(format!("phoenix-record-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    RecordSpec {
        endpoints: endpoints_of(server),
        symbols: vec!["ETHUSDC".into(), "BTCUSDT".into()],
        dir,
        rotation: Rotation {
            bytes: 1 << 30,
            age: Duration::from_millis(rotation_ms),
        },
        stale_ms: 5_000,
        rollover_ms: 24 * 3_600_000,
        lang: Lang::En,
    }
}

/// Records until `enough`, then stops.
async fn recorded(spec: RecordSpec, enough: impl Fn(&[PathBuf]) -> bool) -> RecordSummary {
    let (stop, stopped) = watch::channel(false);
    let dir = spec.dir.clone();
    let recording = tokio::spawn(record(spec, stopped));
    let started = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    loop {
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        let files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        if enough(&files) {
            break;
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "waited in vain: {files:?}"
        );
        assert!(!recording.is_finished(), "ended by itself");
        looks.tick().await;
    }
    stop.send(true).expect("it listens");
    recording.await.expect("no panic").expect("a summary")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_begins_with_a_snapshot_and_can_be_replayed() {
    let server = serve(&Variant::usual("ws"));
    let spec = spec(&server, "rotate", 1_500);
    let dir = spec.dir.clone();
    let summary = recorded(spec, |files| files.len() >= 6).await;
    assert_eq!(summary.dropped, 0);
    assert!(summary.files.len() >= 4, "{:?}", summary.files);
    for path in &summary.files {
        let bytes = std::fs::read(path).expect("readable");
        let text = zstd::decode_all(bytes.as_slice()).expect("whole frames");
        let mut last_ns = 0;
        let mut kinds = [0; 4];
        for (place, line) in text.lines().enumerate() {
            let line = line.expect("text");
            let (ns, json) = line.split_once(' ').expect("time and json");
            let ns: i64 = ns.parse().expect("nanoseconds");
            assert!(ns >= last_ns, "local time never goes backward");
            last_ns = ns;
            let json: serde_json::Value = serde_json::from_str(json).expect("json");
            match json["stream"].as_str() {
                None => {
                    kinds[0] += 1;
                    assert!(json["lastUpdateId"].is_u64(), "{json}");
                }
                Some(stream) if stream.contains("@depth") => kinds[1] += 1,
                Some(stream) if stream.contains("@bookTicker") => kinds[2] += 1,
                Some(stream) if stream.contains("@markPrice") => kinds[3] += 1,
                Some(_) => {}
            }
            assert!(
                place > 0 || json["stream"].is_null(),
                "the snapshot is first"
            );
        }
        assert!(kinds[0] == 1, "{kinds:?} in {path:?}");
    }
    std::fs::remove_dir_all(dir).expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlisted_symbol_is_named() {
    let server = serve(&Variant::usual("ws"));
    let mut spec = spec(&server, "unlisted", 60_000);
    spec.symbols.push("NOSUCH".into());
    let (_stop, stopped) = watch::channel(false);
    let error = record(spec, stopped).await.expect_err("refused");
    assert!(matches!(&error, RecordError::Unlisted { symbols } if symbols == &["NOSUCH"]));
}
