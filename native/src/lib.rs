//! halo2 circuits for integer neural networks (docs/NATIVE.md).

pub mod algebra;
pub mod bench;
pub mod check;
pub mod circuit;
pub mod error;
pub mod keys;
pub mod program;
pub mod prove;
pub mod prover;
#[cfg(feature = "python")]
mod python;
pub mod srs;
pub mod transcript;
pub mod verify;
pub mod witness;
