//! Proving and verifying keys, their files, and what describes a circuit to its verifiers.

pub mod configure;
pub mod describe;
pub mod digest;
pub mod proof_layout;
mod proving;
mod verifying;

pub use proving::{fits, keygen, Keys};
pub use verifying::{About, Verifying};
