//! What `circuit/gates/tensor.rs` constrains.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;

use super::parallel::per_row;
use crate::algebra::field::{first_powers, signed};
use crate::circuit::rows::{usable_rows, value};
use crate::circuit::{Challenges, Shape};
use crate::program::Program;
use crate::witness::phase_1::Cells;

/// row_a and run_a.
pub fn products(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let Shape {
        k, lanes, shift, ..
    } = program.shape;
    let (once, twice) = (
        first_powers(at.b, lanes + 1),
        first_powers(at.b.square(), lanes + 1),
    );
    let double = program.flag("dbl");
    let weights = |row| if double(row) { &twice } else { &once };
    let row = per_row(usable_rows(k), |i| {
        let bias = value(&program.bias, i);
        let cell = |l: usize| (cells.q[l][i] << shift) + cells.r[l][i] - bias;
        let salt = program.bias_salt(i);
        (0..lanes)
            .map(|l| (signed(cell(l)) - salt) * weights(i)[l])
            .sum()
    });
    let steps = (at.a, at.a.square());
    let step = |i| if double(i) { steps.1 } else { steps.0 };
    runs(program, row, |i| weights(i)[lanes], step)
}

/// row_b and run_b.
pub fn outputs(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> (Vec<Fr>, Vec<Fr>) {
    let Shape {
        k, lanes, y_offset, ..
    } = program.shape;
    let (powers, ones) = (first_powers(at.b, lanes + 1), vec![Fr::ONE; lanes + 1]);
    let plain = program.flag("sm");
    let weights = |row| if plain(row) { &ones } else { &powers };
    let row = per_row(usable_rows(k), |i| {
        let cell = |l: usize| signed(cells.y[l][i] - y_offset);
        (0..lanes).map(|l| cell(l) * weights(i)[l]).sum()
    });
    let step = |i| if plain(i) { Fr::ONE } else { at.a };
    runs(program, row, |i| weights(i)[lanes], step)
}

/// Turn sums of single rows into the row and run accumulators.
fn runs(
    program: &Program,
    mut row: Vec<Fr>,
    row_step: impl Fn(usize) -> Fr,
    run_step: impl Fn(usize) -> Fr,
) -> (Vec<Fr>, Vec<Fr>) {
    let (continues, carries, ends) = (program.flag("nrs"), program.flag("c"), program.flag("re"));
    let (mut before, mut run) = (Fr::ZERO, Fr::ZERO);
    let mut all = Vec::with_capacity(row.len());
    for (i, now) in row.iter_mut().enumerate() {
        if continues(i) {
            *now += before * row_step(i);
        }
        before = *now;
        let carried = if carries(i) { run } else { Fr::ZERO };
        run = if ends(i) {
            carried * run_step(i) + *now
        } else {
            carried
        };
        all.push(run);
    }
    (row, all)
}
