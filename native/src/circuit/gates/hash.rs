//! Hash rows: Poseidon digests of chunks of the packed image, each with a salt of its own.
//!
//! Up to `hash_group` image rows make a word (`packed_word`, from the first row of a group to its
//! last). A chunk's rows, by their flags: `hash_start` sets the state to [0, 2^64] and absorbs the
//! first word; 64 rounds follow, one to a row; `hash_absorb` adds the next word; and so on, a salt
//! being last; `hash_digest` shows the state's first word. Words and digests are copied. The
//! constants are those of the project's Poseidon.
//!
//! The flags are fixed columns that are zero on unusable rows, so these gates need no `active`.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, Expression};

use super::row::{constant, Row};
use crate::algebra::field::power_of_two;
use crate::circuit::columns::Hash;
use crate::circuit::poseidon::{element, MATRIX};

/// The second word of a fresh state.
pub const CAPACITY: u32 = 64;

type Gate = fn(&Row<'_, '_, '_>, &Hash) -> Vec<Expression<Fr>>;

pub const GATES: [(&str, Gate); 6] = [
    ("packed_word", pack),
    ("hash_start", start),
    ("hash_absorb", absorb),
    ("hash_square", powers),
    ("hash_round", round),
    ("hash_digest", digest),
];

/// im (pack - img - ip 2^bits pack_-) = 0
fn pack(at: &Row<'_, '_, '_>, hash: &Hash) -> Vec<Expression<Fr>> {
    let bits = at.shape().input_bits as usize * at.shape().lanes;
    let radix = constant((0..bits).fold(Fr::one(), |power, _| power.double()));
    let carried = at.fixed(hash.continues_word) * at.before(hash.packed_word) * radix;
    vec![at.flag("is_input") * (at.now(hash.packed_word) - at.now(at.columns.input) - carried)]
}

/// hs (s0 - word) = 0, hs (s1 - 2^64) = 0
fn start(at: &Row<'_, '_, '_>, hash: &Hash) -> Vec<Expression<Fr>> {
    let capacity = constant(power_of_two(CAPACITY / 2).square());
    let set = [at.now(hash.hash_word), capacity];
    let states = hash.hash_state.map(|column| at.now(column));
    let pairs = states.into_iter().zip(set);
    pairs
        .map(|(state, set)| at.fixed(hash.hash_start) * (state - set))
        .collect()
}

/// ha (s0 - s0_- - word) = 0, ha (s1 - s1_-) = 0
fn absorb(at: &Row<'_, '_, '_>, hash: &Hash) -> Vec<Expression<Fr>> {
    let [grown0, grown1] = hash
        .hash_state
        .map(|column| at.now(column) - at.before(column));
    let flag = || at.fixed(hash.hash_absorb);
    vec![flag() * (grown0 - at.now(hash.hash_word)), flag() * grown1]
}

/// (hf + hp) (square_0 - x_0^2) = 0, hf (square_1 - x_1^2) = 0
fn powers(at: &Row<'_, '_, '_>, hash: &Hash) -> Vec<Expression<Fr>> {
    let [x0, x1] = entered(at, hash);
    let [square0, square1] = hash.hash_square.map(|column| at.now(column));
    let (full, partial) = (
        at.fixed(hash.hash_full_round),
        at.fixed(hash.hash_partial_round),
    );
    vec![
        (full.clone() + partial) * (square0 - x0.clone() * x0),
        full * (square1 - x1.clone() * x1),
    ]
}

/// s = MATRIX (x_0^5, x_1^5) in a full round, MATRIX (x_0^5, x_1) in a partial one.
fn round(at: &Row<'_, '_, '_>, hash: &Hash) -> Vec<Expression<Fr>> {
    let (full, partial) = (
        at.fixed(hash.hash_full_round),
        at.fixed(hash.hash_partial_round),
    );
    let [x0, x1] = entered(at, hash);
    let fifth =
        |x: &Expression<Fr>, column: Column<Advice>| at.now(column) * at.now(column) * x.clone();
    let [first, second] = [
        fifth(&x0, hash.hash_square[0]),
        fifth(&x1, hash.hash_square[1]),
    ];
    let mixed = |row: usize, last: &Expression<Fr>| {
        let [left, right] = MATRIX[row].map(|limbs| constant(element(limbs)));
        at.now(hash.hash_state[row]) - first.clone() * left - last.clone() * right
    };
    [0, 1]
        .into_iter()
        .flat_map(|row| {
            let [full, partial] = [full.clone(), partial.clone()];
            [full * mixed(row, &second), partial * mixed(row, &x1)]
        })
        .collect()
}

/// hd (word - s0_-) = 0
fn digest(at: &Row<'_, '_, '_>, hash: &Hash) -> Vec<Expression<Fr>> {
    vec![at.fixed(hash.hash_digest) * (at.now(hash.hash_word) - at.before(hash.hash_state[0]))]
}

/// The state before a round, with the round's constants.
fn entered(at: &Row<'_, '_, '_>, hash: &Hash) -> [Expression<Fr>; 2] {
    [0, 1].map(|i| at.before(hash.hash_state[i]) + at.fixed(hash.hash_constant[i]))
}
