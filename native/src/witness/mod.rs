//! One execution of a network: what the caller knows of it, and all advice that follows.

pub mod accumulators;
pub mod advice;
pub mod hash_states;
pub mod phase_1;
pub mod synthesis;

pub use phase_1::Witness;
pub use synthesis::{NetworkCircuit, Tamper};
