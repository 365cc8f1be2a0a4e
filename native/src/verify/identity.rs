//! The identity at x: every polynomial of gates and permutation, folded by y, is the quotient times
//! x^n - 1. docs/native/FORMAT.md, section 4.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{Field, PrimeField};
use halo2_axiom::plonk::{Any, Column, Expression};

use super::inverse;
use super::proof::{Cell, Kind, Proof};
use crate::algebra::domain::root_of_unity;
use crate::algebra::field::powers;
use crate::error::Result;
use crate::keys::configure::System;
use crate::keys::Verifying;

/// What rows are at x: row i stands at omega^i, and l_i is 1 there and 0 on the other rows.
pub struct Rows {
    pub x: Fr,
    pub omega: Fr,
    pub x_to_n: Fr,
    /// 1 / (x^n - 1)
    over_vanishing: Fr,
    l_0: Fr,
    l_last: Fr,
    l_active: Fr,
    /// The instance column: the prover does not claim its value.
    instance: Fr,
}

impl Rows {
    pub fn new(verifying: &Verifying, x: Fr, instances: &[Fr]) -> Result<Self> {
        let (k, system) = (verifying.about.shape.k, &verifying.system);
        let (n, omega) = (1u64 << k, root_of_unity(k));
        let x_to_n = x.pow_vartime([n]);
        let over_n = inverse(Fr::from(n))?;
        let at = |row: i64| -> Result<Fr> {
            let root = omega.pow_vartime([row.rem_euclid(n as i64) as u64]);
            Ok((x_to_n - Fr::ONE) * over_n * root * inverse(x - root)?)
        };
        let last = i64::from(system.chaining_rotation());
        let ends = (last..0).map(at).sum::<Result<Fr>>()?;
        let rows = instances.iter().zip(0..);
        let public = rows.map(|(word, row)| Ok(*word * at(row)?));
        Ok(Rows {
            x,
            omega,
            x_to_n,
            over_vanishing: inverse(x_to_n - Fr::ONE)?,
            l_0: at(0)?,
            l_last: at(last)?,
            l_active: Fr::ONE - ends,
            instance: public.sum::<Result<Fr>>()?,
        })
    }

    /// omega^rotation x.
    pub fn rotate(&self, rotation: i32) -> Fr {
        let root = match rotation < 0 {
            true => self.omega.invert().expect("a root of unity"),
            false => self.omega,
        };
        self.x * root.pow_vartime([u64::from(rotation.unsigned_abs())])
    }
}

/// The quotient at x, as the claimed values and the instances demand it.
pub fn quotient_value(system: &System, proof: &Proof, rows: &Rows) -> Result<Fr> {
    let value = |(kind, column, rotation): Cell| match kind {
        Kind::Instance => rows.instance,
        _ => proof.values.cells[&(kind, column, rotation)],
    };
    let gates = system.cs.gates().iter().flat_map(|gate| gate.polynomials());
    let gates = gates.map(|polynomial| evaluate(polynomial, &value, &proof.gates));
    let copies = copies(system, proof, rows, &value);
    let folded = gates
        .chain(copies)
        .fold(Fr::ZERO, |sum, identity| sum * proof.y + identity);
    Ok(folded * rows.over_vanishing)
}

fn evaluate(polynomial: &Expression<Fr>, value: &impl Fn(Cell) -> Fr, challenges: &[Fr]) -> Fr {
    polynomial.evaluate(
        &|constant| constant,
        &|_| unreachable!("the circuits have no selectors"),
        &|query| value((Kind::Fixed, query.column_index(), query.rotation().0)),
        &|query| value((Kind::Advice, query.column_index(), query.rotation().0)),
        &|query| value((Kind::Instance, query.column_index(), query.rotation().0)),
        &|challenge| challenges[challenge.index()],
        &|inner: Fr| -inner,
        &|left, right| left + right,
        &|left, right| left * right,
        &|inner, scalar| inner * scalar,
    )
}

/// The permutation's polynomials at x.
fn copies(system: &System, proof: &Proof, rows: &Rows, value: &impl Fn(Cell) -> Fr) -> Vec<Fr> {
    let products = &proof.values.grand_products;
    let (first, last) = (&products[0], &products[products.len() - 1]);
    let mut found = vec![
        rows.l_0 * (Fr::ONE - first.now),
        rows.l_last * (last.now.square() - last.now),
    ];
    for (before, z) in products.iter().zip(&products[1..]) {
        let end = before.end.expect("all but the last have one");
        found.push(rows.l_0 * (z.now - end));
    }
    let columns = system.cs.permutation().get_columns();
    let values: Vec<Fr> = columns
        .iter()
        .map(|column| value((kind(column), column.index(), 0)))
        .collect();
    let identities = powers(Fr::DELTA).map(|power| power * rows.x);
    let cells: Vec<(Fr, Fr, Fr)> = values
        .into_iter()
        .zip(&proof.values.sigma)
        .zip(identities)
        .map(|((value, sigma), identity)| (value, *sigma, identity))
        .collect();
    let (beta, gamma) = (proof.beta, proof.gamma);
    for (z, cells) in products.iter().zip(cells.chunks(system.chunk())) {
        let (mut moved, mut kept) = (z.following, z.now);
        for (value, sigma, identity) in cells {
            moved *= *value + beta * sigma + gamma;
            kept *= *value + beta * identity + gamma;
        }
        found.push(rows.l_active * (moved - kept));
    }
    found
}

fn kind(column: &Column<Any>) -> Kind {
    match column.column_type() {
        Any::Advice(_) => Kind::Advice,
        Any::Fixed => Kind::Fixed,
        Any::Instance => Kind::Instance,
    }
}
