//! Which texts of a memory are embedded.

/// Of the vector that a memory gets, the share of each of [`embedded_texts`].
pub const EMBEDDED_SHARES: [f32; 2] = [1.0, 0.5];

/// Changes with what is embedded and how it is added up, so that vectors of another recipe are made anew.
pub const EMBEDDING_RECIPE: &str = "whole 1.0, summary 0.5";

/// The texts whose embeddings, in the shares of [`EMBEDDED_SHARES`] and brought to length one, are a memory's
/// vector: the whole memory, so that a query in the words of the fix finds it too; and what had happened
/// without the name of the service, so that the like of it in another service does.
pub fn embedded_texts(service: &str, summary: &str, labels: &[String], solution: Option<&str>) -> [String; 2] {
    let solution = solution.unwrap_or_default();
    [format!("{service}: {summary} {solution} {}", labels.join(" ")), summary.to_owned()]
}

/// One unit vector of the vectors of both texts.
pub fn blend(parts: [&[f32]; 2]) -> Vec<f32> {
    let [whole, summary] = EMBEDDED_SHARES;
    let mut vector: Vec<f32> = parts[0].iter().zip(parts[1]).map(|(a, b)| whole * a + summary * b).collect();
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_are_in_the_vector_by_their_shares() {
        let vector = blend([&[1.0, 0.0], &[0.0, 1.0]]);
        assert!((vector[0] - 2.0 * vector[1]).abs() < 1e-6);
        assert!((vector.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_happened_is_embedded_without_the_service_too() {
        let labels = ["oom".to_owned()];
        let [whole, summary] = embedded_texts("mail", "queue stuck", &labels, Some("restarted"));
        assert_eq!((whole.as_str(), summary.as_str()), ("mail: queue stuck restarted oom", "queue stuck"));
    }
}
