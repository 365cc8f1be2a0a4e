//! The halo2 circuit of a program: it places fixed columns and copies, then cells, then sums.

use halo2_axiom::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Circuit, ConstraintSystem, Error};

use super::accumulators::{accumulate, Accumulated};
use super::advice;
use super::hash_states::hashed;
use super::phase_1::Cells;
use crate::algebra::field::signed;
use crate::circuit::assignment::Filled;
use crate::circuit::{constrain, Challenges, Columns, Shape};
use crate::program::{cell, fixed_columns, Program};

/// A change of one cell that the engine computes, for tests of the gates: column, lane, row, delta.
pub type Tamper = (String, usize, usize, i64);

/// A program, and a run of it when a proof is made.
#[derive(Clone, Debug)]
pub struct NetworkCircuit<'a> {
    pub program: &'a Program,
    pub cells: Option<&'a Cells>,
    pub tampers: &'a [Tamper],
    /// Fixed columns and copies are only needed for keys and for the mock prover.
    pub place_program: bool,
}

impl<'a> NetworkCircuit<'a> {
    /// For keys: no run.
    pub fn keys(program: &'a Program) -> Self {
        NetworkCircuit {
            program,
            cells: None,
            tampers: &[],
            place_program: true,
        }
    }

    /// For a proof of a run.
    pub fn proof(program: &'a Program, cells: &'a Cells) -> Self {
        NetworkCircuit {
            cells: Some(cells),
            place_program: false,
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
            cells: None,
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
        if self.place_program {
            self.assign_program(&columns, &mut layouter)?;
        }
        let Some(cells) = self.cells else {
            return Ok(());
        };
        layouter.assign_region(
            || "cells",
            |mut region| {
                let mut hashed = hashed(self.program, cells);
                for (name, lane, row, delta) in self.tampers {
                    if let Some(cell) = hashed.cell(name, *lane, *row) {
                        *cell += signed(*delta);
                    }
                }
                assign(&mut region, &advice::cells(&columns, cells, &hashed));
                Ok(())
            },
        )?;
        layouter.next_phase();
        let drawn = columns.challenges;
        let challenge = |c| known(layouter.get_challenge(c));
        let (Some(b), Some(a), Some(g), Some(theta), Some(beta)) = (
            challenge(drawn.b),
            challenge(drawn.a),
            challenge(drawn.g),
            challenge(drawn.theta),
            challenge(drawn.beta),
        ) else {
            return Ok(());
        };
        let drawn = Challenges {
            b,
            a,
            g,
            theta,
            beta,
        };
        let mut sums = accumulate(self.program, cells, &drawn);
        self.tampers
            .iter()
            .for_each(|change| tamper(&mut sums, change));
        layouter.assign_region(
            || "sums",
            |mut region| {
                assign(&mut region, &advice::sums(&columns, &sums));
                Ok(())
            },
        )
    }
}

fn known(value: Value<Fr>) -> Option<Fr> {
    let mut found = None;
    value.map(|value| found = Some(value));
    found
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
                for filled in fixed_columns(columns, self.program) {
                    for (row, value) in filled.rows() {
                        region.assign_fixed(filled.column, row, value);
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

fn assign(region: &mut Region<'_, Fr>, columns: &[Filled<'_, Advice>]) {
    for filled in columns {
        for (row, value) in filled.rows() {
            region.assign_advice(filled.column, row, Value::known(value));
        }
    }
}

fn tamper(sums: &mut Accumulated, (name, lane, row, delta): &Tamper) {
    if let Some(cell) = sums.cell(name, *lane, *row) {
        *cell += signed(*delta);
    }
}
