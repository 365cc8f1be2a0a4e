//! Reading a proof: its messages in the order in which prover and verifier speak.

use std::collections::HashMap;
use std::io::{self, Read};

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::plonk::ConstraintSystem;
use halo2_axiom::transcript::{Transcript, TranscriptRead};

use super::rejected;
use crate::error::{Error, Result};
use crate::keys::configure::System;
use crate::keys::digest::digest;
use crate::keys::proof_layout::ProofLayout;
use crate::keys::Verifying;
use crate::transcript::EvmTranscript;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Advice,
    Fixed,
    Instance,
}

/// A column's cell some rows after the current one.
pub type Cell = (Kind, usize, i32);

/// A proof of canonical words; nothing of it has been verified.
pub struct Proof {
    /// Points of the columns of hidden weights, by their order in the system.
    pub secret: Vec<G1Affine>,
    pub advice: Vec<G1Affine>,
    pub grand_products: Vec<G1Affine>,
    pub random: G1Affine,
    pub pieces: Vec<G1Affine>,
    /// Challenges of the gates, by index.
    pub gates: Vec<Fr>,
    pub beta: Fr,
    pub gamma: Fr,
    pub y: Fr,
    pub x: Fr,
    pub values: Values,
    pub opening: Opening,
}

/// Claimed values at x, and of cells also near it.
pub struct Values {
    pub cells: HashMap<Cell, Fr>,
    pub random: Fr,
    pub sigma: Vec<Fr>,
    pub grand_products: Vec<GrandProduct>,
}

/// A grand product at x, at omega x and, but for the last one, where it ends.
#[derive(Clone, Copy, Debug)]
pub struct GrandProduct {
    pub now: Fr,
    pub following: Fr,
    pub end: Option<Fr>,
}

/// SHPLONK's challenges and points.
pub struct Opening {
    pub y: Fr,
    pub v: Fr,
    pub u: Fr,
    pub w: G1Affine,
    pub w_prime: G1Affine,
}

impl Proof {
    /// Refuse what has another length, a word that is not canonical, a point that is none.
    pub fn read(verifying: &Verifying, proof: &[u8], instances: &[Fr]) -> Result<Self> {
        let layout = ProofLayout::of(&verifying.system);
        let (found, expected) = (instances.len(), verifying.about.instances.count());
        if found != expected {
            return Err(rejected(&format!(
                "{found} instances; the circuit has {expected}"
            )));
        }
        if proof.len() != layout.bytes() {
            return Err(rejected(&format!(
                "{} bytes; the circuit's proofs have {}",
                proof.len(),
                layout.bytes()
            )));
        }
        let digest = digest(verifying);
        let words = match layout.secret_points {
            0 => proof,
            _ => proof
                .strip_prefix(&digest[..])
                .ok_or_else(|| rejected("it begins with the digest of another circuit"))?,
        };
        let reader = Reader {
            system: &verifying.system,
            layout,
            transcript: EvmTranscript::new(digest, words),
        };
        let read = reader.proof(instances);
        read.map_err(|cause: io::Error| Error::Rejected(cause.to_string()))
    }
}

struct Reader<'a, R> {
    system: &'a System,
    layout: ProofLayout,
    transcript: EvmTranscript<R>,
}

impl<R: Read> Reader<'_, R> {
    fn proof(mut self, instances: &[Fr]) -> io::Result<Proof> {
        for word in instances {
            self.transcript.common_scalar(*word)?;
        }
        let secret = self.points(self.layout.secret_points)?;
        let (advice, gates) = self.advice()?;
        self.challenge(); // halo2's theta, for lookups that no circuit here has
        let (beta, gamma) = (self.challenge(), self.challenge());
        let grand_products = self.points(self.layout.grand_products)?;
        let random = self.transcript.read_point()?;
        let y = self.challenge();
        let pieces = self.points(self.layout.quotient_pieces)?;
        let packing = self.system.columns.shape.packing as u64;
        let x = self.challenge().pow_vartime([packing]);
        Ok(Proof {
            secret,
            advice,
            grand_products,
            random,
            pieces,
            gates,
            beta,
            gamma,
            y,
            x,
            values: self.values()?,
            opening: self.opening()?,
        })
    }

    fn challenge(&mut self) -> Fr {
        *self.transcript.squeeze_challenge_scalar::<()>()
    }

    fn points(&mut self, count: usize) -> io::Result<Vec<G1Affine>> {
        (0..count).map(|_| self.transcript.read_point()).collect()
    }

    fn scalars(&mut self, count: usize) -> io::Result<Vec<Fr>> {
        (0..count).map(|_| self.transcript.read_scalar()).collect()
    }

    /// Phase by phase: the columns' points, then the challenges that depend on them.
    fn advice(&mut self) -> io::Result<(Vec<G1Affine>, Vec<Fr>)> {
        let cs: &ConstraintSystem<Fr> = &self.system.cs;
        let (columns, challenges) = (cs.advice_column_phase(), cs.challenge_phase());
        let mut points = vec![G1Affine::default(); columns.len()];
        let mut drawn = vec![Fr::ZERO; challenges.len()];
        for phase in 0..self.layout.advice_points.len() as u8 {
            for (point, of) in points.iter_mut().zip(&columns) {
                if *of == phase {
                    *point = self.transcript.read_point()?;
                }
            }
            for (challenge, after) in drawn.iter_mut().zip(&challenges) {
                if *after == phase {
                    *challenge = self.challenge();
                }
            }
        }
        Ok((points, drawn))
    }

    fn values(&mut self) -> io::Result<Values> {
        let system = self.system;
        let mut cells = HashMap::new();
        for (column, rotation) in system.cs.advice_queries() {
            let cell = (Kind::Advice, column.index(), rotation.0);
            cells.insert(cell, self.transcript.read_scalar()?);
        }
        for (column, rotation) in system.secret_queries() {
            let cell = (Kind::Fixed, column, rotation.0);
            cells.insert(cell, self.transcript.read_scalar()?);
        }
        let random = self.transcript.read_scalar()?;
        for column in &system.packed {
            let cell = (Kind::Fixed, *column, 0);
            cells.insert(cell, self.transcript.read_scalar()?);
        }
        let sigma = self.scalars(system.permuted())?;
        let last = self.layout.grand_products - 1;
        let products = 0..=last;
        Ok(Values {
            cells,
            random,
            sigma,
            grand_products: products
                .map(|i| self.grand_product(i == last))
                .collect::<io::Result<_>>()?,
        })
    }

    fn grand_product(&mut self, last: bool) -> io::Result<GrandProduct> {
        Ok(GrandProduct {
            now: self.transcript.read_scalar()?,
            following: self.transcript.read_scalar()?,
            end: match last {
                true => None,
                false => Some(self.transcript.read_scalar()?),
            },
        })
    }

    fn opening(&mut self) -> io::Result<Opening> {
        let (y, v) = (self.challenge(), self.challenge());
        let w = self.transcript.read_point()?;
        let u = self.challenge();
        let w_prime = self.transcript.read_point()?;
        Ok(Opening {
            y,
            v,
            u,
            w,
            w_prime,
        })
    }
}
