//! Our vectors are those of the reference implementation.
//!
//! `golden.py` made the expected ones with sentence-transformers 5.7.0 on PyTorch 2.15.0, from the f32
//! weights, each sentence by itself.

#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]
#![cfg(feature = "bundled-model")]

use foghorn_embed::Embedder;

const LEAST_COSINE: f64 = 0.999;

#[test]
fn every_vector_agrees_with_the_reference_implementation() {
    let sentences: Vec<String> = include_str!("golden-sentences.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is a JSON string"))
        .collect();
    let embedder = Embedder::bundled().unwrap();
    let expected: Vec<Vec<f64>> = include_bytes!("golden-vectors.bin")
        .chunks_exact(2 * embedder.dimensions())
        .map(|vector| vector.chunks_exact(2).map(|bytes| f64::from(i16::from_le_bytes([bytes[0], bytes[1]]))).collect())
        .collect();
    assert!(sentences.len() >= 200, "only {} sentences", sentences.len());
    assert_eq!(expected.len(), sentences.len());

    let texts: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let vectors = embedder.embed_batch(&texts).unwrap();
    let mut cosines: Vec<(f64, &str)> =
        vectors.iter().zip(&expected).map(|(a, b)| cosine(a, b)).zip(texts.iter().copied()).collect();
    cosines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bad: Vec<_> = cosines.iter().filter(|(cosine, _)| *cosine < LEAST_COSINE).collect();
    assert!(bad.is_empty(), "{} of {} below {LEAST_COSINE}: {bad:#?}", bad.len(), cosines.len());
    println!("least cosine {:.5}, median {:.5}", cosines[0].0, cosines[cosines.len() / 2].0);
}

fn cosine(a: &[f32], b: &[f64]) -> f64 {
    let a: Vec<f64> = a.iter().map(|&component| f64::from(component)).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&a, b) / (dot(&a, &a) * dot(b, b)).sqrt()
}
