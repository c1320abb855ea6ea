//! Refuses to compile a sentence model in that is not the one `model/SHA256SUMS` names.

use sha2::{Digest, Sha256};
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=model/SHA256SUMS");
    if env::var_os("CARGO_FEATURE_BUNDLED_MODEL").is_none() {
        return Ok(());
    }
    let sums = read("model/SHA256SUMS")?;
    for line in String::from_utf8_lossy(&sums).lines() {
        let (expected, name) = line.split_once("  ").ok_or_else(|| format!("model/SHA256SUMS: bad line {line:?}"))?;
        let path = format!("model/{name}");
        println!("cargo::rerun-if-changed={path}");
        let actual: String = Sha256::digest(read(&path)?).iter().map(|byte| format!("{byte:02x}")).collect();
        if actual != expected {
            return Err(format!(
                "{path} has SHA-256 {actual}, not {expected}: the checkout is incomplete or the file was changed; \
                 check it out again, or build without the feature `bundled-model`"
            ));
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(Path::new(path)).map_err(|error| {
        format!("{path}: {error}; check it out again, or build without the feature `bundled-model` of foghorn-embed")
    })
}
