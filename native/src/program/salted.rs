//! Weights and biases that only the network's owner knows.
//!
//! Random cells stand below the columns `weight` and `bias`, on rows where the flags that would
//! take them are 0: without `enters_kernel` such a row's weights reach no kernel, and without
//! `ends_row` its bias reaches no segment's accumulator. They make the columns' points in the
//! verifying key a commitment that hides the weights.

use halo2_axiom::halo2curves::bn256::Fr;

use super::checked::Program;
use super::salt::{cell, Salt};
use crate::circuit::columns::{NO_WEIGHT, SAME_BIAS};
use crate::circuit::rows::usable_rows;
use crate::error::{Error, Result};

/// Flags by which a gate reads a row's weights, and a row's bias.
const OF_WEIGHTS: [&str; 2] = ["continues_kernel_inner", "enters_kernel"];
const OF_BIAS: [&str; 4] = ["continues_row", "ends_row", "continues_segment", SAME_BIAS];

impl Program {
    /// The same program with salt, a column for each weight lane and then that of `bias`.
    pub fn salted(self, mut columns: Vec<Vec<Fr>>) -> Result<Self> {
        if !self.shape.hidden || columns.len() != self.weight.len() + 1 {
            return Err(Error::Program(format!(
                "{} columns of salt; circuits with hidden weights have one for each of their {} \
                 weight lanes and one for bias, others none",
                columns.len(),
                self.weight.len()
            )));
        }
        let bias = columns.pop().expect("a column for bias");
        let weights = columns;
        for (below, salt) in self.weight.iter().zip(&weights) {
            self.salt_is_apart(below.len(), salt.len(), &OF_WEIGHTS)?;
            self.no_weight_ends(below.len())?;
        }
        self.salt_is_apart(self.bias.len(), bias.len(), &OF_BIAS)?;
        let salt = Salt { weights, bias };
        Ok(Program { salt, ..self })
    }

    fn salt_is_apart(&self, first: usize, cells: usize, flags: &[&str]) -> Result<()> {
        if first + cells > usable_rows(self.shape.k) {
            return Err(Error::Program(format!(
                "{cells} cells of salt from row {first} on; there are {} rows",
                usable_rows(self.shape.k)
            )));
        }
        match flags.iter().find(|name| self.flags[**name].len() > first) {
            Some(name) => Err(Error::Program(format!(
                "flag {name} goes on to row {}, and salt begins on row {first}",
                self.flags[*name].len()
            ))),
            None => Ok(()),
        }
    }

    /// Below the weights a flag would say that there is no salt.
    fn no_weight_ends(&self, first: usize) -> Result<()> {
        match self.no_weight.iter().any(|lane| lane.len() > first) {
            true => Err(Error::Program(format!(
                "flag {NO_WEIGHT} goes on beyond row {first}, where salt begins"
            ))),
            false => Ok(()),
        }
    }

    /// A weight, or the salt below the weights.
    pub fn weight(&self, lane: usize, row: usize) -> Fr {
        let salt = self.salt.weights.get(lane).map_or(&[][..], |salt| salt);
        cell(&self.weight[lane], salt, row)
    }

    /// What salt adds to the bias of a row below the tensors.
    pub fn bias_salt(&self, row: usize) -> Fr {
        let below = row.checked_sub(self.bias.len());
        let salt = below.and_then(|below| self.salt.bias.get(below));
        salt.copied().unwrap_or_default()
    }
}
