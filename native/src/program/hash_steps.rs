//! What the hash rows of a program do, one by one.

use std::collections::HashSet;

use halo2_axiom::halo2curves::bn256::Fr;

use super::checked::Program;
use super::copies::Endpoint;
use crate::circuit::columns::HASH_FLAGS;
use crate::circuit::poseidon::{element, CONSTANTS};
use crate::circuit::rows::value;

/// What a hash row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    None,
    Start,
    Absorb,
    Round { constants: [Fr; 2], full: bool },
    Digest,
}

impl Program {
    /// Rows of the hash part.
    pub fn hash_rows(&self) -> usize {
        let flags = HASH_FLAGS.iter().filter_map(|name| self.flags.get(*name));
        flags.map(Vec::len).max().unwrap_or(0)
    }

    /// What a hash row does.
    pub fn hash_step(&self, row: usize) -> Step {
        let on = |name: &str| value(&self.flags[name], row) != 0;
        let constants = || [0, 1].map(|lane| self.constant(row, lane));
        match [
            "hash_start",
            "hash_absorb",
            "hash_full_round",
            "hash_partial_round",
            "hash_digest",
        ]
        .map(on)
        {
            [true, ..] => Step::Start,
            [_, true, ..] => Step::Absorb,
            [_, _, full, partial, _] if full || partial => Step::Round {
                constants: constants(),
                full,
            },
            [.., true] => Step::Digest,
            _ => Step::None,
        }
    }

    /// Rows that absorb a word which is no copy of the input's: the salts.
    pub fn salted_rows(&self) -> Vec<usize> {
        let copied: HashSet<usize> = self
            .copies
            .iter()
            .filter_map(|copy| match copy {
                (Endpoint::HashWord(row), Endpoint::PackedWord(_)) => Some(*row),
                _ => None,
            })
            .collect();
        let absorbs = |row: &usize| matches!(self.hash_step(*row), Step::Start | Step::Absorb);
        let rows = (0..self.hash_rows()).filter(absorbs);
        rows.filter(|row| !copied.contains(row)).collect()
    }

    /// A column of Poseidon's constants.
    pub fn constants(&self, lane: usize) -> Vec<Fr> {
        let rows = 0..self.hash_round.len();
        rows.map(|row| self.constant(row, lane)).collect()
    }

    fn constant(&self, row: usize, lane: usize) -> Fr {
        match value(&self.hash_round, row) {
            0 => Fr::zero(),
            round => element(CONSTANTS[round as usize - 1][lane]),
        }
    }
}
