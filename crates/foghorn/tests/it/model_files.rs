//! A sentence model that cannot be used stops the program before it serves, in a line that says what to do.

use crate::process::{Server, foghorn};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// Models for tests: eight words and four dimensions, and the one that is part of the program.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../embed").join(name)
}

const TINY: &str = "tests/models/tiny.onnx";
const TINY_TOKENIZER: &str = "tests/models/tiny-tokenizer.json";
const WHOLE: &str = "model/model.onnx";
const WHOLE_TOKENIZER: &str = "model/tokenizer.json";

/// A model directory of two files, each whole or as much of it as is said, in percent.
fn model(network: Option<(&str, usize)>, tokenizer: Option<(&str, usize)>) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, file) in [("model.onnx", network), ("tokenizer.json", tokenizer)] {
        if let Some((file, percent)) = file {
            let bytes = fs::read(source(file)).unwrap();
            fs::write(directory.path().join(name), &bytes[..bytes.len() * percent / 100]).unwrap();
        }
    }
    directory
}

#[test]
fn unusable_model_files_are_refused_before_anything_is_served() {
    let (whole, tiny) = (Some((WHOLE, 100)), Some((TINY, 100)));
    let (whole_tokenizer, tiny_tokenizer) = (Some((WHOLE_TOKENIZER, 100)), Some((TINY_TOKENIZER, 100)));
    let cases: [(TempDir, &str, &[&str]); 8] = [
        (model(None, tiny_tokenizer), "4", &["embed.model_dir", "EMBED_MODEL_DIR", "model.onnx does not exist"]),
        (model(tiny, None), "4", &["embed.model_dir", "EMBED_MODEL_DIR", "tokenizer.json does not exist"]),
        (
            model(Some((WHOLE, 60)), whole_tokenizer),
            "384",
            &["embed.model_dir", "EMBED_MODEL_DIR", "model.onnx is not", "fetch it again"],
        ),
        (
            model(Some((WHOLE, 0)), whole_tokenizer),
            "384",
            &["embed.model_dir", "EMBED_MODEL_DIR", "model.onnx is not", "fetch it again"],
        ),
        (
            model(tiny, Some((TINY_TOKENIZER, 50))),
            "4",
            &["embed.model_dir", "EMBED_MODEL_DIR", "tokenizer.json cannot be used"],
        ),
        (
            model(whole, tiny_tokenizer),
            "384",
            &["embed.model_dir", "EMBED_MODEL_DIR", "does not fit", "same sentence model"],
        ),
        (
            model(tiny, whole_tokenizer),
            "4",
            &["embed.model_dir", "EMBED_MODEL_DIR", "does not fit", "same sentence model"],
        ),
        // Good files of another width than was said.
        (model(tiny, tiny_tokenizer), "384", &["embed.dimensions", "VECTOR_DIM", "384", "numbers", "to 4"]),
    ];
    for (directory, dimensions, words) in cases {
        check(&[("EMBED_MODEL_DIR", &directory.path().display().to_string()), ("VECTOR_DIM", dimensions)], words);
    }
    check(&[("VECTOR_DIM", "768")], &["embed.dimensions", "VECTOR_DIM", "768", "384"]);
    check(&[("VECTOR_DIM", "wide")], &["embed.dimensions", "VECTOR_DIM", "wide"]);
    check(&[("EMBED_MODEL_NAME", "all-mpnet-base-v2")], &["all-mpnet-base-v2", "EMBED_MODEL_DIR"]);
}

#[track_caller]
fn check(environment: &[(&str, &str)], words: &[&str]) {
    let data = TempDir::new().unwrap();
    for command in [&["serve"][..], &["memory", "import", "-"]] {
        let output = foghorn()
            .args(command)
            .env("FOGHORN_LISTEN", "127.0.0.1:0")
            .env("FOGHORN_DATA_DIR", data.path().join(command[0]))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if command[0] == "serve" {
            assert_eq!(output.status.code(), Some(2), "{environment:?}: {error}");
            for word in words {
                assert!(error.contains(word), "no {word:?} in {error}");
            }
            assert!(!out.contains("listening on"), "{out}");
        }
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[test]
fn a_model_of_ones_own_searches_and_is_named() {
    let (models, data) = (model(Some((TINY, 100)), Some((TINY_TOKENIZER, 100))), TempDir::new().unwrap());
    let directory = models.path().display().to_string();
    let environment = [("EMBED_MODEL_DIR", &*directory), ("EMBED_MODEL_NAME", "tiny"), ("VECTOR_DIM", "4")];
    let server = Server::start_with(data.path(), &environment);
    assert_eq!(server.get("/health")["dependencies"]["embeddings"]["model"], "tiny");
    assert_eq!(server.get("/status")["memory"]["model"], "tiny");
}
