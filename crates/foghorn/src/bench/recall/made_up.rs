//! Memories and questions that nobody had, the same in every run: texts of a made-up language whose words are
//! as unequally frequent as those of real ones (the n-th most frequent word 1/n as often, Zipf 1949), vectors in
//! clusters.

use foghorn_store::memory_keeping::NewMemory;

const CLUSTERS: u32 = 2_000;
const VOCABULARY: f64 = 50_000.0;
const SERVICES: u32 = 200;

/// Length of the noise on a cluster's unit centre: members have a cosine of about 0.6 with each other.
const NOISE: f32 = 0.8;

/// Words of a memory's texts and of a question.
const SUMMARY: usize = 28;
const SOLUTION: usize = 16;
const QUESTION: usize = 12;

/// An English sentence is embedded for the speed of that: words of a made-up language are cut into far more
/// pieces than people's.
const PARTS: [&[&str]; 4] = [
    &[
        "checkout cannot get a database connection",
        "search answers too late",
        "mails leave hours late",
        "the nightly export stopped half-way",
        "log-ins fail for some people",
        "pods restart every few minutes",
    ],
    &[
        "since the release of this morning",
        "after the certificate was renewed",
        "while a backup runs",
        "because the disk of one replica is full",
        "when many carts are paid at once",
        "in one region only",
    ],
    &[
        "connection pool exhausted",
        "timeout after 30000 ms",
        "out of memory, exit code 137",
        "too many open files",
        "permission denied",
        "name cannot be resolved",
    ],
    &[
        "on the orders database",
        "in the payment gateway",
        "on two of six nodes",
        "behind the new proxy",
        "in the message queue",
        "for traffic from abroad",
    ],
];

/// Invents.
pub(super) struct MadeUp {
    dimensions: usize,
    centres: Vec<Vec<f32>>,
}

impl MadeUp {
    pub(super) fn new(dimensions: usize) -> Self {
        let centres = (0..CLUSTERS).map(|cluster| unit(Dice::new(1, cluster).vector(dimensions))).collect();
        Self { dimensions, centres }
    }

    /// The id of a memory.
    pub(super) fn id(&self, number: impl std::fmt::Display) -> String {
        format!("made-up-{number}")
    }

    /// A memory with its vector.
    pub(super) fn memory(&self, number: u32) -> NewMemory {
        let mut dice = Dice::new(2, number);
        NewMemory {
            id: self.id(number),
            summary: dice.words(SUMMARY),
            service: format!("service-{}", dice.below(SERVICES)),
            labels: vec![dice.words(1), dice.words(1)],
            incident_type: "made_up".to_owned(),
            solution: Some(dice.words(SOLUTION)),
            embedding: Some(self.vector(number)),
            ..NewMemory::default()
        }
    }

    /// The vector of a memory, of length one.
    pub(super) fn vector(&self, number: u32) -> Vec<f32> {
        self.near(Dice::new(3, number).below(CLUSTERS), &mut Dice::new(4, number))
    }

    /// A question half of whose words are those of a memory, with a vector near it.
    pub(super) fn question(&self, number: u32, memories: u32) -> (String, Vec<f32>) {
        let mut dice = Dice::new(5, number);
        let memory = dice.below(memories);
        let summary = Dice::new(2, memory).words(SUMMARY);
        let own: Vec<&str> = summary.split(' ').take(QUESTION / 2).collect();
        let text = format!("{} {}", own.join(" "), dice.words(QUESTION - own.len()));
        (text, self.near(Dice::new(3, memory).below(CLUSTERS), &mut dice))
    }

    /// A sentence as people write them, no two the same.
    pub(super) fn sentence(&self, number: u32, memories: u32) -> String {
        let mut dice = Dice::new(6, number);
        let parts = PARTS.map(|part| part[dice.below(part.len() as u32) as usize]);
        format!("{}: {} of {memories}", parts.join(" "), number)
    }

    fn near(&self, cluster: u32, dice: &mut Dice) -> Vec<f32> {
        // A uniform component is a third long on the average, squared.
        let scale = NOISE / (self.dimensions as f32 / 3.0).sqrt();
        let noise = dice.vector(self.dimensions);
        let centre = &self.centres[cluster as usize];
        unit(centre.iter().zip(noise).map(|(centre, noise)| centre + scale * noise).collect())
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

/// xorshift64* (Vigna, 2016), thrown anew for each purpose and number.
struct Dice(u64);

impl Dice {
    fn new(purpose: u64, number: u32) -> Self {
        let mut dice = Self(((purpose << 40) | u64::from(number)).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        dice.throw();
        dice
    }

    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u32) -> u32 {
        (((self.throw() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.throw() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn vector(&mut self, dimensions: usize) -> Vec<f32> {
        (0..dimensions).map(|_| (2.0 * self.share() - 1.0) as f32).collect()
    }

    fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            if !text.is_empty() {
                text.push(' ');
            }
            // The inverse of the share of all text that the most frequent words make up.
            let mut rank = (self.share() * VOCABULARY.ln()).exp() as u32;
            loop {
                let (consonant, vowel) = (rank % 20, rank / 20 % 5);
                text.push(char::from(b"bcdfghjklmnpqrtvwxzy"[consonant as usize]));
                text.push(char::from(b"aiouy"[vowel as usize]));
                rank /= 100;
                if rank == 0 {
                    break;
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn the_same_number_is_the_same_memory_and_another_is_another() {
        let made_up = MadeUp::new(16);
        assert_eq!(made_up.memory(7), MadeUp::new(16).memory(7));
        assert_ne!(made_up.memory(7).summary, made_up.memory(8).summary);
        assert_ne!(made_up.sentence(1, 9), made_up.sentence(2, 9));
    }

    #[test]
    fn few_words_are_frequent_and_many_are_rare() {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let text = Dice::new(0, 0).words(20_000);
        text.split(' ').for_each(|word| *counts.entry(word.to_owned()).or_default() += 1);
        let most = counts.values().max().copied().unwrap_or_default();
        assert!(most > 500 && counts.len() > 3_000, "{most} {}", counts.len());
    }

    #[test]
    fn a_question_lies_near_the_memory_whose_words_it_uses() {
        let made_up = MadeUp::new(384);
        let (text, vector) = made_up.question(3, 1_000);
        let shares = |number: &u32| {
            let words = text.split(' ').take(QUESTION / 2).collect::<Vec<_>>().join(" ");
            made_up.memory(*number).summary.starts_with(&words)
        };
        let memory = (0..1_000).find(shares).unwrap();
        let cosine: f32 = vector.iter().zip(made_up.vector(memory)).map(|(a, b)| a * b).sum();
        assert!((0.4..0.8).contains(&cosine), "{cosine}");
    }
}
