//! The cells of one run: what the prover commits to before the challenges.

use halo2_axiom::halo2curves::bn256::Fr;

use crate::circuit::rows::{usable_rows, Lanes};
use crate::error::{Error, Result};
use crate::program::Program;

/// The cells of one run of a network.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    pub q: Lanes,
    pub r: Lanes,
    pub y: Lanes,
    pub multiplicities: Vec<i64>,
    /// Of rank rows; empty where scores are public.
    pub pick: Vec<i64>,
    pub bar: Vec<i64>,
    pub image: Vec<Fr>,
    /// One to a chunk of hashed words.
    pub salts: Vec<Fr>,
    pub instances: Vec<Fr>,
}

impl Cells {
    /// Refuse cells that do not fill the circuit's usable rows.
    pub fn check(&self, program: &Program) -> Result<()> {
        let rows = usable_rows(program.shape.k);
        for (name, column) in [("q", &self.q), ("r", &self.r), ("y", &self.y)] {
            let filled = column.iter().all(|lane| lane.len() == rows);
            if column.len() != program.shape.lanes || !filled {
                return Err(Error::Witness(format!(
                    "{name} must have {} lanes of {rows} rows",
                    program.shape.lanes
                )));
            }
        }
        if self.multiplicities.len() != rows || self.image.len() > rows {
            return Err(Error::Witness(format!(
                "{} multiplicities and {} image words; exactly and at most {rows} are allowed",
                self.multiplicities.len(),
                self.image.len()
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
        if self.pick.len() != ranks || self.bar.len() != ranks {
            return Err(Error::Witness(format!(
                "{} cells of pick and {} of bar; {ranks} are allowed",
                self.pick.len(),
                self.bar.len()
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
