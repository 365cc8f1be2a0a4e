//! The halo2 circuit of a program: fixed columns and copies, then the advice phase by phase.

use halo2_axiom::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Circuit, ConstraintSystem, Error};

use super::accumulators::{accumulate, Accumulators};
use super::advice;
use super::hash_states::hashed;
use super::phase_1::Witness;
use crate::algebra::field::signed;
use crate::circuit::assignment::ColumnAssignment;
use crate::circuit::{constrain, Challenges, Columns, Shape};
use crate::program::{cell, fixed_columns, Program};

/// A change of one cell that the engine computes, for tests of the gates: column, lane, row, delta.
pub type Tamper = (String, usize, usize, i64);

/// A program, and a witness when a proof is made.
#[derive(Clone, Debug)]
pub struct NetworkCircuit<'a> {
    pub program: &'a Program,
    pub witness: Option<&'a Witness>,
    pub tampers: &'a [Tamper],
    /// Fixed columns and copies are only needed for keys and for the mock prover.
    pub with_program: bool,
}

impl<'a> NetworkCircuit<'a> {
    /// For keys: no witness.
    pub fn keys(program: &'a Program) -> Self {
        NetworkCircuit {
            program,
            witness: None,
            tampers: &[],
            with_program: true,
        }
    }

    /// For a proof.
    pub fn proof(program: &'a Program, witness: &'a Witness) -> Self {
        NetworkCircuit {
            witness: Some(witness),
            with_program: false,
            ..Self::keys(program)
        }
    }
}

impl Circuit<Fr> for NetworkCircuit<'_> {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.program.shape
    }

    fn without_witnesses(&self) -> Self {
        NetworkCircuit {
            witness: None,
            ..self.clone()
        }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Columns {
        let columns = Columns::new(meta, &shape);
        constrain(&columns, meta);
        columns
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Columns {
        unreachable!("the circuit is configured with its shape")
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        if self.with_program {
            self.assign_program(&columns, &mut layouter)?;
        }
        let Some(witness) = self.witness else {
            return Ok(());
        };
        layouter.assign_region(
            || "first phase",
            |mut region| {
                let mut hashed = hashed(self.program, witness);
                for (name, lane, row, delta) in self.tampers {
                    if let Some(cell) = hashed.cell(name, *lane, *row) {
                        *cell += signed(*delta);
                    }
                }
                assign(
                    &mut region,
                    &advice::first_phase(&columns, witness, &hashed),
                );
                Ok(())
            },
        )?;
        layouter.next_phase();
        let challenges = columns.challenges.into_array();
        let challenges = challenges.map(|challenge| known(layouter.get_challenge(challenge)));
        let [Some(b), Some(a), Some(g), Some(theta), Some(beta)] = challenges else {
            return Ok(());
        };
        let challenges = Challenges::from([b, a, g, theta, beta]);
        let mut accumulators = accumulate(self.program, witness, &challenges);
        self.tampers
            .iter()
            .for_each(|change| tamper(&mut accumulators, change));
        layouter.assign_region(
            || "second phase",
            |mut region| {
                assign(&mut region, &advice::second_phase(&columns, &accumulators));
                Ok(())
            },
        )
    }
}

fn known(value: Value<Fr>) -> Option<Fr> {
    let mut inner = None;
    value.map(|value| inner = Some(value));
    inner
}

impl NetworkCircuit<'_> {
    fn assign_program(
        &self,
        columns: &Columns,
        layouter: &mut impl Layouter<Fr>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "program",
            |mut region| {
                for assigned in fixed_columns(columns, self.program) {
                    for (row, value) in assigned.rows() {
                        region.assign_fixed(assigned.column, row, value);
                    }
                }
                for (left, right) in &self.program.copies {
                    region.constrain_equal(cell(columns, *left), cell(columns, *right));
                }
                Ok(())
            },
        )
    }
}

fn assign(region: &mut Region<'_, Fr>, columns: &[ColumnAssignment<'_, Advice>]) {
    for assigned in columns {
        for (row, value) in assigned.rows() {
            region.assign_advice(assigned.column, row, Value::known(value));
        }
    }
}

fn tamper(accumulators: &mut Accumulators, (name, lane, row, delta): &Tamper) {
    if let Some(cell) = accumulators.cell(name, *lane, *row) {
        *cell += signed(*delta);
    }
}
