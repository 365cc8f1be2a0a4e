//! Advice of the second phase: accumulators and logUp sums, from the first phase and challenges.

mod fold;
mod lookup;
mod parallel;
mod rank;
mod tensor;

use halo2_axiom::halo2curves::bn256::Fr;

use super::phase_1::Witness;
use crate::circuit::Challenges;
use crate::program::Program;
use fold::{copied, folded, kernels};
use lookup::lookups;
use rank::membership_partial;
use tensor::{outputs, pre_accumulators};

/// Every column of the second phase, [row], by caller's rows (`lookup_sum` has one row more, in
/// front).
#[derive(Clone, Debug, Default)]
pub struct Accumulators {
    pub pre_inner: Vec<Fr>,
    pub pre_outer: Vec<Fr>,
    pub post_inner: Vec<Fr>,
    pub post_outer: Vec<Fr>,
    pub kernel_inner: Vec<Fr>,
    pub kernel: Vec<Fr>,
    pub factor: Vec<Fr>,
    pub layer_accumulator: Vec<Fr>,
    pub lookup_partial: Vec<Vec<Fr>>,
    /// Of the rank rows; empty where scores are public.
    pub membership_partial: Vec<Fr>,
    pub lookup_sum: Vec<Fr>,
}

impl Accumulators {
    /// A cell by its column's name; only `lookup_partial` has lanes.
    pub fn cell(&mut self, name: &str, lane: usize, row: usize) -> Option<&mut Fr> {
        let column = match name {
            "pre_inner" => &mut self.pre_inner,
            "pre_outer" => &mut self.pre_outer,
            "post_inner" => &mut self.post_inner,
            "post_outer" => &mut self.post_outer,
            "kernel_inner" => &mut self.kernel_inner,
            "kernel" => &mut self.kernel,
            "factor" => &mut self.factor,
            "layer_accumulator" => &mut self.layer_accumulator,
            "lookup_sum" => &mut self.lookup_sum,
            "membership_partial" => &mut self.membership_partial,
            "lookup_partial" => self.lookup_partial.get_mut(lane)?,
            _ => return None,
        };
        column.get_mut(row)
    }
}

/// Compute them by the gates' own recurrences.
pub fn accumulate(program: &Program, witness: &Witness, at: &Challenges<Fr>) -> Accumulators {
    let (pre_inner, pre_outer) = pre_accumulators(program, witness, at);
    let (post_inner, post_outer) = outputs(program, witness, at);
    let factor = copied(program, witness, &pre_outer, &post_outer);
    let (kernel_inner, kernel) = kernels(program, at);
    let layer_accumulator = folded(program, &kernel, &factor, at);
    let membership_partial = membership_partial(program, witness, &factor, at);
    let (lookup_partial, lookup_sum) = lookups(program, witness, &membership_partial, at);
    Accumulators {
        pre_inner,
        pre_outer,
        post_inner,
        post_outer,
        kernel_inner,
        kernel,
        factor,
        layer_accumulator,
        lookup_partial,
        membership_partial,
        lookup_sum,
    }
}
