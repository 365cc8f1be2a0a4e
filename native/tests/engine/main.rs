//! Tests of the crate through its public face, in one binary.

mod circuit;
mod program;
mod proofs;
mod tiny;
