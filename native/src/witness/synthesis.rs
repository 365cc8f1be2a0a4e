//! The halo2 circuit of a program: it places fixed columns and copies, then cells, then sums.

use halo2_axiom::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Any, Circuit, Column, ConstraintSystem, Error};

use crate::accumulate::{accumulate, Accumulated};
use crate::assignment::{self, Filled};
use crate::cells::Cells;
use crate::circuit::{constrain, signed, Challenges, Columns, Hash, Shape};
use crate::copies::Place;
use crate::hashing::hashed;
use crate::program::{placed, Program};

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
                assign(&mut region, &assignment::cells(&columns, cells, &hashed));
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
                assign(&mut region, &assignment::sums(&columns, &sums));
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
                for filled in assignment::fixed(columns, self.program) {
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

/// A cell of the permutation; instances are not moved by the reserved row.
pub fn cell(columns: &Columns, place: Place) -> Cell {
    let (column, row_offset): (Column<Any>, usize) = match place {
        Place::RunA(row) => (columns.run_a.into(), placed(row)),
        Place::RunB(row) => (columns.run_b.into(), placed(row)),
        Place::X(row) => (columns.x.into(), placed(row)),
        Place::Instance(row) => (columns.instance.into(), row),
        Place::Pack(row) => (hash(columns).pack.into(), placed(row)),
        Place::Word(row) => (hash(columns).word.into(), placed(row)),
    };
    Cell { row_offset, column }
}

fn hash(columns: &Columns) -> &Hash {
    let hash = columns.hash.as_ref();
    hash.expect("Program refuses copies of columns that are not there")
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
