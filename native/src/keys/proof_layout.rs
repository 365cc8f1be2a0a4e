//! What a proof consists of.

use halo2_axiom::halo2curves::bn256::G1Affine;
use halo2_axiom::plonk::VerifyingKey;
use serde_json::{json, Value};

const SCALAR: usize = 32;
const POINT: usize = 64;

/// How many of each message a proof holds, in this order.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Points of the advice columns of the first and of the second phase.
    pub cells: usize,
    pub sums: usize,
    /// Points of the permutation's products; one random point follows.
    pub products: usize,
    /// Points of the quotient's pieces.
    pub quotients: usize,
    /// Scalars; two points follow.
    pub evaluations: usize,
}

impl Layout {
    pub fn of(vk: &VerifyingKey<G1Affine>) -> Self {
        let cs = vk.cs();
        let phases = cs.advice_column_phase();
        let cells = phases.iter().filter(|phase| **phase == 0).count();
        let copied = cs.permutation().get_columns().len();
        let products = copied.div_ceil(cs.degree() - 2);
        let queries = cs.advice_queries().len() + cs.fixed_queries().len();
        Layout {
            cells,
            sums: phases.len() - cells,
            products,
            quotients: vk.get_domain().get_quotient_poly_degree(),
            evaluations: queries + 1 + copied + 3 * products - 1,
        }
    }

    /// Stages of proving, with the proof's length when each is done.
    pub fn stages(&self) -> [(&'static str, usize); 6] {
        let cells = POINT * self.cells;
        let sums = cells + POINT * self.sums;
        let copies = sums + POINT * (self.products + 1);
        let quotient = copies + POINT * self.quotients;
        let evaluations = quotient + SCALAR * self.evaluations;
        [
            ("cells", cells),
            ("sums", sums),
            ("copies", copies),
            ("quotient", quotient),
            ("evaluations", evaluations),
            ("opening", evaluations + 2 * POINT),
        ]
    }

    /// Length of a proof.
    pub fn bytes(&self) -> usize {
        self.stages()[5].1
    }

    /// For the circuit's description.
    pub fn to_json(self) -> Value {
        json!({
            "advice_points": [self.cells, self.sums],
            "permutation_products": self.products,
            "quotient_pieces": self.quotients,
            "evaluations": self.evaluations,
            "bytes": self.bytes(),
        })
    }
}
