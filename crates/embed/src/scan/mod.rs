//! The nearest of many vectors, found by looking at all of them.
//!
//! A [`VectorSet`] keeps each vector in 16 bits a component, high and low byte apart (`quantised`): half
//! the room of f32, with cosines of texts right to 1e-5 and none off by more than 5e-5. A search goes over the high bytes alone
//! (`kernel`), which says of every vector between which two values its cosine lies; all that may be
//! among the nearest k are then computed from both bytes. So the answer is that of a complete scan and not an
//! approximation of it, and there is no index to build, to tune or to keep in step.
//!
//! 100,000 vectors of 384 dimensions take 80 MB.

mod quantised;
mod kernel;
#[cfg(test)]
mod tests;

use fearless_simd::{Level, dispatch};
use quantised::{QuantisedQuery, QuantisedVectors};
use std::collections::HashMap;

/// Rows between two looks at what they gave: their results stay in the processor's first cache.
const BLOCK: usize = 256;

/// Unit vectors by id, and the nearest of them to another.
#[derive(Clone, Debug)]
pub struct VectorSet {
    vectors: QuantisedVectors,
    ids: Vec<i64>,
    rows: HashMap<i64, usize>,
    level: Level,
}

/// Why a vector is refused. Nothing is changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// It is of another length than those of the set.
    #[error(
        "the vector has {found} dimensions and those it is compared with have {expected}; check VECTOR_DIM and the model"
    )]
    Dimensions {
        /// The set's.
        expected: usize,
        /// The vector's.
        found: usize,
    },
    /// It is zero, or a component is infinite or not a number.
    #[error("the vector has no direction: it is zero or not finite")]
    NoDirection,
}

impl VectorSet {
    /// An empty set for vectors of `dimensions` components.
    pub fn new(dimensions: usize) -> Self {
        let vectors = QuantisedVectors::new(dimensions);
        Self { vectors, ids: Vec::new(), rows: HashMap::new(), level: Level::new() }
    }

    /// The length of every vector.
    pub fn dimensions(&self) -> usize {
        self.vectors.dimensions()
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Adds a vector, of any length but zero, or replaces the one that has this id.
    ///
    /// # Errors
    /// When its number of components is wrong or it has no direction.
    pub fn push(&mut self, id: i64, vector: &[f32]) -> Result<(), VectorError> {
        let vector = self.unit(vector)?;
        match self.rows.get(&id) {
            Some(&row) => self.vectors.replace(row, &vector),
            None => {
                self.rows.insert(id, self.ids.len());
                self.ids.push(id);
                self.vectors.push(&vector);
            }
        }
        Ok(())
    }

    /// Takes a vector out; false when there was none with this id.
    pub fn remove(&mut self, id: i64) -> bool {
        let Some(row) = self.rows.remove(&id) else { return false };
        self.vectors.swap_remove(row);
        self.ids.swap_remove(row);
        if let Some(&moved) = self.ids.get(row) {
            self.rows.insert(moved, row);
        }
        true
    }

    /// The unit vector with this id, each component right to a 65,000th of the largest.
    pub fn vector(&self, id: i64) -> Option<Vec<f32>> {
        self.rows.get(&id).map(|&row| self.vectors.restore(row))
    }

    /// The cosines, -1 to 1, between `query` and the vectors with these ids, in their order; none where
    /// there is no such vector.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn similarities(&self, query: &[f32], ids: &[i64]) -> Result<Vec<Option<f32>>, VectorError> {
        let query = self.unit(query)?;
        let cosine = |id| self.rows.get(id).map(|&row| self.cosine(row, &query));
        Ok(ids.iter().map(cosine).collect())
    }

    /// The `k` vectors nearest to `query` with their cosines, -1 to 1, nearest first, and the lower id
    /// first among equals; all of them when there are fewer.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn search(&self, query: &[f32], k: usize) -> Result<Vec<(i64, f32)>, VectorError> {
        let query = self.unit(query)?;
        let mut found: Vec<(i64, f32)> =
            self.candidates(&query, k).into_iter().map(|row| (self.ids[row], self.cosine(row, &query))).collect();
        let nearest_first = |a: &(i64, f32), b: &(i64, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if k < found.len() {
            found.select_nth_unstable_by(k, nearest_first);
            found.truncate(k);
        }
        found.sort_unstable_by(nearest_first);
        Ok(found)
    }

    /// The rows that may be among the nearest `k`, none of those left out.
    fn candidates(&self, query: &[f32], k: usize) -> Vec<usize> {
        if k == 0 || k >= self.len() {
            return (0..self.len()).take(k).collect();
        }
        let coarse_query = QuantisedQuery::new(query);
        let (mut highest_possible, mut floor) = (Vec::with_capacity(self.len()), Floor::new(k));
        let mut dots = [0; BLOCK];
        for first in (0..self.len()).step_by(BLOCK) {
            let rows = first..(first + BLOCK).min(self.len());
            let dots = &mut dots[..rows.len()];
            let coarse = self.vectors.coarse(rows.clone());
            dispatch!(self.level, simd => kernel::coarse_dots(simd, coarse, &coarse_query.components, dots));
            for (row, dot) in rows.zip(dots) {
                let (cosine, error) = self.vectors.bounds(row, *dot, &coarse_query);
                highest_possible.push(cosine + error);
                floor.add(cosine - error);
            }
        }
        let floor = floor.value();
        let within = highest_possible.iter().enumerate().filter(|&(_, &cosine)| cosine >= floor);
        within.map(|(row, _)| row).collect()
    }

    fn cosine(&self, row: usize, query: &[f32]) -> f32 {
        let (coarse, fine, step) = self.vectors.row(row);
        let dot = dispatch!(self.level, simd => kernel::fine_dot(simd, coarse, fine, query));
        (dot * step).clamp(-1.0, 1.0)
    }

    fn unit(&self, vector: &[f32]) -> Result<Vec<f32>, VectorError> {
        let (expected, found) = (self.dimensions(), vector.len());
        if found != expected {
            return Err(VectorError::Dimensions { expected, found });
        }
        // Squares of f32 may leave the range of f32, not that of f64.
        let length = vector.iter().map(|&component| f64::from(component).powi(2)).sum::<f64>().sqrt();
        if !length.is_finite() || length <= 0.0 {
            return Err(VectorError::NoDirection);
        }
        Ok(vector.iter().map(|&component| (f64::from(component) / length) as f32).collect())
    }
}

/// The k-th largest of a stream of numbers, in room for twice as many.
struct Floor {
    k: usize,
    largest: Vec<f32>,
    /// No number below this one matters any more.
    value: f32,
}

impl Floor {
    fn new(k: usize) -> Self {
        Self { k, largest: Vec::new(), value: f32::NEG_INFINITY }
    }

    fn add(&mut self, number: f32) {
        if number > self.value {
            self.largest.push(number);
            if self.largest.len() >= 2 * self.k {
                self.shrink();
            }
        }
    }

    /// The k-th largest number; minus infinity when fewer were added.
    fn value(mut self) -> f32 {
        self.shrink();
        self.value
    }

    fn shrink(&mut self) {
        if self.largest.len() >= self.k {
            self.largest.select_nth_unstable_by(self.k - 1, |a, b| b.total_cmp(a));
            self.largest.truncate(self.k);
            self.value = self.largest[self.k - 1];
        }
    }
}
