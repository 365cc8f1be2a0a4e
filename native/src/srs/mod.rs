//! KZG set-ups: powers of a secret on BN254, in coefficient and Lagrange form.
//!
//! What is read was written by strangers: every point must be finite and on its curve, those of the
//! second group of the prime order. Whether the powers are one secret's is asked by `Srs::check`.

mod check;
mod development;
mod points;
mod setup;

pub use development::development;
pub use setup::{Srs, Verifying};
