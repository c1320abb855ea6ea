//! A directory that holds no usable model is refused with the file's name and a remedy.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use foghorn_embed::Embedder;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What lies in a directory.
#[derive(Clone, Copy)]
enum Content {
    Nothing,
    /// A file of `tests/models`.
    File(&'static str),
    /// The start of one, in percent of its length.
    StartOf(&'static str, usize),
    Text(&'static str),
    Directory,
}

fn source(name: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    if name.starts_with("model/") { package.join(name) } else { package.join("tests/models").join(name) }
}

fn put(directory: &TempDir, name: &str, content: Content) {
    let path = directory.path().join(name);
    match content {
        Content::Nothing => {}
        Content::File(file) => {
            fs::copy(source(file), path).unwrap();
        }
        Content::StartOf(file, percent) => {
            let whole = fs::read(source(file)).unwrap();
            fs::write(path, &whole[..whole.len() * percent / 100]).unwrap();
        }
        Content::Text(text) => fs::write(path, text).unwrap(),
        Content::Directory => fs::create_dir(path).unwrap(),
    }
}

fn load(model: Content, tokenizer: Content, sums: Content) -> Result<Embedder, String> {
    let directory = tempfile::tempdir().unwrap();
    put(&directory, "model.onnx", model);
    put(&directory, "tokenizer.json", tokenizer);
    put(&directory, "SHA256SUMS", sums);
    Embedder::from_dir(directory.path(), "given").map_err(|error| error.to_string())
}

const MODEL: Content = Content::File("tiny.onnx");
const TOKENIZER: Content = Content::File("tiny-tokenizer.json");

#[test]
fn a_directory_with_a_fitting_model_is_taken() {
    let embedder = load(MODEL, TOKENIZER, Content::Nothing).unwrap();
    assert_eq!((embedder.dimensions(), embedder.model_name()), (4, "given"));
    let vector = embedder.embed("Á bd").unwrap();
    let length: f32 = vector.iter().map(|component| component * component).sum();
    assert!((length - 1.0).abs() < 1e-6, "{vector:?}");
}

#[test]
fn a_published_layout_with_the_model_in_a_folder_of_its_own_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    put(&directory, "tokenizer.json", TOKENIZER);
    put(&directory, "onnx", Content::Directory);
    put(&directory, "onnx/model.onnx", MODEL);
    assert_eq!(Embedder::from_dir(directory.path(), "given").unwrap().dimensions(), 4);
}

#[test]
fn a_directory_that_does_not_exist_is_named() {
    let message = Embedder::from_dir(Path::new("/no/such/model"), "given").unwrap_err().to_string();
    assert!(message.contains("/no/such/model/tokenizer.json does not exist; EMBED_MODEL_DIR must hold"), "{message}");
}

#[test]
fn unusable_files_are_named_with_the_reason_and_a_remedy() {
    use Content::{Directory, File, Nothing, StartOf, Text};
    let cases: &[(Content, Content, &[&str])] = &[
        (Nothing, TOKENIZER, &["model.onnx does not exist", "EMBED_MODEL_DIR"]),
        (MODEL, Nothing, &["tokenizer.json does not exist", "EMBED_MODEL_DIR"]),
        (Directory, TOKENIZER, &["cannot read", "model.onnx", "check that this user"]),
        (Text(""), TOKENIZER, &["model.onnx is not", "fetch it again"]),
        (Text("version https://git-lfs"), TOKENIZER, &["model.onnx is not an ONNX model", "fetch it again"]),
        (StartOf("tiny.onnx", 50), TOKENIZER, &["model.onnx is not an ONNX model", "fetch it again"]),
        (StartOf("model/model.onnx", 1), File("model/tokenizer.json"), &["model.onnx is not", "fetch it again"]),
        (StartOf("model/model.onnx", 60), File("model/tokenizer.json"), &["model.onnx is not", "fetch it again"]),
        (StartOf("model/model.onnx", 99), File("model/tokenizer.json"), &["model.onnx is not", "fetch it again"]),
        (File("pixels.onnx"), TOKENIZER, &["not a sentence model", "unknown input, pixels", "must take input_ids"]),
        (File("no-mask.onnx"), TOKENIZER, &["not a sentence model", "no input attention_mask"]),
        (File("zero.onnx"), TOKENIZER, &["not a sentence model", "no direction"]),
        (File("four-axes.onnx"), TOKENIZER, &["not a sentence model", "shape"]),
        (MODEL, Text(""), &["tokenizer.json cannot be used", "tokenizer.json of a BERT"]),
        (MODEL, StartOf("tiny-tokenizer.json", 50), &["tokenizer.json cannot be used", "EOF"]),
        (MODEL, Text("[1, 2]"), &["tokenizer.json cannot be used"]),
        (MODEL, Text(r#"{"model":{"type":"BPE","vocab":{},"merges":[]}}"#), &["its model is BPE, not WordPiece"]),
        (MODEL, Text(r#"{"model":{"type":"WordPiece","vocab":{}}}"#), &["its normalizer is missing"]),
        (MODEL, File("model/tokenizer.json"), &["does not fit", "does not know token 30521", "same sentence model"]),
        (File("model/model.onnx"), TOKENIZER, &["does not fit", "knows more tokens than the 8", "same sentence model"]),
    ];
    for (model, tokenizer, expected) in cases {
        let message = load(*model, *tokenizer, Nothing).unwrap_err();
        for part in *expected {
            assert!(message.contains(part), "{message:?} does not contain {part:?}");
        }
    }
}

#[test]
fn a_tokenizer_without_its_marks_is_refused() {
    let whole = fs::read_to_string(source("tiny-tokenizer.json")).unwrap();
    for mark in ["[UNK]", "[CLS]", "[SEP]"] {
        let directory = tempfile::tempdir().unwrap();
        put(&directory, "model.onnx", MODEL);
        let renamed = whole.replace(&format!("\"{mark}\": "), "\"other\": ");
        fs::write(directory.path().join("tokenizer.json"), renamed).unwrap();
        let message = Embedder::from_dir(directory.path(), "given").unwrap_err().to_string();
        assert!(message.contains(&format!("its vocabulary has no {mark}")), "{message}");
    }
}

#[test]
fn files_are_held_against_the_checksums_beside_them() {
    let other = "0000000000000000000000000000000000000000000000000000000000000000";
    let message = load(MODEL, TOKENIZER, Content::File("wrong-sums.txt")).unwrap_err();
    assert!(message.contains("model.onnx has SHA-256 "), "{message}");
    assert!(message.contains(&format!("SHA256SUMS beside it says {other}")), "{message}");
    assert!(message.contains("fetch it again"), "{message}");

    let unrelated = Content::Text("not a sum\n\n0000  another-file\n");
    assert!(load(MODEL, TOKENIZER, unrelated).is_ok());
}

#[cfg(feature = "bundled-model")]
#[test]
fn the_directory_of_the_bundled_model_passes_its_own_checksums() {
    let read = Embedder::from_dir(&source("model/model.onnx").with_file_name(""), "from a directory").unwrap();
    let bundled = Embedder::bundled().unwrap();
    assert_eq!((bundled.dimensions(), bundled.model_name()), (384, "all-MiniLM-L6-v2"));
    assert_eq!(read.embed("disk full").unwrap(), bundled.embed("disk full").unwrap());
}

#[cfg(not(feature = "bundled-model"))]
#[test]
fn a_program_built_without_a_model_says_so() {
    let message = Embedder::bundled().unwrap_err().to_string();
    assert!(message.contains("built without a sentence model; set EMBED_MODEL_DIR"), "{message}");
}
