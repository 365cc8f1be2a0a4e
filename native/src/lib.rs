//! halo2 circuits for integer neural networks (docs/NATIVE.md).

pub mod accumulate;
pub mod assignment;
pub mod bench;
pub mod blinding;
pub mod cells;
pub mod check;
pub mod circuit;
pub mod copies;
pub mod describe;
pub mod digest;
pub mod error;
mod given;
pub mod hashing;
pub mod hidden;
pub mod keys;
pub mod layout;
pub mod network;
pub mod program;
pub mod prove;
pub mod prover;
#[cfg(feature = "python")]
mod python;
pub mod sections;
pub mod srs;
pub mod transcript;
pub mod verifying;
