//! A search answers what a scan in double precision over the given vectors answers.

use super::{Floor, VectorError, VectorSet};

/// A small generator of numbers between -1 and 1 (xorshift64*).
struct Random(u64);

impl Random {
    fn number(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        (0..dimensions).map(|_| self.number()).collect()
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// How far off a cosine may be: a 65,000th of the vector's largest component, a few times over.
fn tolerance(vector: &[f32]) -> f64 {
    let largest = vector.iter().fold(0.0f32, |largest, component| largest.max(component.abs()));
    let length = vector.iter().map(|&component| f64::from(component).powi(2)).sum::<f64>().sqrt();
    f64::from(largest) / length * 4e-5 + 1e-6
}

/// Every cosine answered is right, and nothing nearer is left out.
fn check(vectors: &[(i64, Vec<f32>)], query: &[f32], k: usize, set: &VectorSet) {
    let found = set.search(query, k).unwrap();
    let mut expected: Vec<f64> = vectors.iter().map(|(_, vector)| cosine(vector, query)).collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    assert_eq!(found.len(), k.min(vectors.len()));
    for (&(id, similarity), best) in found.iter().zip(expected) {
        let (_, vector) = vectors.iter().find(|(known, _)| *known == id).unwrap();
        assert!((f64::from(similarity) - cosine(vector, query)).abs() < tolerance(vector), "{id}: {similarity}");
        assert!((f64::from(similarity) - best).abs() < 5e-5, "{id}: {similarity}, best left {best}");
    }
    assert!(found.windows(2).all(|pair| pair[0].1 > pair[1].1 || (pair[0].1 == pair[1].1 && pair[0].0 < pair[1].0)));
}

#[test]
fn a_search_finds_what_a_complete_scan_finds() {
    let mut random = Random(11);
    for dimensions in [1, 2, 3, 16, 17, 100, 384, 1_024] {
        let mut set = VectorSet::new(dimensions);
        // Lengths from a thousandth to a thousand; some in one direction almost, some the same.
        let vectors: Vec<(i64, Vec<f32>)> = (0..700u32)
            .map(|id| {
                let seed = if id % 50 == 0 { 5 } else { id + 100 };
                let mut vector = Random(seed.into()).vector(dimensions);
                if id % 7 == 0 {
                    vector[0] = 40.0;
                }
                let length = 10f32.powi((id % 7).cast_signed() - 3);
                (i64::from(id) * 3 - 900, vector.iter().map(|component| component * length).collect())
            })
            .collect();
        for (id, vector) in &vectors {
            set.push(*id, vector).unwrap();
        }
        assert_eq!(set.len(), 700);
        for k in [1, 2, 10, 255, 256, 699, 700, 10_000] {
            check(&vectors, &random.vector(dimensions), k, &set);
        }
        check(&vectors, &vectors[350].1, 10, &set);
        let opposite: Vec<f32> = vectors[350].1.iter().map(|component| -component).collect();
        check(&vectors, &opposite, 10, &set);
    }
}

#[test]
fn vectors_are_replaced_and_removed() {
    let mut random = Random(3);
    let mut set = VectorSet::new(24);
    let mut vectors: Vec<(i64, Vec<f32>)> = (0..600).map(|id| (id, random.vector(24))).collect();
    for (id, vector) in &vectors {
        set.push(*id, vector).unwrap();
    }
    for id in (0..600).step_by(3) {
        assert!(set.remove(id));
        assert!(!set.remove(id), "{id} is gone");
    }
    vectors.retain(|(id, _)| id % 3 != 0);
    for (id, vector) in vectors.iter_mut().filter(|(id, _)| id % 5 == 0) {
        *vector = random.vector(24);
        set.push(*id, vector).unwrap();
    }
    assert_eq!(set.len(), vectors.len());
    for _ in 0..20 {
        check(&vectors, &random.vector(24), 7, &set);
    }
    for (id, _) in &vectors {
        assert!(set.remove(*id));
    }
    assert!(set.is_empty());
    assert_eq!(set.search(&random.vector(24), 7).unwrap(), Vec::new());
}

#[test]
fn the_lower_id_comes_first_among_equals() {
    let mut set = VectorSet::new(3);
    for id in [5, -2, 9, 1] {
        set.push(id, &[0.5, 0.5, 0.0]).unwrap();
    }
    let ids = |k| set.search(&[1.0, 0.0, 0.0], k).unwrap().into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(4), [-2, 1, 5, 9]);
    assert_eq!(ids(2), [-2, 1]);
    assert_eq!(ids(0), [0; 0]);
}

#[test]
fn similarities_are_asked_for_by_id() {
    let mut set = VectorSet::new(2);
    set.push(1, &[2.0, 0.0]).unwrap();
    set.push(2, &[0.0, 0.1]).unwrap();
    set.push(3, &[-3.0, -4.0]).unwrap();
    let found = set.similarities(&[3.0, 0.0], &[3, 1, 8, 2]).unwrap();
    let rounded: Vec<_> = found.iter().map(|cosine| cosine.map(|cosine| (cosine * 1e4).round() / 1e4)).collect();
    assert_eq!(rounded, [Some(-0.6), Some(1.0), None, Some(0.0)]);
    assert_eq!(set.vector(8), None);
    assert!((cosine(&set.vector(3).unwrap(), &[-3.0, -4.0]) - 1.0).abs() < 1e-6);
}

#[test]
fn a_vector_of_another_length_or_without_direction_is_refused_and_nothing_changes() {
    let mut set = VectorSet::new(3);
    set.push(1, &[1.0, 0.0, 0.0]).unwrap();
    for (vector, expected) in [
        (vec![], VectorError::Dimensions { expected: 3, found: 0 }),
        (vec![1.0; 4], VectorError::Dimensions { expected: 3, found: 4 }),
        (vec![0.0, -0.0, 0.0], VectorError::NoDirection),
        (vec![1.0, f32::NAN, 0.0], VectorError::NoDirection),
        (vec![1.0, f32::INFINITY, 0.0], VectorError::NoDirection),
    ] {
        assert_eq!(set.push(1, &vector), Err(expected));
        assert_eq!(set.push(2, &vector), Err(expected));
        assert_eq!(set.search(&vector, 1), Err(expected));
        assert_eq!(set.similarities(&vector, &[1]), Err(expected));
    }
    assert_eq!(set.search(&[1.0, 0.0, 0.0], 5).unwrap(), [(1, 1.0)]);
    // The largest and the smallest numbers there are have a direction.
    set.push(2, &[f32::MAX, f32::MAX, f32::MAX]).unwrap();
    set.push(3, &[1e-45, 0.0, 1e-45]).unwrap();
    let found = set.similarities(&[1.0, 1.0, 1.0], &[2, 3]).unwrap();
    assert!((found[0].unwrap() - 1.0).abs() < 1e-5 && (found[1].unwrap() - 0.8165).abs() < 1e-4, "{found:?}");
}

#[test]
fn the_floor_is_the_kth_largest_number() {
    let mut random = Random(9);
    let numbers: Vec<f32> = (0..5_000).map(|_| (random.number() * 100.0).round()).collect();
    let mut sorted = numbers.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    for k in [1, 2, 3, 10, 1_000, 4_999, 5_000] {
        let mut floor = Floor::new(k);
        numbers.iter().for_each(|number| floor.add(*number));
        assert_eq!(floor.value(), sorted[k - 1], "k = {k}");
    }
    let mut short = Floor::new(2);
    short.add(1.0);
    assert_eq!(short.value(), f32::NEG_INFINITY);
}
