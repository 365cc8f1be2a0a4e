//! SHPLONK: one proof for all polynomials at all points (Boneh, Drake, Fisch, Gabizon 2020).
//!
//! Letters are those of docs/native/FORMAT.md, section 5, and of `prover/verify/opening.py`.

use std::io;

use halo2_axiom::arithmetic::{kate_division, lagrange_interpolate};
use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::transcript::TranscriptWrite;
use rayon::prelude::*;

use crate::algebra::domain::{evaluate, Domain};
use crate::algebra::field::powers;
use crate::algebra::msm;
use crate::algebra::transform::reorder;
use crate::srs::Srs;
use crate::transcript::HashChallenge;

/// A polynomial (bit-reversed coefficients) is opened at omega^rotation x.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    pub polynomial: &'a [Fr],
    pub rotation: i32,
}

/// Polynomials that are opened at the same points, in order of their first queries.
struct Group<'a> {
    rotations: Vec<i32>,
    polynomials: Vec<&'a [Fr]>,
}

/// Write the two points that open all queries at x.
pub fn open<T: TranscriptWrite<G1Affine, HashChallenge>>(
    srs: &Srs,
    domain: &Domain,
    x: Fr,
    queries: &[Query<'_>],
    transcript: &mut T,
) -> io::Result<()> {
    let y = *transcript.squeeze_challenge_scalar::<()>();
    let v = *transcript.squeeze_challenge_scalar::<()>();
    let groups: Vec<Combined> = groups(queries)
        .iter()
        .map(|group| Combined::new(domain, x, group, y))
        .collect();
    let v_powers: Vec<Fr> = powers(v).take(groups.len()).collect();
    let quotients: Vec<Vec<Fr>> = groups.iter().map(Combined::quotient).collect();
    let polynomials = quotients.iter().map(|q| &q[..]);
    let w = combine(polynomials.zip(v_powers.iter().copied()));
    transcript.write_point(msm::full(&w, &srs.powers[..w.len()]).to_affine())?;

    let u = *transcript.squeeze_challenge_scalar::<()>();
    let w_prime = linearised(&groups, &v_powers, &w, u);
    transcript.write_point(msm::full(&w_prime, &srs.powers[..w_prime.len()]).to_affine())
}

fn groups<'a>(queries: &[Query<'a>]) -> Vec<Group<'a>> {
    let mut by_polynomial: Vec<(&[Fr], Vec<i32>)> = Vec::new();
    for query in queries {
        let same = |(polynomial, _): &&mut (&[Fr], Vec<i32>)| {
            std::ptr::eq(polynomial.as_ptr(), query.polynomial.as_ptr())
        };
        match by_polynomial.iter_mut().find(same) {
            Some((_, rotations)) => rotations.push(query.rotation),
            None => by_polynomial.push((query.polynomial, vec![query.rotation])),
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (polynomial, mut rotations) in by_polynomial {
        rotations.sort_unstable();
        rotations.dedup();
        match groups.iter_mut().find(|group| group.rotations == rotations) {
            Some(group) => group.polynomials.push(polynomial),
            None => groups.push(Group {
                rotations,
                polynomials: vec![polynomial],
            }),
        }
    }
    groups
}

/// A group's polynomials as one, in natural order, with its values at the group's points.
struct Combined {
    polynomial: Vec<Fr>,
    points: Vec<Fr>,
    /// The polynomial of least degree with the same values at the points.
    remainder: Vec<Fr>,
}

impl Combined {
    fn new(domain: &Domain, x: Fr, group: &Group<'_>, y: Fr) -> Self {
        let bit_reversed = combine(group.polynomials.iter().copied().zip(powers(y)));
        let rotations = group.rotations.iter();
        let points: Vec<Fr> = rotations.map(|r| domain.rotate(x, *r)).collect();
        let value = |point: &Fr| evaluate(&bit_reversed, &domain.weights(*point));
        let values: Vec<Fr> = points.iter().map(value).collect();
        let remainder = lagrange_interpolate(&points, &values);
        let polynomial = reorder(&bit_reversed);
        Combined {
            polynomial,
            points,
            remainder,
        }
    }

    fn remainder_at(&self, u: Fr) -> Fr {
        let coefficients = self.remainder.iter().rev();
        coefficients.fold(Fr::ZERO, |sum, coefficient| sum * u + coefficient)
    }

    /// (polynomial - remainder) divided by what is zero at the points.
    fn quotient(&self) -> Vec<Fr> {
        let mut difference = self.polynomial.clone();
        for (coefficient, of_remainder) in difference.iter_mut().zip(&self.remainder) {
            *coefficient -= of_remainder;
        }
        let points = self.points.iter();
        points.fold(difference, |rest, point| kate_division(&rest, *point))
    }
}

/// The polynomial of W': what is zero at u if W is right, divided by X - u and by D of the first
/// group.
fn linearised(groups: &[Combined], v_powers: &[Fr], w: &[Fr], u: Fr) -> Vec<Fr> {
    let all = distinct(groups.iter().flat_map(|group| &group.points));
    let outside = |points: &[Fr]| -> Fr {
        let others = all.iter().filter(|point| !points.contains(point));
        others.map(|point| u - point).product()
    };
    let outsides: Vec<Fr> = groups.iter().map(|group| outside(&group.points)).collect();
    let scalars: Vec<Fr> = outsides.iter().zip(v_powers).map(|(d, v)| *d * v).collect();
    let constants = groups.iter().zip(&scalars);
    let constant: Fr = constants
        .map(|(group, scalar)| *scalar * group.remainder_at(u))
        .sum();
    let vanishing = outside(&[]);
    let polynomials = groups.iter().map(|group| &group.polynomial[..]);
    let mut sum = combine(polynomials.zip(scalars).chain([(w, -vanishing)]));
    sum[0] -= constant;
    let mut w_prime = kate_division(&sum, u);
    let share = outsides[0].invert().expect("u is none of the points");
    w_prime
        .par_iter_mut()
        .for_each(|coefficient| *coefficient *= share);
    w_prime
}

fn distinct<'a>(points: impl Iterator<Item = &'a Fr>) -> Vec<Fr> {
    let mut found = Vec::new();
    for point in points {
        if !found.contains(point) {
            found.push(*point);
        }
    }
    found
}

/// The sum of each polynomial times its scalar.
pub fn combine<'a>(terms: impl Iterator<Item = (&'a [Fr], Fr)>) -> Vec<Fr> {
    let terms: Vec<(&[Fr], Fr)> = terms.collect();
    let length = terms.iter().map(|(p, _)| p.len()).max().unwrap_or(0);
    let mut sum = vec![Fr::ZERO; length];
    let chunks = sum.par_chunks_mut(1 << 10).enumerate();
    chunks.for_each(|(i, chunk)| {
        for (polynomial, scalar) in &terms {
            let part = polynomial.get(i << 10..).unwrap_or(&[]);
            for (total, coefficient) in chunk.iter_mut().zip(part) {
                *total += *coefficient * scalar;
            }
        }
    });
    sum
}
