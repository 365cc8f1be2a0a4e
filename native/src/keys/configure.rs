//! The constraint system of a shape, how its fixed columns are committed to, and a program's
//! permutation in it.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Any, Column, ConstraintSystem, Fixed};
use halo2_axiom::poly::Rotation;

use crate::circuit::{constrain, Columns, Shape};
use crate::error::{Error, Result};
use crate::program::{cell, Program};
use crate::prover::permutation::{Cell, Permutation};

/// Columns and gates of a shape, and which fixed columns are packed.
///
/// A secret column has a commitment of its own, which stands in proofs. All others are packed, in
/// the order of the fixed queries, and behind them the permutation's sigma.
#[derive(Clone, Debug)]
pub struct System {
    pub cs: ConstraintSystem<Fr>,
    pub columns: Columns,
    /// Indices of the columns of hidden weights, in the order of their first queries.
    pub secret: Vec<usize>,
    /// Indices of the other fixed columns, in the order of their queries.
    pub packed: Vec<usize>,
}

impl System {
    /// Of a shape that `Shape::check` allows.
    pub fn new(shape: &Shape) -> Result<Self> {
        let mut cs = ConstraintSystem::default();
        let columns = Columns::new(&mut cs, shape);
        constrain(&columns, &mut cs);
        let hides = |column: &Column<Fixed>| {
            shape.hidden && (*column == columns.bias || columns.weight.contains(column))
        };
        let (mut secret, mut packed) = (Vec::new(), Vec::new());
        for (column, rotation) in cs.fixed_queries() {
            match (hides(column), rotation.0) {
                (true, 0) => secret.push(column.index()),
                (false, 0) => packed.push(column.index()),
                (hidden, _) => assert!(hidden, "packed columns are opened at x alone"),
            }
        }
        assert_eq!(secret.len() + packed.len(), cs.num_fixed_columns());
        let system = System {
            cs,
            columns,
            secret,
            packed,
        };
        system.check_degree()?;
        Ok(system)
    }

    /// The fixed queries of secret columns, in order.
    pub fn secret_queries(&self) -> impl Iterator<Item = (usize, Rotation)> + '_ {
        let queries = self.cs.fixed_queries().iter();
        let pairs = queries.map(|(column, rotation)| (column.index(), *rotation));
        pairs.filter(|(column, _)| self.secret.contains(column))
    }

    /// How many columns the permutation has.
    pub fn permuted(&self) -> usize {
        self.cs.permutation().get_columns().len()
    }

    /// How many polynomials are packed: fixed columns, then sigma.
    pub fn packed_columns(&self) -> usize {
        self.packed.len() + self.permuted()
    }

    /// The commitments that a key has.
    pub fn packed_polynomials(&self) -> usize {
        self.packed_columns().div_ceil(self.columns.shape.packing)
    }

    /// Permutation columns to a grand product.
    pub fn chunk(&self) -> usize {
        self.cs.degree() - 2
    }

    /// From row 0 of a grand product to where the one before it ended.
    pub fn chaining_rotation(&self) -> i32 {
        -(self.cs.blinding_factors() as i32 + 1)
    }

    /// halo2 caps the degree that it reports by the environment's MAX_DEGREE; a cap below a gate's
    /// degree would make proofs that no one can verify, or gates that constrain nothing.
    fn check_degree(&self) -> Result<()> {
        let gates = self.cs.gates().iter();
        let found = gates
            .flat_map(|gate| gate.polynomials())
            .map(|p| p.degree())
            .max();
        match found {
            Some(most) if most == self.cs.degree() => Ok(()),
            _ => Err(Error::Keys(format!(
                "gates have degree {found:?} and the system {}: unset MAX_DEGREE",
                self.cs.degree()
            ))),
        }
    }

    /// The cycles of a program's copies.
    pub fn permutation(&self, program: &Program) -> Permutation {
        let numbered = self.cs.permutation().get_columns();
        let permuted = |endpoint| -> Cell {
            let cell = cell(&self.columns, endpoint);
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
}
