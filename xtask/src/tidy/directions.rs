//! Who may depend on whom.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Faults;
use crate::output_of;

/// A crate, what of ours it may use, and for the pure ones all it may use.
struct Rule {
    name: &'static str,
    ours: &'static [&'static str],
    /// `Some`: nothing else from outside either.
    others: Option<&'static [&'static str]>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "phoenix-domain",
        ours: &[],
        others: Some(&[]),
    },
    Rule {
        name: "phoenix-engine",
        ours: &["phoenix-domain"],
        others: Some(&["libm", "arrayvec"]),
    },
    Rule {
        name: "phoenix-binance",
        ours: &["phoenix-domain"],
        others: None,
    },
    Rule {
        name: "phoenix-config",
        ours: &["phoenix-domain"],
        others: None,
    },
    Rule {
        name: "phoenix-venue",
        ours: &["phoenix-domain", "phoenix-binance"],
        others: None,
    },
    Rule {
        name: "phoenix-live",
        ours: &[
            "phoenix-domain",
            "phoenix-engine",
            "phoenix-binance",
            "phoenix-config",
        ],
        others: None,
    },
    Rule {
        name: "phoenix-lab",
        ours: &[
            "phoenix-domain",
            "phoenix-engine",
            "phoenix-binance",
            "phoenix-config",
            "phoenix-venue",
            "phoenix-live",
        ],
        others: None,
    },
];

/// The shells at the end: they may use everything, nothing may use them.
const ENDS: &[&str] = &["phoenix-cli", "xtask"];

pub(super) fn check(faults: &mut Faults) -> Result<()> {
    let text = output_of("cargo", &["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata is JSON")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists packages")?;
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        unused(package, faults)?;
        if ENDS.contains(&name) {
            continue;
        }
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            faults.add(name, 0, "has no rule about what it may depend on");
            continue;
        };
        let dependencies = package["dependencies"].as_array();
        for dependency in dependencies.into_iter().flatten() {
            // Tests may look at anything.
            if dependency["kind"] != "dev" {
                let used = dependency["name"].as_str().unwrap_or_default();
                judge(rule, used, faults);
            }
        }
    }
    Ok(())
}

/// A dependency that no source names only costs time.
fn unused(package: &Value, faults: &mut Faults) -> Result<()> {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    let home = Path::new(manifest)
        .parent()
        .context("a manifest has a directory")?;
    let mut sources = String::new();
    for below in ["src", "tests", "benches", "examples"] {
        gather(&home.join(below), &mut sources)?;
    }
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let name = dependency["name"].as_str().unwrap_or_default();
        if !sources.contains(&name.replace('-', "_")) {
            let package = package["name"].as_str().unwrap_or_default();
            faults.add(package, 0, &format!("depends on {name} and never names it"));
        }
    }
    Ok(())
}

fn gather(dir: &Path, sources: &mut String) -> Result<()> {
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn judge(rule: &Rule, used: &str, faults: &mut Faults) {
    let allowed = if used.starts_with("phoenix-") {
        rule.ours.contains(&used)
    } else {
        rule.others.is_none_or(|others| others.contains(&used))
    };
    if !allowed {
        faults.add(rule.name, 0, &format!("may not depend on {used}"));
    }
}
