//! The cells of one run of a network: those that the caller gives, and all that follow from them.

pub mod accumulators;
pub mod advice;
pub mod hash_states;
pub mod phase_1;
pub mod synthesis;

pub use phase_1::Cells;
pub use synthesis::{NetworkCircuit, Tamper};
