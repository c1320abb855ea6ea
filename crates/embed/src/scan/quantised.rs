//! Vectors in 16 bits a component, and what is lost by looking at the high byte only.
//!
//! A component is a whole number of steps, 32,512 (127 × 256) of which are the vector's largest component.
//! The number is `256 × high + low`, both of them signed bytes.

use std::ops::Range;

/// Steps in the largest component.
const STEPS: f32 = 32_512.0;

/// Rows of equal length.
#[derive(Clone, Debug)]
pub(super) struct QuantisedVectors {
    dimensions: usize,
    /// The high bytes of all rows, one row after the other.
    coarse: Vec<i8>,
    /// The low bytes.
    fine: Vec<i8>,
    /// One step of each row.
    steps: Vec<f32>,
    /// The length of what is missing from each row without its low bytes.
    errors: Vec<f32>,
}

/// A unit vector in integers small enough that no dot product with high bytes overflows.
pub(super) struct QuantisedQuery {
    pub(super) components: Vec<i16>,
    step: f32,
    error: f32,
}

impl QuantisedVectors {
    pub(super) fn new(dimensions: usize) -> Self {
        Self { dimensions, coarse: Vec::new(), fine: Vec::new(), steps: Vec::new(), errors: Vec::new() }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Appends a unit vector.
    pub(super) fn push(&mut self, vector: &[f32]) {
        let row = self.steps.len();
        let end = (row + 1) * self.dimensions;
        self.coarse.resize(end, 0);
        self.fine.resize(end, 0);
        self.steps.push(0.0);
        self.errors.push(0.0);
        self.replace(row, vector);
    }

    /// Overwrites a row with a unit vector.
    pub(super) fn replace(&mut self, row: usize, vector: &[f32]) {
        let place = self.place(row);
        let step = largest(vector) / STEPS;
        let mut missing = 0.0f32;
        let bytes = self.coarse[place.clone()].iter_mut().zip(&mut self.fine[place]);
        for ((high, low), component) in bytes.zip(vector) {
            // Within ±32,512, so that the high byte is within ±127 and the low one within a byte.
            let steps = (component / step).round() as i32;
            *high = ((steps + 128) >> 8) as i8;
            *low = (steps - 256 * i32::from(*high)) as i8;
            missing += (f32::from(*low) * step).powi(2);
        }
        self.steps[row] = step;
        self.errors[row] = missing.sqrt();
    }

    /// Takes a row out and puts the last one in its place.
    pub(super) fn swap_remove(&mut self, row: usize) {
        let last = self.steps.len() - 1;
        let (hole, moved) = (self.place(row), self.place(last));
        for bytes in [&mut self.coarse, &mut self.fine] {
            bytes.copy_within(moved.clone(), hole.start);
            bytes.truncate(moved.start);
        }
        self.steps.swap_remove(row);
        self.errors.swap_remove(row);
    }

    /// The high bytes of some rows.
    pub(super) fn coarse(&self, rows: Range<usize>) -> &[i8] {
        &self.coarse[rows.start * self.dimensions..rows.end * self.dimensions]
    }

    /// High bytes, low bytes and step of a row.
    pub(super) fn row(&self, row: usize) -> (&[i8], &[i8], f32) {
        let place = self.place(row);
        (&self.coarse[place.clone()], &self.fine[place], self.steps[row])
    }

    /// The unit vector that a row stands for.
    pub(super) fn restore(&self, row: usize) -> Vec<f32> {
        let (coarse, fine, step) = self.row(row);
        let steps = coarse.iter().zip(fine).map(|(&high, &low)| i16::from(high) * 256 + i16::from(low));
        steps.map(|steps| f32::from(steps) * step).collect()
    }

    /// The cosine of a row and a query as far as the dot product of their coarse forms tells, and how
    /// far off it may be.
    pub(super) fn bounds(&self, row: usize, dot: i32, query: &QuantisedQuery) -> (f32, f32) {
        // |v·q − v̂·q̂| ≤ |v − v̂| |q| + |v̂| |q − q̂|, where q has length one and v̂ at most 1 + |v − v̂|;
        // the rest is for the rounding of these very sums.
        let error = self.errors[row];
        let cosine = dot as f32 * (256.0 * self.steps[row]) * query.step;
        (cosine, error + (1.0 + error) * query.error + 1e-5)
    }

    fn place(&self, row: usize) -> Range<usize> {
        row * self.dimensions..(row + 1) * self.dimensions
    }
}

impl QuantisedQuery {
    pub(super) fn new(unit: &[f32]) -> Self {
        let room = i32::MAX / (128 * i32::try_from(unit.len()).unwrap_or(i32::MAX / 128).max(1));
        // All steps are within ±2,047.
        let step = largest(unit) / room.clamp(1, 2_047) as f32;
        let components: Vec<i16> = unit.iter().map(|component| (component / step).round() as i16).collect();
        let missing = components.iter().zip(unit).map(|(&steps, component)| f32::from(steps) * step - component);
        let error = missing.map(|missing| missing * missing).sum::<f32>().sqrt();
        Self { components, step, error }
    }
}

fn largest(vector: &[f32]) -> f32 {
    vector.iter().fold(0.0, |largest, component| largest.max(component.abs()))
}
