//! The prover: halo2's argument, made in less time and memory than by halo2's prover.
//!
//! The order of messages is halo2's, but that hidden weights' points come first: advice of the first phase, challenges of the gates, advice of
//! the second, (theta), beta, gamma, grand products, a random polynomial, y, pieces of the
//! quotient, x, evaluations, two points that open them. Columns become coefficients as soon as they
//! are committed to, the quotient is computed coset by coset by one compiled graph of all gates,
//! and commitments to columns of integers take time by the integers' length.

pub mod blinding;
pub mod column;
pub mod graph;
mod identities;
mod in_progress;
mod opening;
pub mod packed;
pub mod permutation;
mod quotient;

pub use in_progress::{ProofInProgress, Proving};
