//! Columns of a proof or key: their values, their commitment, their polynomial.

use halo2_axiom::halo2curves::bn256::{Fr, G1};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::plonk::ColumnType;

use super::blinding::Rows;
use crate::algebra::field::signed;
use crate::algebra::msm;
use crate::circuit::assignment::{Filled, Values};
use crate::srs::Srs;

/// All values down a column: those given, zeros, and the last rows as given.
pub fn values<C: ColumnType>(filled: &Filled<'_, C>, n: usize, last: Option<&Rows>) -> Vec<Fr> {
    let mut column = vec![Fr::ZERO; n];
    let given = &mut column[filled.first..];
    match &filled.values {
        Values::Small(values) => {
            for (cell, value) in given.iter_mut().zip(values.iter()) {
                *cell = signed(*value);
            }
        }
        Values::Field(values) => given[..values.len()].copy_from_slice(values),
    }
    if let Some(rows) = last {
        column[n - rows.len()..].copy_from_slice(rows);
    }
    column
}

/// The commitment to the polynomial that has `values` on the roots of unity.
pub fn commit<C: ColumnType>(
    srs: &Srs,
    filled: &Filled<'_, C>,
    values: &[Fr],
    last: Option<&Rows>,
) -> G1 {
    let Values::Small(small) = &filled.values else {
        return msm::full(values, &srs.lagrange);
    };
    let given = msm::small(small, &srs.lagrange[filled.first..][..small.len()]);
    match last {
        Some(rows) => given + msm::full(rows, &srs.lagrange[values.len() - rows.len()..]),
        None => given,
    }
}
