//! Proving and verifying keys, their files, and what a verifier is told of a circuit.

pub mod configure;
pub mod describe;
pub mod digest;
pub mod proof_layout;
mod proving;
mod verifying;

pub use proving::{keygen, Keys};
pub use verifying::{About, Verifying};
