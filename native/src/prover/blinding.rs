//! The prover's randomness, with the input column's part set apart.
//!
//! The last rows of every advice column are random. Those of the input column come from a seed of the
//! image's, which makes the column, and its commitment, a function of image, salt and seed alone: a
//! consumer can compute the commitment before any proof exists.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::circuit::rows::UNUSABLE_ROWS;

/// Random rows of a column.
pub type Rows = [Fr; UNUSABLE_ROWS];

/// Both generators are secret: with them the blinding could be taken off.
#[derive(Clone, Debug)]
pub struct Blinding {
    image: ChaCha20Rng,
    proof: ChaCha20Rng,
}

impl Blinding {
    /// `proof_seed` must never serve two proofs.
    pub fn new(image_seed: [u8; 32], proof_seed: [u8; 32]) -> Self {
        Blinding {
            image: ChaCha20Rng::from_seed(image_seed),
            proof: ChaCha20Rng::from_seed(proof_seed),
        }
    }

    /// The last rows of the input column; to be drawn once.
    pub fn input_rows(&mut self) -> Rows {
        [(); UNUSABLE_ROWS].map(|()| Fr::random(&mut self.image))
    }

    /// The last rows of another column.
    pub fn rows(&mut self) -> Rows {
        [(); UNUSABLE_ROWS].map(|()| self.element())
    }

    pub fn element(&mut self) -> Fr {
        Fr::random(&mut self.proof)
    }
}
