//! The parameters of a circuit.

use crate::error::{Error, Result};

/// What one network's circuit depends on: its rows, how it is committed to, and its gates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// log2 of the rows.
    pub k: u32,
    /// Fixed columns and sigma to a commitment (`prover/packed.rs`).
    pub packing: usize,
    /// Cells of a tensor to a row.
    pub lanes: usize,
    /// Weights to a row.
    pub weight_lanes: usize,
    /// Bits that every layer rescales by.
    pub shift: u32,
    /// The stored y of 0.
    pub y_offset: i64,
    /// Bits of an input value in its packed word.
    pub input_bits: u32,
    /// The least input value.
    pub input_low: i64,
    /// How many labels are public; 0 where scores are.
    pub labels: usize,
    /// 2^class_bits is more than there are classes; the least score, where labels are public.
    pub class_bits: u32,
    pub score_low: i64,
    /// Image rows to a hashed word; 0 where inputs are not hashed.
    pub hash_group: usize,
    /// Whether weights and biases are the owner's secret (`circuit/gates/hidden.rs`).
    pub hidden: bool,
}

/// What a shape may say: a stranger's must not take all memory, nor overflow.
const ROWS: std::ops::RangeInclusive<u32> = 4..=28;
const PACKINGS: [usize; 4] = [1, 2, 4, 8];
const LANES: std::ops::RangeInclusive<usize> = 1..=64;
const MAX_BITS: u32 = 62;

impl Shape {
    /// Refuse what no circuit has.
    pub fn check(&self) -> Result<()> {
        let lanes = [self.lanes, self.weight_lanes];
        let bits = [self.shift, self.input_bits, self.class_bits];
        let possible = ROWS.contains(&self.k)
            && PACKINGS.contains(&self.packing)
            && lanes.iter().all(|count| LANES.contains(count))
            && bits.iter().all(|count| *count <= MAX_BITS)
            && self.labels < 1 << self.k
            && self.hash_group < 1 << self.k;
        match possible {
            true => Ok(()),
            false => Err(Error::Keys(format!(
                "no circuit has the shape {self:?}: expected k of {ROWS:?}, packing of {PACKINGS:?}, \
                 {LANES:?} lanes and at most {MAX_BITS} bits"
            ))),
        }
    }

    /// Powers that a set-up must have: the packed polynomials' coefficients.
    pub fn powers(&self) -> usize {
        self.packing << self.k
    }

    /// A logUp partial sum covers a lane's two lookups: the remainder, and the pair (q, y).
    pub fn lookup_partials(&self) -> usize {
        self.lanes
    }
}
