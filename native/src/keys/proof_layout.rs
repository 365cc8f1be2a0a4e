//! What a proof consists of.

use serde_json::{json, Value};

use super::configure::System;

const SCALAR: usize = 32;
const POINT: usize = 64;

/// How many of each message a proof holds, in this order.
#[derive(Clone, Copy, Debug)]
pub struct ProofLayout {
    /// Points of the columns of hidden weights, behind the digest of the key; 0 where there are none.
    pub secret_points: usize,
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
    pub fn of(system: &System) -> Self {
        let cs = &system.cs;
        let phases = cs.advice_column_phase();
        let first = phases.iter().filter(|phase| **phase == 0).count();
        let permuted = system.permuted();
        let grand_products = permuted.div_ceil(system.chunk());
        let queries = cs.advice_queries().len() + cs.fixed_queries().len();
        ProofLayout {
            secret_points: system.secret.len(),
            advice_points: [first, phases.len() - first],
            grand_products,
            quotient_pieces: cs.degree() - 1,
            evaluations: queries + 1 + permuted + 3 * grand_products - 1,
        }
    }

    /// Length of what says whose weights are proven: the key's digest, and their points.
    pub fn weights_bytes(&self) -> usize {
        match self.secret_points {
            0 => 0,
            points => SCALAR + POINT * points,
        }
    }

    /// Stages of proving, with the proof's length when each is done.
    pub fn stages(&self) -> [(&'static str, usize); 6] {
        let first = self.weights_bytes() + POINT * self.advice_points[0];
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
            "secret_points": self.secret_points,
            "advice_points": self.advice_points,
            "grand_products": self.grand_products,
            "quotient_pieces": self.quotient_pieces,
            "evaluations": self.evaluations,
            "bytes": self.bytes(),
        })
    }
}
