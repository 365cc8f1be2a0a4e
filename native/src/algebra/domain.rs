//! Polynomials of degree below 2^k: values on the roots of unity, coefficients, values on a coset.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{Field, PrimeField, WithSmallOrderMulGroup};
use rayon::prelude::*;

use super::field::powers;
use super::transform::{bit_reversed_powers, Transform};

/// Values worked on by one thread at a time.
const CHUNK: usize = 1 << 12;

/// The 2^k-th roots of unity, and as many cosets as the quotient has pieces.
#[derive(Clone, Debug)]
pub struct Domain {
    pub k: u32,
    pub n: usize,
    pub omega: Fr,
    /// A coset is this times the roots of unity.
    pub cosets: Vec<Fr>,
    transform: Transform,
}

impl Domain {
    /// The cosets of halo2's domain for gates of a degree: zeta times roots of a larger order.
    pub fn new(k: u32, degree: usize) -> Self {
        let pieces = degree - 1;
        let larger = root_of_unity(k + (pieces as u32 + 1).next_power_of_two().ilog2());
        Domain {
            k,
            n: 1 << k,
            omega: root_of_unity(k),
            cosets: powers(larger).take(pieces).map(|p| p * Fr::ZETA).collect(),
            transform: Transform::new(k, root_of_unity(k)),
        }
    }

    /// omega^rotation times a point.
    pub fn rotate(&self, point: Fr, rotation: i32) -> Fr {
        let exponent = rotation.rem_euclid(self.n as i32) as u64;
        point * self.omega.pow_vartime([exponent])
    }

    /// Bit-reversed coefficients of the polynomial with these values on the roots of unity.
    pub fn coefficients(&self, mut values: Vec<Fr>) -> Vec<Fr> {
        self.transform.backward(&mut values);
        let share = Fr::from(self.n as u64).invert().expect("a power of two");
        let chunks = values.par_chunks_mut(CHUNK);
        chunks.for_each(|chunk| chunk.iter_mut().for_each(|value| *value *= share));
        values
    }

    /// Values on a coset, in order of the roots' exponents; `weights` are the coset's bit-reversed
    /// powers.
    pub fn on_coset(&self, coefficients: &[Fr], weights: &[Fr], values: &mut [Fr]) {
        let parts = coefficients
            .par_chunks(CHUNK)
            .zip(weights.par_chunks(CHUNK));
        let parts = parts.zip(values.par_chunks_mut(CHUNK));
        parts.for_each(|((coefficients, weights), values)| {
            for ((value, c), weight) in values.iter_mut().zip(coefficients).zip(weights) {
                *value = *c * weight;
            }
        });
        self.transform.forward(values);
    }

    /// Bit-reversed coefficients of the polynomial of degree below n with these values on a coset.
    pub fn from_coset(&self, values: Vec<Fr>, coset: Fr) -> Vec<Fr> {
        let mut coefficients = self.coefficients(values);
        let turned = self.weights(coset.invert().expect("a coset is not zero"));
        let pairs = coefficients.par_iter_mut().with_min_len(CHUNK).zip(&turned);
        pairs.for_each(|(coefficient, weight)| *coefficient *= weight);
        coefficients
    }

    /// The powers of a point in bit-reversed order.
    pub fn weights(&self, point: Fr) -> Vec<Fr> {
        bit_reversed_powers(point, self.k)
    }
}

/// A primitive root of unity of order 2^k.
pub fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// The value of a polynomial at a point, from its bit-reversed coefficients and the point's powers.
pub fn evaluate(coefficients: &[Fr], weights: &[Fr]) -> Fr {
    let chunks = coefficients
        .par_chunks(CHUNK)
        .zip(weights.par_chunks(CHUNK));
    let value = |(some, weights): (&[Fr], &[Fr])| -> Fr {
        some.iter()
            .zip(weights)
            .map(|(c, weight)| *c * weight)
            .sum()
    };
    chunks.map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::super::transform::reorder;
    use super::*;
    use halo2_axiom::poly::EvaluationDomain;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn random(count: usize) -> Vec<Fr> {
        let mut draws = ChaCha20Rng::seed_from_u64(7);
        (0..count).map(|_| Fr::random(&mut draws)).collect()
    }

    fn horner(bit_reversed: &[Fr], point: Fr) -> Fr {
        let natural = reorder(bit_reversed);
        natural
            .iter()
            .rev()
            .fold(Fr::ZERO, |sum, c| sum * point + c)
    }

    #[test]
    fn transforms_agree_with_evaluation() {
        for k in 0..7 {
            agrees(&Domain::new(k, 4));
        }
    }

    #[test]
    fn large_transforms_are_those_of_halo2() {
        let (k, values) = (15, random(1 << 15));
        let domain = Domain::new(k, 4);
        let theirs = EvaluationDomain::new(4, k);
        let natural = theirs.lagrange_to_coeff(theirs.lagrange_from_vec(values.clone()));
        let coefficients = domain.coefficients(values);
        assert!(reorder(&coefficients) == natural.to_vec());
        let mut found = vec![Fr::ZERO; domain.n];
        domain.on_coset(&coefficients, &domain.weights(domain.cosets[1]), &mut found);
        let theirs = theirs.coeff_to_extended_part(natural, domain.cosets[1] * Fr::ZETA.square());
        assert!(found == theirs.to_vec());
    }

    fn agrees(domain: &Domain) {
        let values = random(domain.n);
        let coefficients = domain.coefficients(values.clone());
        for (row, value) in values.iter().enumerate() {
            let point = domain.rotate(Fr::ONE, row as i32);
            assert_eq!(horner(&coefficients, point), *value);
            assert_eq!(evaluate(&coefficients, &domain.weights(point)), *value);
        }
        for coset in &domain.cosets {
            let mut found = vec![Fr::ZERO; domain.n];
            domain.on_coset(&coefficients, &domain.weights(*coset), &mut found);
            for (row, value) in found.iter().enumerate() {
                let point = domain.rotate(*coset, row as i32);
                assert_eq!(horner(&coefficients, point), *value);
            }
            assert_eq!(domain.from_coset(found, *coset), coefficients);
        }
    }

    #[test]
    fn cosets_are_apart_from_each_other_and_from_the_roots() {
        for degree in 2..=6 {
            let domain = Domain::new(6, degree);
            let mut powers: Vec<Fr> = domain.cosets.iter().map(|c| c.pow([64])).collect();
            powers.push(Fr::ONE);
            assert_eq!(powers.len(), degree);
            for (i, one) in powers.iter().enumerate() {
                assert!(!powers[i + 1..].contains(one));
            }
        }
    }
}
