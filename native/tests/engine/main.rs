//! Tests of the crate through its public face, in one binary.

mod circuit;
mod declared;
mod digest;
mod hiding;
mod points;
mod program;
mod proofs;
mod secret;
mod tiny;
