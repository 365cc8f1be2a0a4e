//! SHPLONK: that all committed polynomials have the claimed values, by one pairing.
//! docs/native/FORMAT.md, section 5.

use halo2_axiom::arithmetic::{eval_polynomial, lagrange_interpolate};
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine, G1};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::halo2curves::pairing::Engine;

use super::identity::Rows;
use super::inverse;
use super::proof::{Kind, Proof};
use crate::algebra::field::powers;
use crate::error::Result;
use crate::keys::configure::System;
use crate::keys::Verifying;

/// A commitment, and the values that are claimed for it, by rotation.
struct Opened {
    commitment: G1,
    values: Vec<(i32, Fr)>,
}

/// Commitments that are opened at the same points.
struct Group {
    /// Z at U: 0 where U is one of the points.
    zeros: Fr,
    /// Of each commitment, the polynomial of least degree through its values, at U.
    terms: Vec<(G1, Fr)>,
}

/// Whether all claims hold, and that the quotient has this value at x.
pub fn openings_hold(
    verifying: &Verifying,
    proof: &Proof,
    rows: &Rows,
    quotient: Fr,
) -> Result<bool> {
    let (system, opening) = (&verifying.system, &proof.opening);
    let mut groups = grouped(claims(system, proof, rows, quotient), rows, opening.u);
    groups.push(packed(verifying, proof));
    let first = groups[0].zeros;
    let mut sum = opening.w_prime * opening.u - opening.w * first;
    let mut claimed = Fr::ZERO;
    for (group, v_power) in groups.iter().zip(powers(opening.v)) {
        let scale = v_power * first * inverse(group.zeros)?;
        for ((commitment, value), y_power) in group.terms.iter().zip(powers(opening.y)) {
            sum += *commitment * (scale * y_power);
            claimed += scale * y_power * value;
        }
    }
    let srs = &verifying.srs;
    let sum = (sum - srs.g1 * claimed).to_affine();
    Ok(Bn256::pairing(&opening.w_prime, &srs.s_g2) == Bn256::pairing(&sum, &srs.g2))
}

/// What is opened by itself, in order of the first claim.
fn claims(system: &System, proof: &Proof, rows: &Rows, quotient: Fr) -> Vec<Opened> {
    let values = &proof.values;
    let advice = system.cs.advice_queries().iter();
    let mut found = columns(
        advice.map(|(column, rotation)| (column.index(), rotation.0)),
        |column| proof.advice[column],
        |column, rotation| values.cells[&(Kind::Advice, column, rotation)],
    );
    for (point, z) in proof.grand_products.iter().zip(&values.grand_products) {
        let end = z.end.map(|end| (system.chaining_rotation(), end));
        let values = [(0, z.now), (1, z.following)].into_iter().chain(end);
        found.push(Opened {
            commitment: point.into(),
            values: values.collect(),
        });
    }
    let place = |column| system.secret.iter().position(|secret| *secret == column);
    found.extend(columns(
        system.secret_queries().map(|(column, r)| (column, r.0)),
        |column| proof.secret[place(column).expect("a secret column")],
        |column, rotation| values.cells[&(Kind::Fixed, column, rotation)],
    ));
    let pieces = proof.pieces.iter().zip(powers(rows.x_to_n));
    found.push(Opened {
        commitment: pieces.map(|(point, power)| *point * power).sum(),
        values: vec![(0, quotient)],
    });
    found.push(Opened {
        commitment: proof.random.into(),
        values: vec![(0, values.random)],
    });
    found
}

/// Columns in order of their first queries, each with the values of all its queries.
fn columns(
    queries: impl Iterator<Item = (usize, i32)>,
    point: impl Fn(usize) -> G1Affine,
    value: impl Fn(usize, i32) -> Fr,
) -> Vec<Opened> {
    let (mut order, mut found) = (Vec::new(), Vec::<Opened>::new());
    for (column, rotation) in queries {
        let value = (rotation, value(column, rotation));
        match order.iter().position(|known| *known == column) {
            Some(place) => found[place].values.push(value),
            None => {
                order.push(column);
                found.push(Opened {
                    commitment: point(column).into(),
                    values: vec![value],
                });
            }
        }
    }
    found
}

/// By set of points, in order of the first claim.
fn grouped(opened: Vec<Opened>, rows: &Rows, u: Fr) -> Vec<Group> {
    let mut groups: Vec<(Vec<i32>, Group)> = Vec::new();
    for mut one in opened {
        one.values.sort_unstable_by_key(|(rotation, _)| *rotation);
        let (rotations, values): (Vec<i32>, Vec<Fr>) = one.values.into_iter().unzip();
        let points: Vec<Fr> = rotations.iter().map(|r| rows.rotate(*r)).collect();
        let value = eval_polynomial(&lagrange_interpolate(&points, &values), u);
        let term = (one.commitment, value);
        match groups.iter_mut().find(|(found, _)| *found == rotations) {
            Some((_, group)) => group.terms.push(term),
            None => {
                let zeros = points.iter().map(|point| u - point).product();
                let terms = vec![term];
                groups.push((rotations, Group { zeros, terms }));
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The packed polynomials, at all t-th roots of x: there P is the sum of U^j f_j(x).
fn packed(verifying: &Verifying, proof: &Proof) -> Group {
    let (system, u) = (&verifying.system, proof.opening.u);
    let packing = verifying.about.shape.packing;
    let cells = system.packed.iter();
    let values = cells.map(|column| proof.values.cells[&(Kind::Fixed, *column, 0)]);
    let values: Vec<Fr> = values.chain(proof.values.sigma.iter().copied()).collect();
    let claimed = values.chunks(packing).map(|part| eval_polynomial(part, u));
    let points = verifying.packed.iter().map(|point| point.into());
    Group {
        zeros: u.pow_vartime([packing as u64]) - proof.x,
        terms: points.zip(claimed).collect(),
    }
}
