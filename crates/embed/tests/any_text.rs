//! Whatever the text, there is a vector, and always the same one.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]
#![cfg(feature = "bundled-model")]

use foghorn_embed::{CACHED_TEXTS, Embedder};
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::thread;

fn embedder() -> &'static Embedder {
    static EMBEDDER: OnceLock<Embedder> = OnceLock::new();
    EMBEDDER.get_or_init(|| Embedder::bundled().unwrap())
}

fn cosine(a: &str, b: &str) -> f32 {
    let (a, b) = (embedder().embed(a).unwrap(), embedder().embed(b).unwrap());
    a.iter().zip(&b).map(|(a, b)| a * b).sum()
}

#[test]
fn every_text_has_a_unit_vector() {
    let every_control: String = (0..0xA0).filter_map(char::from_u32).filter(|c| c.is_control()).collect();
    let every_thousandth: String = (0..0x11_0000).step_by(1_001).filter_map(char::from_u32).collect();
    let texts = [
        String::new(),
        " \t\r\n\u{a0}\u{3000}".to_owned(),
        every_control,
        every_thousandth,
        "🔥".to_owned(),
        "👩‍👩‍👧‍👦🏳️‍🌈🇫🇮".repeat(50),
        "[CLS] [SEP] [MASK] [UNK] [PAD]".to_owned(),
        "\u{fffd}\u{feff}\u{200b}\u{202e}\u{e000}\u{10ffff}".to_owned(),
        "e".to_owned() + &"\u{301}".repeat(100_000),
        "x".repeat(100_000),
        "ｗｉｄｅ ".repeat(20_000),
        "永".repeat(100_000),
        "!".repeat(1_000_000),
        " ".repeat(1_000_000),
        "disk full on node ".repeat(60_000),
    ];
    for text in texts {
        let shown: String = text.chars().take(20).collect();
        let vector = embedder().embed(&text).unwrap_or_else(|error| panic!("{shown:?}: {error}"));
        let length: f32 = vector.iter().map(|component| component * component).sum::<f32>().sqrt();
        assert_eq!(vector.len(), 384, "{shown:?}");
        assert!((length - 1.0).abs() < 1e-5, "{shown:?}: length {length}");
    }
}

#[test]
fn what_follows_the_first_256_tokens_does_not_count() {
    // Two marks, and a token for each word.
    let words = |count: usize, last: &str| "disk ".repeat(count - 1) + last;
    assert!(cosine(&words(254, "full"), &words(254, "cat")) < 0.9999, "the 254th word counts");
    assert!(cosine(&words(255, "full"), &words(255, "cat")) > 0.999_999, "the 255th does not");
}

#[test]
fn texts_that_mean_the_like_are_nearer_than_texts_that_do_not() {
    for (text, like, unlike) in [
        ("the disk is full", "no space left on device", "the login page is in the wrong language"),
        ("Too many connections to the database", "connection pool exhausted", "the oven is too hot"),
        ("checkout is slow", "payments take a long time", "a certificate has expired"),
    ] {
        let (near, far) = (cosine(text, like), cosine(text, unlike));
        assert!(near > far + 0.1, "{text:?}: {near} to {like:?}, {far} to {unlike:?}");
    }
}

#[test]
fn a_text_has_the_same_vector_alone_in_a_batch_from_memory_and_on_other_threads() {
    let texts: Vec<String> =
        (0..40).map(|number| format!("node {number} is not ready {}", "again ".repeat(number))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let fresh = || Embedder::bundled().unwrap();
    let one = fresh().with_parallelism(NonZeroUsize::MIN);
    let alone: Vec<_> = texts.iter().map(|text| one.embed(text).unwrap()).collect();
    let remembered: Vec<_> = texts.iter().map(|text| one.embed(text).unwrap()).collect();
    assert_eq!(alone, remembered);

    let many = fresh().with_parallelism(NonZeroUsize::new(3).unwrap());
    assert_eq!(many.embed_batch(&texts).unwrap(), alone);
    assert_eq!(many.embed_batch(&[]).unwrap(), Vec::<Vec<f32>>::new());

    let few = fresh().with_parallelism(NonZeroUsize::new(2).unwrap());
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for (text, expected) in texts.iter().zip(&alone) {
                    assert_eq!(&few.embed(text).unwrap(), expected);
                }
            });
        }
    });
}

#[test]
fn more_texts_than_are_remembered_are_answered_too() {
    let directory = tempfile::tempdir().unwrap();
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    std::fs::copy(models.join("tiny.onnx"), directory.path().join("model.onnx")).unwrap();
    std::fs::copy(models.join("tiny-tokenizer.json"), directory.path().join("tokenizer.json")).unwrap();
    let tiny = Embedder::from_dir(directory.path(), "tiny").unwrap().with_parallelism(NonZeroUsize::MIN);
    // Each number in base three, as words.
    let text =
        |number: usize| -> String { (0..9).map(|place| ["a ", "b ", "c "][number / 3usize.pow(place) % 3]).collect() };
    let first = tiny.embed(&text(0)).unwrap();
    for number in 0..CACHED_TEXTS + 100 {
        tiny.embed(&text(number)).unwrap();
    }
    assert_eq!(tiny.embed(&text(0)).unwrap(), first);
}
