//! Owns the pseudo-random numbers of tokens and seeded faults; never used for anything that must be secret.

use std::hash::{BuildHasher, Hasher, RandomState};

const TOKEN_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// SplitMix64: eight lines, the same sequence for the same seed on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    /// A sequence of its own in each process and simulator, so that two simulators never hand out equal tokens.
    pub(crate) fn fresh() -> Random {
        Random(RandomState::new().build_hasher().finish())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// True with the given probability (0.0 never, 1.0 always).
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        // 53 bits fill a double exactly.
        ((self.next() >> 11) as f64) / ((1_u64 << 53) as f64) < probability
    }

    /// `prefix` and 20 characters of GitLab's token alphabet.
    pub(crate) fn token(&mut self, prefix: &str) -> String {
        let letters = (0..20).map(|_| {
            let index = (self.next() % TOKEN_LETTERS.len() as u64) as usize;
            char::from(TOKEN_LETTERS[index])
        });
        prefix.chars().chain(letters).collect()
    }

    /// 32 hexadecimal digits, the form of `X-GitLab-Last-Update`.
    pub(crate) fn queue_value(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_sequences() {
        let (mut one, mut two) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(one.token("x"), two.token("x"));
        assert_ne!(one.token("x"), Random::seeded(8).token("x"));
    }

    #[test]
    fn chance_keeps_to_its_probability() {
        let mut random = Random::seeded(1);
        let hits = (0..10_000).filter(|_| random.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(!random.chance(0.0));
        assert!(random.chance(1.0));
    }

    #[test]
    fn tokens_have_the_prefix_and_twenty_letters() {
        let token = Random::fresh().token("glrt-");
        assert!(token.starts_with("glrt-"));
        assert_eq!(token.len(), 25);
    }
}
