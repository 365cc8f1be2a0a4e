//! The advice of the first phase: what the prover commits to before the challenges.

use halo2_axiom::halo2curves::bn256::Fr;

use crate::circuit::rows::{usable_rows, Lanes};
use crate::error::{Error, Result};
use crate::program::Program;

/// One execution of a network, by columns; those of hash rows follow from it.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    pub quotient: Lanes,
    pub remainder: Lanes,
    pub activation: Lanes,
    pub multiplicity: Vec<i64>,
    /// Of rank rows; empty where scores are public.
    pub membership: Vec<i64>,
    pub threshold: Vec<i64>,
    pub input: Vec<Fr>,
    /// One to a chunk of hashed words.
    pub salts: Vec<Fr>,
    pub instances: Vec<Fr>,
}

impl Witness {
    /// Refuse cells that do not fill the circuit's usable rows.
    pub fn check(&self, program: &Program) -> Result<()> {
        let rows = usable_rows(program.shape.k);
        for (name, column) in [
            ("quotient", &self.quotient),
            ("remainder", &self.remainder),
            ("activation", &self.activation),
        ] {
            let complete = column.iter().all(|lane| lane.len() == rows);
            if column.len() != program.shape.lanes || !complete {
                return Err(Error::Witness(format!(
                    "{name} must have {} lanes of {rows} rows",
                    program.shape.lanes
                )));
            }
        }
        if self.multiplicity.len() != rows || self.input.len() > rows {
            return Err(Error::Witness(format!(
                "expected {rows} multiplicities and at most as many words of the input, found {} and {}",
                self.multiplicity.len(),
                self.input.len()
            )));
        }
        let salted = program.salted_rows().len();
        if self.salts.len() != salted {
            return Err(Error::Witness(format!(
                "{} salts; the circuit has {salted} chunks",
                self.salts.len()
            )));
        }
        let ranks = if program.shape.labels == 0 { 0 } else { rows };
        if self.membership.len() != ranks || self.threshold.len() != ranks {
            return Err(Error::Witness(format!(
                "expected {ranks} cells of membership and threshold each, found {} and {}",
                self.membership.len(),
                self.threshold.len()
            )));
        }
        if self.instances.len() != program.instances.count() {
            return Err(Error::Witness(format!(
                "{} instances; the circuit has {}",
                self.instances.len(),
                program.instances.count()
            )));
        }
        Ok(())
    }
}
