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

use super::packed::interleave;
use crate::algebra::domain::{evaluate, Domain};
use crate::algebra::field::powers;
use crate::algebra::transform::reorder;
use crate::srs::Srs;
use crate::transcript::HashChallenge;

/// A polynomial (bit-reversed coefficients) is opened at omega^rotation x.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    pub polynomial: &'a [Fr],
    pub rotation: i32,
}

/// What is opened: polynomials by themselves, in order of their claims, and those that are packed.
pub struct Opened<'a> {
    pub queries: Vec<Query<'a>>,
    pub packed: Vec<&'a [Fr]>,
    pub packing: usize,
}

/// Polynomials that are opened at the same points, in order of their first queries.
struct Group<'a> {
    rotations: Vec<i32>,
    polynomials: Vec<&'a [Fr]>,
}

/// Write the two points that open all of it at x.
pub fn open<T: TranscriptWrite<G1Affine, HashChallenge>>(
    srs: &Srs,
    domain: &Domain,
    x: Fr,
    opened: &Opened<'_>,
    transcript: &mut T,
) -> io::Result<()> {
    let y = *transcript.squeeze_challenge_scalar::<()>();
    let v = *transcript.squeeze_challenge_scalar::<()>();
    let groups = groups(&opened.queries);
    let groups = groups
        .iter()
        .map(|group| Combined::new(domain, x, group, y));
    let packed = Combined::packed(domain, x, opened, y);
    let groups: Vec<Combined> = groups.chain([packed]).collect();
    let v_powers: Vec<Fr> = powers(v).take(groups.len()).collect();
    let quotients = groups.iter().map(|group| &group.quotient[..]);
    let w = combine(quotients.zip(v_powers.iter().copied()));
    transcript.write_point(srs.commit(&w).to_affine())?;

    let u = *transcript.squeeze_challenge_scalar::<()>();
    let w_prime = linearised(&groups, &v_powers, &w, u);
    transcript.write_point(srs.commit(&w_prime).to_affine())
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

/// A group's polynomials as one; all coefficients in natural order.
struct Combined {
    polynomial: Vec<Fr>,
    /// The polynomial of least degree with the same values where Z is zero.
    remainder: Vec<Fr>,
    /// (polynomial - remainder) / Z
    quotient: Vec<Fr>,
    zeros: Zeros,
}

/// The polynomial Z of a group, which is zero at its points.
enum Zeros {
    /// (X - p) for all of them.
    Points(Vec<Fr>),
    /// X^t - x.
    Roots { x: Fr, t: usize },
}

impl Zeros {
    fn at(&self, u: Fr) -> Fr {
        match self {
            Zeros::Points(points) => points.iter().map(|point| u - point).product(),
            Zeros::Roots { x, t } => u.pow_vartime([*t as u64]) - x,
        }
    }
}

impl Combined {
    fn new(domain: &Domain, x: Fr, group: &Group<'_>, y: Fr) -> Self {
        let bit_reversed = combine(group.polynomials.iter().copied().zip(powers(y)));
        let rotations = group.rotations.iter();
        let points: Vec<Fr> = rotations.map(|r| domain.rotate(x, *r)).collect();
        let value = |point: &Fr| evaluate(&bit_reversed, &domain.weights(*point));
        let values: Vec<Fr> = points.iter().map(value).collect();
        let polynomial = reorder(&bit_reversed);
        // What is divided by X - p leaves a remainder of lower degree, which is not in the quotient.
        let divided = |rest: Vec<Fr>, point: &Fr| kate_division(&rest, *point);
        Combined {
            quotient: points.iter().fold(polynomial.clone(), divided),
            remainder: lagrange_interpolate(&points, &values),
            polynomial,
            zeros: Zeros::Points(points),
        }
    }

    /// The packed polynomials; X^t - x divides them part by part, as X - x divides the parts.
    fn packed(domain: &Domain, x: Fr, opened: &Opened<'_>, y: Fr) -> Self {
        let (t, weights) = (opened.packing, domain.weights(x));
        let part = |j: usize| {
            let polynomials = opened.packed.iter().skip(j).step_by(t).copied();
            let bit_reversed = combine(polynomials.zip(powers(y)));
            (evaluate(&bit_reversed, &weights), reorder(&bit_reversed))
        };
        let parts = (0..t.min(opened.packed.len())).map(part);
        let (remainder, parts): (Vec<Fr>, Vec<Vec<Fr>>) = parts.unzip();
        let quotients: Vec<Vec<Fr>> = parts.par_iter().map(|p| kate_division(p, x)).collect();
        Combined {
            polynomial: interleave(&parts, t),
            remainder,
            quotient: interleave(&quotients, t),
            zeros: Zeros::Roots { x, t },
        }
    }

    fn remainder_at(&self, u: Fr) -> Fr {
        let coefficients = self.remainder.iter().rev();
        coefficients.fold(Fr::ZERO, |sum, coefficient| sum * u + coefficient)
    }
}

/// The polynomial of W': what is zero at u if W is right, divided by X - u.
fn linearised(groups: &[Combined], v_powers: &[Fr], w: &[Fr], u: Fr) -> Vec<Fr> {
    let first = groups[0].zeros.at(u);
    let over = |group: &Combined| {
        let inverse = group.zeros.at(u).invert();
        inverse.expect("u is none of the points")
    };
    let scalars = groups.iter().zip(v_powers);
    let scalars: Vec<Fr> = scalars.map(|(group, v)| *v * first * over(group)).collect();
    let constants = groups.iter().zip(&scalars);
    let constant: Fr = constants
        .map(|(group, scalar)| *scalar * group.remainder_at(u))
        .sum();
    let polynomials = groups.iter().map(|group| &group.polynomial[..]);
    let mut sum = combine(polynomials.zip(scalars).chain([(w, -first)]));
    sum[0] -= constant;
    kate_division(&sum, u)
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
