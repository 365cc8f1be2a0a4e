//! The verifier. docs/native/FORMAT.md defines what it accepts; `prover/verify` is the same in
//! Python, `contracts/native` in Solidity.

mod identity;
mod opening;
mod proof;

use halo2_axiom::halo2curves::bn256::Fr;

use crate::error::{Error, Result};
use crate::keys::Verifying;
use identity::{quotient_value, Rows};
use opening::openings_hold;
use proof::Proof;

/// Accept exactly a valid proof of so many instances as the circuit has, with nothing behind it.
pub fn verify(verifying: &Verifying, proof: &[u8], instances: &[Fr]) -> Result<()> {
    let read = Proof::read(verifying, proof, instances)?;
    let rows = Rows::new(verifying, read.x, instances)?;
    let quotient = quotient_value(&verifying.system, &read, &rows)?;
    match openings_hold(verifying, &read, &rows, quotient)? {
        true => Ok(()),
        false => Err(rejected("the pairing check fails")),
    }
}

fn rejected(why: &str) -> Error {
    Error::Rejected(why.to_string())
}

/// Only a challenge that falls on a row, or on a point of the opening, has no inverse.
fn inverse(value: Fr) -> Result<Fr> {
    let found: Option<Fr> = value.invert().into();
    found
        .ok_or_else(|| rejected("a challenge fell on a value that must be divided by: prove again"))
}
