//! The quotient of the identities by X^n - 1, coset by coset.
//!
//! On a coset c H the divisor is the constant c^n - 1. The quotient h = sum_i X^(n i) h_i has as
//! many pieces as there are cosets; on coset j it equals sum_i t_j^i h_i with t_j = c_j^n, so the
//! pieces' coefficients follow from those of the cosets by one small linear system.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use rayon::prelude::*;

use super::graph::Compiled;
use super::opening::combine;
use crate::algebra::domain::Domain;
use crate::algebra::field::powers;

/// Rows evaluated by one thread at a time.
const CHUNK: usize = 1 << 12;

/// Pieces of the quotient; `columns` are polynomials at their offsets, the polynomial X is added
/// behind them. `report` is called with the parts done and all parts.
pub fn pieces(
    domain: &Domain,
    columns: &[&[Fr]],
    identities: &Compiled,
    report: &dyn Fn(usize, usize),
) -> Vec<Vec<Fr>> {
    let parts = 4 * domain.cosets.len();
    let mut values = vec![vec![Fr::ZERO; domain.n]; columns.len() + 1];
    let on_cosets = domain.cosets.iter().enumerate().map(|(number, coset)| {
        let step = |part: usize| report(4 * number + part, parts);
        fill(domain, columns, *coset, &mut values, &step);
        let quotient = on_coset(domain, &values, identities, *coset);
        step(4);
        domain.from_coset(quotient, *coset)
    });
    separate(domain, on_cosets.collect())
}

/// The columns' values on a coset, and behind them those of X.
fn fill(
    domain: &Domain,
    columns: &[&[Fr]],
    coset: Fr,
    values: &mut [Vec<Fr>],
    step: &dyn Fn(usize),
) {
    let weights = domain.weights(coset);
    let (x, values) = values.split_last_mut().expect("the column of X");
    let third = columns.len().div_ceil(3);
    let thirds = columns.chunks(third).zip(values.chunks_mut(third));
    for (part, (columns, values)) in thirds.enumerate() {
        let pairs = columns.par_iter().zip(values);
        pairs.for_each(|(column, values)| domain.on_coset(column, &weights, values));
        step(part + 1);
    }
    for (x, root) in x.iter_mut().zip(powers(domain.omega)) {
        *x = root * coset;
    }
}

fn on_coset(domain: &Domain, values: &[Vec<Fr>], identities: &Compiled, coset: Fr) -> Vec<Fr> {
    let divisor = coset.pow_vartime([domain.n as u64]) - Fr::ONE;
    let share = divisor.invert().expect("a coset is apart from the roots");
    let mut quotient = vec![Fr::ZERO; domain.n];
    let chunks = quotient.par_chunks_mut(CHUNK).enumerate();
    chunks.for_each(|(i, chunk)| {
        identities.evaluate(values, i * CHUNK, chunk);
        chunk.iter_mut().for_each(|value| *value *= share);
    });
    quotient
}

/// Solve p_j = sum_i t_j^i h_i for the h_i.
fn separate(domain: &Domain, on_cosets: Vec<Vec<Fr>>) -> Vec<Vec<Fr>> {
    let shifts = domain.cosets.iter();
    let shifts: Vec<Fr> = shifts.map(|c| c.pow_vartime([domain.n as u64])).collect();
    let inverse = inverse_vandermonde(&shifts);
    let piece = |row: &Vec<Fr>| {
        let terms = on_cosets.iter().map(|p| &p[..]).zip(row.iter().copied());
        combine(terms)
    };
    inverse.iter().map(piece).collect()
}

/// Row i holds the coefficients of X^i of the polynomials that are 1 at one point, 0 at the others.
fn inverse_vandermonde(points: &[Fr]) -> Vec<Vec<Fr>> {
    let basis: Vec<Vec<Fr>> = (0..points.len())
        .map(|one| {
            let values: Vec<Fr> = (0..points.len())
                .map(|i| Fr::from(u64::from(i == one)))
                .collect();
            halo2_axiom::arithmetic::lagrange_interpolate(points, &values)
        })
        .collect();
    let row = |power: usize| basis.iter().map(|polynomial| polynomial[power]).collect();
    (0..points.len()).map(row).collect()
}
