//! Numbers as they are stored: by their bits, so that a restored series goes on to the last digit, whatever the
//! format makes of decimals, and whether they are finite or not.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<const N: usize, S: Serializer>(values: &[f64; N], serializer: S) -> Result<S::Ok, S::Error> {
    let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
    bits.serialize(serializer)
}

pub(super) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(deserializer: D) -> Result<[f64; N], D::Error> {
    let bits = Vec::<u64>::deserialize(deserializer)?;
    let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
    let count = values.len();
    values.try_into().map_err(|_| serde::de::Error::custom(format!("{count} numbers where {N} belong")))
}
