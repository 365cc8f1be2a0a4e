//! The digest of a circuit: keccak256 of all that a verifier takes of its key, in 32-byte words.
//!
//! It is the first word of the transcript, so that nothing of a key can be chosen after the
//! challenges. docs/native/FORMAT.md defines the words; `prover/verify/digest.py` is the same.

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine, G2Affine};
use halo2_axiom::halo2curves::ff::PrimeField;
use halo2_axiom::plonk::{Any, Column, ColumnType, Expression};
use halo2_axiom::poly::Rotation;
use sha3::{Digest, Keccak256};

use super::configure::System;
use super::verifying::Verifying;
use crate::algebra::domain::root_of_unity;
use crate::circuit::names::advice_names;
use crate::circuit::Shape;
use crate::program::Sections;
use crate::transcript::word;

/// The description's format: its name and version. docs/NATIVE.md says when it is raised.
pub const FORMAT: &str = "zkescrow native circuit 3";

/// Big-endian words of 32 bytes; what is negative is counted from 2^256.
#[derive(Default)]
struct Words(Vec<u8>);

impl Words {
    fn integer(&mut self, value: i128) {
        let sign = if value < 0 { 0xff } else { 0 };
        self.0.extend([sign; 16]);
        self.0.extend(value.to_be_bytes());
    }

    fn count(&mut self, value: usize) {
        self.integer(value as i128);
    }

    fn field<F: PrimeField<Repr = R>, R: AsRef<[u8]>>(&mut self, value: F) {
        self.0.extend(word(value));
    }

    /// Infinity is (0, 0).
    fn point(&mut self, point: &G1Affine) {
        self.field(point.x);
        self.field(point.y);
    }

    /// In the order of the EVM's pairing: the imaginary part first.
    fn twist(&mut self, point: &G2Affine) {
        let parts = [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
        parts.into_iter().for_each(|part| self.field(part));
    }

    fn keccak(&self) -> [u8; 32] {
        Keccak256::digest(&self.0).into()
    }
}

/// What a key is in transcripts.
pub fn digest(verifying: &Verifying) -> [u8; 32] {
    Keccak256::digest(key_words(verifying)).into()
}

/// All that a verifier takes of a key: what a contract that holds it has behind its STOP.
pub fn key_words(verifying: &Verifying) -> Vec<u8> {
    let Verifying {
        system: found,
        packed,
        srs,
        about,
    } = verifying;
    let mut words = Words::default();
    words.0.extend(Keccak256::digest(FORMAT));
    words.0.extend(system(found));
    words.count(about.shape.k as usize);
    words.field(root_of_unity(about.shape.k));
    words.field(Fr::DELTA);
    words.count(found.cs.blinding_factors());
    shape(&mut words, &about.shape);
    sections(&mut words, &about.instances);
    words.count(found.cs.num_fixed_columns());
    words.count(found.permuted());
    words.twist(&srs.g2);
    words.twist(&srs.s_g2);
    packed.iter().for_each(|point| words.point(point));
    words.0
}

/// What hidden weights are known by: keccak256 of the digest and of their columns' points, as every
/// proof begins with them.
pub fn weights_commitment(digest: [u8; 32], secret: &[G1Affine]) -> [u8; 32] {
    let mut words = Words::default();
    words.0.extend(digest);
    secret.iter().for_each(|point| words.point(point));
    words.keccak()
}

fn shape(words: &mut Words, shape: &Shape) {
    words.count(shape.packing);
    words.count(shape.lanes);
    words.count(shape.weight_lanes);
    words.count(shape.shift as usize);
    words.integer(shape.y_offset.into());
    words.count(shape.input_bits as usize);
    words.integer(shape.input_low.into());
    words.count(shape.labels);
    words.count(shape.class_bits as usize);
    words.integer(shape.score_low.into());
    words.count(shape.hash_group);
    words.count(shape.hidden as usize);
}

fn sections(words: &mut Words, instances: &Sections) {
    words.count(instances.context);
    words.count(instances.digests);
    words.count(instances.outputs);
}

/// The constraint system: columns, challenges, gates, queries and the permutation's columns.
fn system(found: &System) -> [u8; 32] {
    let (mut words, cs) = (Words::default(), &found.cs);
    let (columns, phases) = (advice_names(&found.columns.shape), cs.advice_column_phase());
    words.count(columns.len());
    for (column, phase) in columns.iter().zip(phases) {
        words.0.extend(Keccak256::digest(&column.symbol));
        words.count(phase.into());
    }
    words.count(cs.num_fixed_columns());
    words.count(found.secret.len());
    found.secret.iter().for_each(|index| words.count(*index));
    words.count(cs.num_challenges());
    let phases = cs.challenge_phase();
    phases
        .into_iter()
        .for_each(|phase| words.count(phase.into()));
    let gates = cs.gates().iter();
    let polynomials: Vec<_> = gates.flat_map(|gate| gate.polynomials()).collect();
    words.count(polynomials.len());
    polynomials
        .into_iter()
        .for_each(|found| expression(&mut words, found));
    queries(&mut words, cs.advice_queries());
    queries(&mut words, cs.fixed_queries());
    queries(&mut words, cs.instance_queries());
    let copied = cs.permutation().get_columns();
    words.count(copied.len());
    for column in &copied {
        words.count(kind(column));
        words.count(column.index());
    }
    words.keccak()
}

fn queries<C: ColumnType>(words: &mut Words, found: &[(Column<C>, Rotation)]) {
    words.count(found.len());
    for (column, rotation) in found {
        words.count(column.index());
        words.integer(rotation.0.into());
    }
}

/// Prefix notation: a word for what stands there, then its parts.
fn expression(words: &mut Words, found: &Expression<Fr>) {
    let mut cell = |kind: usize, column: usize, rotation: Rotation| {
        words.count(kind);
        words.count(column);
        words.integer(rotation.0.into());
    };
    match found {
        Expression::Advice(query) => cell(ADVICE, query.column_index(), query.rotation()),
        Expression::Fixed(query) => cell(FIXED, query.column_index(), query.rotation()),
        Expression::Instance(query) => cell(INSTANCE, query.column_index(), query.rotation()),
        Expression::Constant(value) => constant(words, *value),
        Expression::Challenge(challenge) => {
            words.count(CHALLENGE);
            words.count(challenge.index());
        }
        Expression::Negated(inner) => {
            words.count(NEGATED);
            expression(words, inner);
        }
        Expression::Sum(left, right) => {
            words.count(SUM);
            expression(words, left);
            expression(words, right);
        }
        Expression::Product(left, right) => {
            words.count(PRODUCT);
            expression(words, left);
            expression(words, right);
        }
        Expression::Scaled(inner, scalar) => {
            words.count(PRODUCT);
            expression(words, inner);
            constant(words, *scalar);
        }
        Expression::Selector(_) => unreachable!("the circuits have no selectors"),
    }
}

const ADVICE: usize = 0;
const FIXED: usize = 1;
const INSTANCE: usize = 2;
const CONSTANT: usize = 3;
const CHALLENGE: usize = 4;
const NEGATED: usize = 5;
const SUM: usize = 6;
const PRODUCT: usize = 7;

fn constant(words: &mut Words, value: Fr) {
    words.count(CONSTANT);
    words.field(value);
}

fn kind(column: &Column<Any>) -> usize {
    match column.column_type() {
        Any::Advice(_) => ADVICE,
        Any::Fixed => FIXED,
        Any::Instance => INSTANCE,
    }
}
