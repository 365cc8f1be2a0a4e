//! Columns of the second phase: accumulators and logUp sums, from cells and challenges.

mod fold;
mod lookup;
mod parallel;
mod rank;
mod tensor;

use halo2_axiom::halo2curves::bn256::Fr;

use super::phase_1::Cells;
use crate::circuit::Challenges;
use crate::program::Program;
use fold::{copied, folded, kernels};
use lookup::lookups;
use rank::picked;
use tensor::{outputs, products};

/// Every column of the second phase, [row], by caller's rows (`sum` has one row more, in front).
#[derive(Clone, Debug, Default)]
pub struct Accumulated {
    pub row_a: Vec<Fr>,
    pub run_a: Vec<Fr>,
    pub row_b: Vec<Fr>,
    pub run_b: Vec<Fr>,
    pub v1: Vec<Fr>,
    pub v2: Vec<Fr>,
    pub x: Vec<Fr>,
    pub mac: Vec<Fr>,
    pub helpers: Vec<Vec<Fr>>,
    /// h of the rank rows; empty where scores are public.
    pub rank: Vec<Fr>,
    pub sum: Vec<Fr>,
}

impl Accumulated {
    /// A cell by its column's name; only `helper` has lanes.
    pub fn cell(&mut self, name: &str, lane: usize, row: usize) -> Option<&mut Fr> {
        let column = match name {
            "row_a" => &mut self.row_a,
            "run_a" => &mut self.run_a,
            "row_b" => &mut self.row_b,
            "run_b" => &mut self.run_b,
            "v1" => &mut self.v1,
            "v2" => &mut self.v2,
            "x" => &mut self.x,
            "mac" => &mut self.mac,
            "sum" => &mut self.sum,
            "rank" => &mut self.rank,
            "helper" => self.helpers.get_mut(lane)?,
            _ => return None,
        };
        column.get_mut(row)
    }
}

/// Compute them by the gates' own recurrences.
pub fn accumulate(program: &Program, cells: &Cells, at: &Challenges<Fr>) -> Accumulated {
    let (row_a, run_a) = products(program, cells, at);
    let (row_b, run_b) = outputs(program, cells, at);
    let x = copied(program, cells, &run_a, &run_b);
    let (v1, v2) = kernels(program, at);
    let mac = folded(program, &v2, &x, at);
    let rank = picked(program, cells, &x, at);
    let (helpers, sum) = lookups(program, cells, &rank, at);
    Accumulated {
        row_a,
        run_a,
        row_b,
        run_b,
        v1,
        v2,
        x,
        mac,
        helpers,
        rank,
        sum,
    }
}
