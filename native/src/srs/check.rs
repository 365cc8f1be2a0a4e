//! Whether a set-up is what it seems: consecutive powers of one secret, and their Lagrange form.

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine};
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::halo2curves::pairing::Engine;
use halo2_axiom::poly::EvaluationDomain;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::setup::Srs;
use crate::algebra::msm;
use crate::error::{Error, Result};

impl Srs {
    /// Refuse a set-up that is no secret's. `seed` draws 128 bits a point: it must be secret until
    /// the file is fixed, or a file could be made that passes.
    pub fn check(&self, seed: [u8; 32]) -> Result<()> {
        self.require_generators()?;
        let mut draws = ChaCha20Rng::from_seed(seed);
        let weights: Vec<Fr> = self.powers.iter().map(|_| weight(&mut draws)).collect();
        self.require_powers(&weights)?;
        self.require_lagrange(weights)
    }

    fn require_generators(&self) -> Result<()> {
        let first = self.powers[0] == G1Affine::generator();
        match first && self.g2 == G2Affine::generator() {
            true => Ok(()),
            false => Err(refusal("it does not begin with the groups' generators")),
        }
    }

    /// The sum of weight times power, moved by one power, is the secret's multiple of itself.
    fn require_powers(&self, weights: &[Fr]) -> Result<()> {
        let steps = self.powers.len() - 1;
        let lower = msm::full(&weights[..steps], &self.powers[..steps]).to_affine();
        let upper = msm::full(&weights[..steps], &self.powers[1..]).to_affine();
        match Bn256::pairing(&upper, &self.g2) == Bn256::pairing(&lower, &self.s_g2) {
            true => Ok(()),
            false => Err(refusal("its powers are not consecutive ones of one secret")),
        }
    }

    /// The polynomial that has the weights as values is committed to by both forms alike.
    fn require_lagrange(&self, weights: Vec<Fr>) -> Result<()> {
        let by_values = msm::full(&weights, &self.lagrange);
        let domain = EvaluationDomain::<Fr>::new(1, self.k);
        let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(weights));
        match by_values == msm::full(&coefficients, &self.powers[..1 << self.k]) {
            true => Ok(()),
            false => Err(refusal("its Lagrange form is not that of its powers")),
        }
    }
}

fn weight(draws: &mut ChaCha20Rng) -> Fr {
    Fr::from_raw([draws.next_u64(), draws.next_u64(), 0, 0])
}

fn refusal(reason: &str) -> Error {
    Error::Keys(format!(
        "the set-up is not one: {reason}; get the file again"
    ))
}
