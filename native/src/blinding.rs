//! The prover's randomness, with the image column's part set apart.
//!
//! halo2 fills the last rows of every advice column from one generator, column by column. The
//! image column is the first, so its rows take the generator's first draws. Taking these from the
//! image's own seed makes the column, and its commitment, a function of image, salt and seed
//! alone: a consumer can compute the commitment before any proof exists.

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Error, RngCore, SeedableRng};

use crate::program::UNUSABLE_ROWS;

/// Bytes of one field element's draw.
const DRAW: usize = 64;

/// First the image's draws, then the proof's.
pub struct Blinding {
    image: ChaCha20Rng,
    proof: ChaCha20Rng,
    left: usize,
}

impl Blinding {
    /// Both seeds are secret: with them the blinding could be taken off.
    pub fn new(image_seed: [u8; 32], proof_seed: [u8; 32]) -> Self {
        Blinding {
            image: ChaCha20Rng::from_seed(image_seed),
            proof: ChaCha20Rng::from_seed(proof_seed),
            left: UNUSABLE_ROWS * DRAW,
        }
    }
}

impl RngCore for Blinding {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let ours = bytes.len().min(self.left);
        self.image.fill_bytes(&mut bytes[..ours]);
        self.proof.fill_bytes(&mut bytes[ours..]);
        self.left -= ours;
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Blinding {}
