//! The two inner loops. Both are plain loops that the compiler turns into vector instructions; called
//! through `dispatch!` they are compiled once for each instruction set, and the best one the processor
//! has is taken when the program runs.

use fearless_simd::Simd;

/// Sums kept side by side, because floating-point sums may not be put in another order by the compiler.
const LANES: usize = 16;

/// The dot product of each row of `rows`, one after the other, with `query`. As many as `dots` has room for.
#[inline(always)]
pub(super) fn coarse_dots<S: Simd>(_: S, rows: &[i8], query: &[i16], dots: &mut [i32]) {
    for (row, dot) in rows.chunks_exact(query.len()).zip(dots) {
        *dot = row.iter().zip(query).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
    }
}

/// The dot product of one row, given as its high and low bytes, with `query`.
#[inline(always)]
pub(super) fn fine_dot<S: Simd>(_: S, coarse: &[i8], fine: &[i8], query: &[f32]) -> f32 {
    let product = |high: i8, low: i8, query: f32| f32::from(i16::from(high) * 256 + i16::from(low)) * query;
    let mut sums = [0.0f32; LANES];
    let (mut coarse, mut fine, mut query) =
        (coarse.chunks_exact(LANES), fine.chunks_exact(LANES), query.chunks_exact(LANES));
    for ((high, low), query) in (&mut coarse).zip(&mut fine).zip(&mut query) {
        for lane in 0..LANES {
            sums[lane] += product(high[lane], low[lane], query[lane]);
        }
    }
    let rest = coarse.remainder().iter().zip(fine.remainder()).zip(query.remainder());
    sums.iter().sum::<f32>() + rest.map(|((&high, &low), &query)| product(high, low, query)).sum::<f32>()
}
