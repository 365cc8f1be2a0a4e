//! halo2's permutation argument: where each permuted cell's cycle leads, and the grand products.
//!
//! `prover/verify/permutation.py` checks it; both call sigma_j the polynomial of column j that
//! gives the next cell of a cycle, and identity the delta^j X of the cell itself.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{BatchInvert, Field, PrimeField};
use rayon::prelude::*;

use super::blinding::Blinding;
use crate::algebra::domain::Domain;
use crate::algebra::field::powers;

/// Rows worked on by one thread at a time.
const CHUNK: usize = 1 << 12;

/// A cell: the column's number among those of the permutation, and the row.
pub type Cell = (usize, usize);

/// For every cell the next one of its cycle: column << k | row.
#[derive(Clone, Debug)]
pub struct Permutation {
    k: u32,
    next: Vec<u32>,
}

impl Permutation {
    /// Join the cells of each copy, in the order of halo2's keys.
    pub fn new(k: u32, columns: usize, copies: impl Iterator<Item = (Cell, Cell)>) -> Self {
        let cells = 0..(columns << k) as u32;
        let mut cycles = Cycles {
            next: cells.clone().collect(),
            first: cells.collect(),
            lengths: vec![1; columns << k],
        };
        let index = |(column, row): Cell| column << k | row;
        for (left, right) in copies {
            cycles.join(index(left), index(right));
        }
        let next = cycles.next;
        Permutation { k, next }
    }

    /// sigma of a column: delta^j omega^i of the next cell (column j, row i) of each cell's cycle.
    pub fn sigma(&self, column: usize, domain: &Domain) -> Vec<Fr> {
        let roots: Vec<Fr> = powers(domain.omega).take(domain.n).collect();
        let deltas: Vec<Fr> = powers(Fr::DELTA).take(self.next.len() >> self.k).collect();
        let identity = |cell: &u32| {
            let cell = *cell as usize;
            deltas[cell >> self.k] * roots[cell & (domain.n - 1)]
        };
        let cells = &self.next[column << self.k..][..domain.n];
        cells.par_iter().with_min_len(CHUNK).map(identity).collect()
    }
}

/// Cycles being joined, the shorter into the longer.
struct Cycles {
    next: Vec<u32>,
    first: Vec<u32>,
    lengths: Vec<u32>,
}

impl Cycles {
    fn join(&mut self, left: usize, right: usize) {
        let (mut long, mut short) = (self.first[left] as usize, self.first[right] as usize);
        if long == short {
            return;
        }
        if self.lengths[long] < self.lengths[short] {
            std::mem::swap(&mut long, &mut short);
        }
        self.lengths[long] += self.lengths[short];
        let mut cell = short;
        loop {
            self.first[cell] = long as u32;
            cell = self.next[cell] as usize;
            if cell == short {
                break;
            }
        }
        self.next.swap(left, right);
    }
}

/// A column of the permutation: its number among them, its values and its sigma.
pub struct PermutedColumn<'a> {
    pub number: u64,
    pub values: &'a [Fr],
    pub sigma: Vec<Fr>,
}

/// The grand product z over a chunk of columns, from `start`: down the rows, each times
/// (value + beta identity + gamma) / (value + beta sigma + gamma), the last ones random. The next
/// chunk's z starts where this one ends.
pub fn grand_product(
    domain: &Domain,
    columns: &[PermutedColumn<'_>],
    (beta, gamma): (Fr, Fr),
    start: Fr,
    blinding: &mut Blinding,
) -> Vec<Fr> {
    let ratios = ratios(domain, columns, beta, gamma);
    let mut value = start;
    let mut z: Vec<Fr> = ratios
        .iter()
        .map(|ratio| {
            let before = value;
            value *= ratio;
            before
        })
        .collect();
    // The row before the blinding ones holds the product of all usable rows.
    let rows = blinding.rows();
    let blinded = rows.len() - 1;
    z[domain.n - blinded..].copy_from_slice(&rows[..blinded]);
    z
}

fn ratios(domain: &Domain, columns: &[PermutedColumn<'_>], beta: Fr, gamma: Fr) -> Vec<Fr> {
    let mut ratios = vec![Fr::ONE; domain.n];
    let chunks = ratios.par_chunks_mut(CHUNK).enumerate();
    chunks.for_each(|(i, chunk)| {
        let first = i * CHUNK;
        for column in columns {
            let cells = column.values[first..].iter().zip(&column.sigma[first..]);
            for (ratio, (value, sigma)) in chunk.iter_mut().zip(cells) {
                *ratio *= beta * sigma + gamma + value;
            }
        }
        chunk.iter_mut().batch_invert();
        for column in columns {
            let root = domain.omega.pow_vartime([first as u64]);
            let mut identity = beta * Fr::DELTA.pow_vartime([column.number]) * root;
            for (ratio, value) in chunk.iter_mut().zip(&column.values[first..]) {
                *ratio *= identity + gamma + value;
                identity *= domain.omega;
            }
        }
    });
    ratios
}
