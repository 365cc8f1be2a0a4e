//! Which cell of the circuit a side of a copy is.

use halo2_axiom::circuit::Cell;
use halo2_axiom::plonk::{Any, Column};

use super::copies::Endpoint;
use crate::circuit::columns::{Columns, Hash};
use crate::circuit::rows::placed;

/// A cell of the permutation; instances are not moved by the reserved row.
pub fn cell(columns: &Columns, endpoint: Endpoint) -> Cell {
    let (column, row_offset): (Column<Any>, usize) = match endpoint {
        Endpoint::PreOuter(row) => (columns.pre_outer.into(), placed(row)),
        Endpoint::PostOuter(row) => (columns.post_outer.into(), placed(row)),
        Endpoint::Factor(row) => (columns.factor.into(), placed(row)),
        Endpoint::Instance(row) => (columns.instance.into(), row),
        Endpoint::PackedWord(row) => (hash(columns).packed_word.into(), placed(row)),
        Endpoint::HashWord(row) => (hash(columns).hash_word.into(), placed(row)),
    };
    Cell { row_offset, column }
}

fn hash(columns: &Columns) -> &Hash {
    let hash = columns.hash.as_ref();
    hash.expect("Program refuses copies of columns that are not there")
}
