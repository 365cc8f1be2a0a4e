//! Which gates and copies a witness does not satisfy, found row by row without a proof.

use halo2_axiom::dev::{FailureLocation, MockProver, VerifyFailure};
use halo2_axiom::plonk::Any;

use crate::circuit::names::advice_names;
use crate::circuit::rows::usable_rows;
use crate::error::{Error, Result};
use crate::program::Program;
use crate::witness::{NetworkCircuit, Tamper, Witness};

/// What a witness violates once the tampers have changed it: "GATE on row ROW" by the caller's rows
/// ("row -1" is the reserved one), or "copy of COLUMN on row ROW". Empty if it violates nothing.
pub fn check(program: &Program, witness: &Witness, tampers: &[Tamper]) -> Result<Vec<String>> {
    witness.check(program)?;
    tampers
        .iter()
        .try_for_each(|tamper| known(program, tamper))?;
    let circuit = NetworkCircuit {
        tampers,
        with_program: true,
        ..NetworkCircuit::proof(program, witness)
    };
    let mock = MockProver::run(program.shape.k, &circuit, vec![witness.instances.clone()])
        .map_err(|cause| Error::Witness(format!("{cause:?}")))?;
    let failures = mock.verify().err().unwrap_or_default();
    let names: Vec<String> = advice_names(&program.shape)
        .into_iter()
        .map(|column| column.name)
        .collect();
    Ok(failures
        .iter()
        .map(|failure| named(failure, &names))
        .collect())
}

/// Refuse a tamper that would change nothing.
fn known(program: &Program, (name, lane, row, _): &Tamper) -> Result<()> {
    let rows = usable_rows(program.shape.k);
    let (lanes, rows) = match name.as_str() {
        "pre_inner" | "pre_outer" | "post_inner" | "post_outer" | "kernel_inner" | "kernel"
        | "factor" | "layer_accumulator" => (1, rows),
        "lookup_partial" => (program.shape.lookup_partials(), rows),
        "lookup_sum" => (1, rows + 1),
        "packed_word" | "hash_word" if program.shape.hash_group > 0 => (1, program.hash_rows()),
        "hash_state" | "hash_square" if program.shape.hash_group > 0 => (2, program.hash_rows()),
        "membership_partial" if program.shape.labels > 0 => (1, rows),
        _ => (0, 0),
    };
    if *lane < lanes && *row < rows {
        return Ok(());
    }
    Err(Error::Witness(format!(
        "no cell {name}[{lane}] on row {row} in the second phase; {lanes} lanes of {rows} rows"
    )))
}

fn named(failure: &VerifyFailure, names: &[String]) -> String {
    match failure {
        VerifyFailure::ConstraintNotSatisfied {
            constraint,
            location,
            ..
        } => {
            let found = constraint.to_string();
            let gate = found.split('\'').nth(1).unwrap_or(&found);
            format!("{gate} on row {}", row(location) - 1)
        }
        VerifyFailure::Permutation { column, location } => match column.column_type() {
            Any::Instance => format!("copy of the instance on row {}", row(location)),
            _ => format!(
                "copy of {} on row {}",
                names[column.index()],
                row(location) - 1
            ),
        },
        other => other.to_string(),
    }
}

/// The circuit's row: every region begins on row 0.
fn row(location: &FailureLocation) -> i64 {
    let found = match location {
        FailureLocation::InRegion { offset, .. } => offset,
        FailureLocation::OutsideRegion { row } => row,
    };
    *found as i64
}
