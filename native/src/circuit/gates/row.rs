//! What a gate sees: the cells of a row and of the row before, and the challenges.

use std::cell::RefCell;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::plonk::{Advice, Column, Expression, Fixed, VirtualCells};
use halo2_axiom::poly::Rotation;

use crate::algebra::field::{power_of_two, signed};
use crate::circuit::columns::{Challenges, Columns};
use crate::circuit::shape::Shape;

/// One row of the circuit, as expressions.
pub struct Row<'a, 'b, 'c> {
    pub columns: &'a Columns,
    pub challenges: Challenges<Expression<Fr>>,
    meta: RefCell<&'b mut VirtualCells<'c, Fr>>,
}

impl<'a, 'b, 'c> Row<'a, 'b, 'c> {
    pub fn new(columns: &'a Columns, meta: &'b mut VirtualCells<'c, Fr>) -> Self {
        let challenges = columns.challenges.into_array();
        let challenges = challenges.map(|challenge| meta.query_challenge(challenge));
        Row {
            columns,
            challenges: challenges.into(),
            meta: RefCell::new(meta),
        }
    }

    pub fn shape(&self) -> &Shape {
        &self.columns.shape
    }

    /// The cell of this row.
    pub fn now(&self, column: Column<Advice>) -> Expression<Fr> {
        self.meta.borrow_mut().query_advice(column, Rotation::cur())
    }

    /// The cell of the row before.
    pub fn before(&self, column: Column<Advice>) -> Expression<Fr> {
        self.meta
            .borrow_mut()
            .query_advice(column, Rotation::prev())
    }

    pub fn fixed(&self, column: Column<Fixed>) -> Expression<Fr> {
        self.meta.borrow_mut().query_fixed(column, Rotation::cur())
    }

    /// The fixed cell of the row before.
    pub fn fixed_before(&self, column: Column<Fixed>) -> Expression<Fr> {
        self.meta.borrow_mut().query_fixed(column, Rotation::prev())
    }

    pub fn flag(&self, name: &str) -> Expression<Fr> {
        self.fixed(self.columns.flag(name))
    }

    pub fn act(&self) -> Expression<Fr> {
        self.fixed(self.columns.active)
    }

    /// Per lane the convolution's value, without bias: 2^shift q + r - bias.
    pub fn convolutions(&self) -> Vec<Expression<Fr>> {
        let Columns {
            quotient,
            remainder,
            bias,
            ..
        } = self.columns;
        let scale = constant(power_of_two(self.shape().shift));
        let lanes = quotient.iter().zip(remainder);
        lanes
            .map(|(q, r)| self.now(*q) * scale.clone() + self.now(*r) - self.fixed(*bias))
            .collect()
    }

    /// Per lane the output's value: y - y_offset.
    pub fn outputs(&self) -> Vec<Expression<Fr>> {
        let offset = constant(signed(self.shape().y_offset));
        let lanes = self.columns.activation.iter();
        lanes.map(|y| self.now(*y) - offset.clone()).collect()
    }
}

pub fn constant(value: Fr) -> Expression<Fr> {
    Expression::Constant(value)
}

pub fn one() -> Expression<Fr> {
    constant(Fr::ONE)
}

pub fn zero() -> Expression<Fr> {
    constant(Fr::ZERO)
}

pub fn power(base: &Expression<Fr>, exponent: usize) -> Expression<Fr> {
    match exponent {
        0 => one(),
        _ => (1..exponent).fold(base.clone(), |product, _| product * base.clone()),
    }
}

/// `off` where the flag is 0, `on` where it is 1.
pub fn mix(flag: &Expression<Fr>, off: Expression<Fr>, on: Expression<Fr>) -> Expression<Fr> {
    off.clone() + flag.clone() * (on - off)
}

/// sum_l cell_l * weight(l)
pub fn weighted(
    cells: &[Expression<Fr>],
    weight: impl Fn(usize) -> Expression<Fr>,
) -> Expression<Fr> {
    let terms = cells.iter().enumerate();
    terms.fold(zero(), |sum, (l, cell)| sum + cell.clone() * weight(l))
}
