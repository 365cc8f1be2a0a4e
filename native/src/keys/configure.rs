//! The constraint system of a shape, and a program's permutation in it.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Any, Column, ConstraintSystem};

use crate::circuit::{constrain, Columns, Shape};
use crate::error::{Error, Result};
use crate::program::{cell, Program};
use crate::prover::permutation::{Cell, Permutation};

/// The columns and gates of a shape.
pub fn configured(shape: &Shape) -> (ConstraintSystem<Fr>, Columns) {
    let mut cs = ConstraintSystem::default();
    let columns = Columns::new(&mut cs, shape);
    constrain(&columns, &mut cs);
    (cs, columns)
}

/// The cycles of a program's copies.
pub fn permutation(program: &Program, cs: &ConstraintSystem<Fr>, columns: &Columns) -> Permutation {
    let numbered = cs.permutation().get_columns();
    let permuted = |endpoint| -> Cell {
        let cell = cell(columns, endpoint);
        let same = |column: &Column<Any>| *column == cell.column;
        let number = numbered.iter().position(same);
        (
            number.expect("a column of the permutation"),
            cell.row_offset,
        )
    };
    let copies = program.copies.iter();
    let copies = copies.map(|(left, right)| (permuted(*left), permuted(*right)));
    Permutation::new(program.shape.k, numbered.len(), copies)
}

/// halo2 caps the degree that it reports by the environment's MAX_DEGREE; a cap below a gate's
/// degree would make proofs that no one can verify, or gates that constrain nothing.
pub fn check_degree(cs: &ConstraintSystem<Fr>) -> Result<()> {
    let gates = cs.gates().iter();
    let found = gates
        .flat_map(|gate| gate.polynomials())
        .map(|p| p.degree())
        .max();
    match found {
        Some(most) if most == cs.degree() => Ok(()),
        _ => Err(Error::Keys(format!(
            "gates have degree {found:?} and the system {}: unset MAX_DEGREE",
            cs.degree()
        ))),
    }
}
