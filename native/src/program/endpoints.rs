//! Which cell of the circuit a side of a copy is.

use halo2_axiom::circuit::Cell;
use halo2_axiom::plonk::{Any, Column};

use super::copies::Place;
use crate::circuit::columns::{Columns, Hash};
use crate::circuit::rows::placed;

/// A cell of the permutation; instances are not moved by the reserved row.
pub fn cell(columns: &Columns, place: Place) -> Cell {
    let (column, row_offset): (Column<Any>, usize) = match place {
        Place::RunA(row) => (columns.run_a.into(), placed(row)),
        Place::RunB(row) => (columns.run_b.into(), placed(row)),
        Place::X(row) => (columns.x.into(), placed(row)),
        Place::Instance(row) => (columns.instance.into(), row),
        Place::Pack(row) => (hash(columns).pack.into(), placed(row)),
        Place::Word(row) => (hash(columns).word.into(), placed(row)),
    };
    Cell { row_offset, column }
}

fn hash(columns: &Columns) -> &Hash {
    let hash = columns.hash.as_ref();
    hash.expect("Program refuses copies of columns that are not there")
}
