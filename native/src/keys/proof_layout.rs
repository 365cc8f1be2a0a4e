//! What a proof consists of.

use halo2_axiom::halo2curves::bn256::G1Affine;
use halo2_axiom::plonk::VerifyingKey;
use serde_json::{json, Value};

const SCALAR: usize = 32;
const POINT: usize = 64;

/// How many of each message a proof holds, in this order.
#[derive(Clone, Copy, Debug)]
pub struct ProofLayout {
    /// Points of the advice columns by phase.
    pub advice_points: [usize; 2],
    /// Points of the permutation's grand products; one random point follows.
    pub grand_products: usize,
    /// Points of the quotient's pieces.
    pub quotient_pieces: usize,
    /// Scalars; two points follow.
    pub evaluations: usize,
}

impl ProofLayout {
    pub fn of(vk: &VerifyingKey<G1Affine>) -> Self {
        let cs = vk.cs();
        let phases = cs.advice_column_phase();
        let first = phases.iter().filter(|phase| **phase == 0).count();
        let permuted = cs.permutation().get_columns().len();
        let grand_products = permuted.div_ceil(cs.degree() - 2);
        let queries = cs.advice_queries().len() + cs.fixed_queries().len();
        ProofLayout {
            advice_points: [first, phases.len() - first],
            grand_products,
            quotient_pieces: vk.get_domain().get_quotient_poly_degree(),
            evaluations: queries + 1 + permuted + 3 * grand_products - 1,
        }
    }

    /// Stages of proving, with the proof's length when each is done.
    pub fn stages(&self) -> [(&'static str, usize); 6] {
        let first = POINT * self.advice_points[0];
        let second = first + POINT * self.advice_points[1];
        let copies = second + POINT * (self.grand_products + 1);
        let quotient = copies + POINT * self.quotient_pieces;
        let evaluations = quotient + SCALAR * self.evaluations;
        [
            ("cells", first),
            ("sums", second),
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
            "advice_points": self.advice_points,
            "grand_products": self.grand_products,
            "quotient_pieces": self.quotient_pieces,
            "evaluations": self.evaluations,
            "bytes": self.bytes(),
        })
    }
}
