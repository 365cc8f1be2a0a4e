//! What `circuit/gates/tensor.rs` constrains.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;

use super::parallel::per_row;
use crate::algebra::field::{first_powers, signed};
use crate::circuit::rows::{usable_rows, value};
use crate::circuit::{Challenges, Shape};
use crate::program::Program;
use crate::witness::phase_1::Witness;

/// pre_inner and pre_outer.
pub fn pre_accumulators(
    program: &Program,
    witness: &Witness,
    at: &Challenges<Fr>,
) -> (Vec<Fr>, Vec<Fr>) {
    let Shape {
        k, lanes, shift, ..
    } = program.shape;
    let (once, twice) = (
        first_powers(at.b, lanes + 1),
        first_powers(at.b.square(), lanes + 1),
    );
    let double = program.flag("doubled");
    let weights = |row| if double(row) { &twice } else { &once };
    let row = per_row(usable_rows(k), |i| {
        let bias = value(&program.bias, i);
        let cell = |l: usize| (witness.quotient[l][i] << shift) + witness.remainder[l][i] - bias;
        let salt = program.bias_salt(i);
        (0..lanes)
            .map(|l| (signed(cell(l)) - salt) * weights(i)[l])
            .sum()
    });
    let steps = (at.a, at.a.square());
    let step = |i| if double(i) { steps.1 } else { steps.0 };
    nested(program, row, |i| weights(i)[lanes], step)
}

/// post_inner and post_outer.
pub fn outputs(program: &Program, witness: &Witness, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let Shape {
        k, lanes, y_offset, ..
    } = program.shape;
    let (powers, ones) = (first_powers(at.b, lanes + 1), vec![Fr::ONE; lanes + 1]);
    let plain = program.flag("summed");
    let weights = |row| if plain(row) { &ones } else { &powers };
    let row = per_row(usable_rows(k), |i| {
        let cell = |l: usize| signed(witness.activation[l][i] - y_offset);
        (0..lanes).map(|l| cell(l) * weights(i)[l]).sum()
    });
    let step = |i| if plain(i) { Fr::ONE } else { at.a };
    nested(program, row, |i| weights(i)[lanes], step)
}

/// Turn sums of single rows into the inner and the outer Horner accumulators.
fn nested(
    program: &Program,
    mut row: Vec<Fr>,
    inner_step: impl Fn(usize) -> Fr,
    outer_step: impl Fn(usize) -> Fr,
) -> (Vec<Fr>, Vec<Fr>) {
    let (continues, carries, ends) = (
        program.flag("continues_row"),
        program.flag("continues_segment"),
        program.flag("ends_row"),
    );
    let (mut before, mut outer) = (Fr::ZERO, Fr::ZERO);
    let mut all = Vec::with_capacity(row.len());
    for (i, now) in row.iter_mut().enumerate() {
        if continues(i) {
            *now += before * inner_step(i);
        }
        before = *now;
        let carried = if carries(i) { outer } else { Fr::ZERO };
        outer = if ends(i) {
            carried * outer_step(i) + *now
        } else {
            carried
        };
        all.push(outer);
    }
    (row, all)
}
