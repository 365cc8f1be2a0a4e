//! What `circuit/gates/rank.rs` constrains in the second phase.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{BatchInvert, Field};

use crate::algebra::field::signed;
use crate::circuit::columns::MEMBERSHIP_TAG;
use crate::circuit::rows::{usable_rows, value};
use crate::circuit::Challenges;
use crate::program::Program;
use crate::witness::phase_1::Witness;

/// 1 / denominator on label rows, -membership / denominator on class rows.
pub fn membership_partial(
    program: &Program,
    witness: &Witness,
    x: &[Fr],
    at: &Challenges<Fr>,
) -> Vec<Fr> {
    if program.shape.labels == 0 {
        return Vec::new();
    }
    let mut column = vec![Fr::ZERO; usable_rows(program.shape.k)];
    let (label, class) = (program.flag("is_label"), program.flag("is_class"));
    let rows: Vec<usize> = (0..column.len())
        .filter(|i| label(*i) || class(*i))
        .collect();
    let denominator = |row: &usize| {
        let (number, score) = match label(*row) {
            true => (x[*row], signed(value(&witness.membership, *row))),
            false => (signed(value(&program.class, *row)), x[*row]),
        };
        at.beta + signed(MEMBERSHIP_TAG) + at.theta * (number + at.theta * score)
    };
    let mut inverses: Vec<Fr> = rows.iter().map(denominator).collect();
    inverses.iter_mut().batch_invert();
    for (row, inverse) in rows.into_iter().zip(inverses) {
        column[row] = match label(row) {
            true => inverse,
            false => -inverse * signed(value(&witness.membership, row)),
        };
    }
    column
}
