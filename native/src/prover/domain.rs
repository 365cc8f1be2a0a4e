//! Polynomials of degree below 2^k: values on the roots of unity, coefficients, values on a coset.

use halo2_axiom::arithmetic::best_fft;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{Field, PrimeField, WithSmallOrderMulGroup};
use halo2_axiom::poly::EvaluationDomain;
use rayon::prelude::*;

/// Values multiplied by one thread at a time.
const CHUNK: usize = 1 << 12;

/// The 2^k-th roots of unity, and as many cosets as the quotient has pieces.
#[derive(Clone, Debug)]
pub struct Domain {
    pub k: u32,
    pub n: usize,
    pub omega: Fr,
    /// A coset is this times the roots of unity.
    pub cosets: Vec<Fr>,
    transform: EvaluationDomain<Fr>,
}

impl Domain {
    /// The cosets of halo2's domain for gates of a degree: zeta times roots of a larger order.
    pub fn new(k: u32, degree: usize) -> Self {
        let pieces = degree - 1;
        let larger = k + (pieces as u32 + 1).next_power_of_two().ilog2();
        let root = (larger..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let transform = EvaluationDomain::new(2, k);
        Domain {
            k,
            n: 1 << k,
            omega: transform.get_omega(),
            cosets: powers(root).take(pieces).map(|p| p * Fr::ZETA).collect(),
            transform,
        }
    }

    /// omega^rotation times a point.
    pub fn rotate(&self, point: Fr, rotation: i32) -> Fr {
        let turns = rotation.rem_euclid(self.n as i32) as u64;
        point * self.omega.pow_vartime([turns])
    }

    /// Coefficients of the polynomial with these values on the roots of unity.
    pub fn coefficients(&self, mut values: Vec<Fr>) -> Vec<Fr> {
        let data = self.transform.get_fft_data(self.n);
        best_fft(
            &mut values,
            self.transform.get_omega_inv(),
            self.k,
            data,
            true,
        );
        let share = Fr::from(self.n as u64).invert().expect("a power of two");
        values
            .par_chunks_mut(CHUNK)
            .for_each(|chunk| chunk.iter_mut().for_each(|value| *value *= share));
        values
    }

    /// Values on a coset, in order of the roots' exponents.
    pub fn on_coset(&self, coefficients: &[Fr], coset: Fr) -> Vec<Fr> {
        let mut values = scaled(coefficients, coset);
        values.resize(self.n, Fr::ZERO);
        let data = self.transform.get_fft_data(self.n);
        best_fft(&mut values, self.omega, self.k, data, false);
        values
    }

    /// Coefficients of the polynomial of degree below n with these values on a coset.
    pub fn from_coset(&self, values: Vec<Fr>, coset: Fr) -> Vec<Fr> {
        let coefficients = self.coefficients(values);
        scaled(&coefficients, coset.invert().expect("a coset is not zero"))
    }
}

/// 1, base, base^2, ...
pub fn powers(base: Fr) -> impl Iterator<Item = Fr> {
    std::iter::successors(Some(Fr::ONE), move |power| Some(power * base))
}

/// Each value times the next power of a factor.
fn scaled(values: &[Fr], factor: Fr) -> Vec<Fr> {
    let chunks = values.par_chunks(CHUNK).enumerate();
    let chunk = |(i, values): (usize, &[Fr])| {
        let mut power = factor.pow_vartime([(i * CHUNK) as u64]);
        let scale = move |value: &Fr| {
            let scaled = value * power;
            power *= factor;
            scaled
        };
        values.iter().map(scale).collect::<Vec<Fr>>()
    };
    chunks.flat_map_iter(chunk).collect()
}

/// The value of a polynomial at a point.
pub fn evaluate(coefficients: &[Fr], point: Fr) -> Fr {
    let chunks = coefficients.par_chunks(CHUNK).enumerate();
    let value = |(i, chunk): (usize, &[Fr])| {
        let value = chunk.iter().rev().fold(Fr::ZERO, |sum, c| sum * point + c);
        value * point.pow_vartime([(i * CHUNK) as u64])
    };
    chunks.map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn random(count: usize) -> Vec<Fr> {
        let mut draws = ChaCha20Rng::seed_from_u64(7);
        (0..count).map(|_| Fr::random(&mut draws)).collect()
    }

    #[test]
    fn transforms_agree_with_evaluation() {
        let domain = Domain::new(5, 4);
        let values = random(domain.n);
        let coefficients = domain.coefficients(values.clone());
        for (row, value) in values.iter().enumerate() {
            let point = domain.rotate(Fr::ONE, row as i32);
            assert_eq!(evaluate(&coefficients, point), *value);
        }
        for coset in &domain.cosets {
            let found = domain.on_coset(&coefficients, *coset);
            for (row, value) in found.iter().enumerate() {
                let point = domain.rotate(*coset, row as i32);
                assert_eq!(evaluate(&coefficients, point), *value);
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
