//! The values of a column: the same for keys, proofs and checks.

use std::borrow::Cow;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Column;

use super::rows::placed;
use crate::algebra::field::signed;

/// Values down a column; integers are committed to several times faster than field elements.
#[derive(Clone, Debug)]
pub enum Values<'a> {
    Small(Cow<'a, [i64]>),
    Field(Cow<'a, [Fr]>),
}

/// A column's values from circuit row `first` on; the others are 0 (or blinding, in a proof).
#[derive(Clone, Debug)]
pub struct ColumnAssignment<'a, C: halo2_axiom::plonk::ColumnType> {
    pub column: Column<C>,
    pub first: usize,
    pub values: Values<'a>,
}

impl<'a, C: halo2_axiom::plonk::ColumnType> ColumnAssignment<'a, C> {
    pub fn small(column: Column<C>, values: impl Into<Cow<'a, [i64]>>) -> Self {
        ColumnAssignment {
            column,
            first: placed(0),
            values: Values::Small(values.into()),
        }
    }

    pub fn field(column: Column<C>, values: impl Into<Cow<'a, [Fr]>>) -> Self {
        ColumnAssignment {
            column,
            first: placed(0),
            values: Values::Field(values.into()),
        }
    }

    pub fn from(self, first: usize) -> Self {
        ColumnAssignment { first, ..self }
    }

    /// Each value with its circuit row.
    pub fn rows(&self) -> Box<dyn Iterator<Item = (usize, Fr)> + '_> {
        let first = self.first;
        match &self.values {
            Values::Small(values) => Box::new((first..).zip(values.iter().map(|v| signed(*v)))),
            Values::Field(values) => Box::new((first..).zip(values.iter().copied())),
        }
    }
}

/// A column of each lane.
pub fn lanes<'a, C: halo2_axiom::plonk::ColumnType>(
    columns: &[Column<C>],
    values: &'a [Vec<i64>],
) -> Vec<ColumnAssignment<'a, C>> {
    let pairs = columns.iter().zip(values);
    pairs
        .map(|(column, values)| ColumnAssignment::small(*column, &values[..]))
        .collect()
}
