//! One proof, message by message.

use std::collections::HashMap;
use std::io;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::plonk::{Advice, Any, Column};
use halo2_axiom::transcript::TranscriptWrite;

use super::blinding::{Blinding, Rows};
use super::column::{commit, values};
use super::identities::{ColumnOffsets, Identities, ProofChallenges};
use super::opening::{combine, open, Opened, Query};
use super::permutation::{grand_product, Permutation, PermutedColumn};
use super::quotient;
use crate::algebra::domain::{evaluate, Domain};
use crate::algebra::field::powers;
use crate::algebra::msm;
use crate::algebra::transform::reorder;
use crate::circuit::assignment::ColumnAssignment;
use crate::keys::configure::System;
use crate::srs::Srs;
use crate::transcript::HashChallenge;

/// All that proofs of a circuit are made with; `keys::Verifying` is what they are verified with.
pub struct Proving<'a> {
    pub srs: &'a Srs,
    pub system: &'a System,
    pub domain: &'a Domain,
    /// Bit-reversed coefficients of the fixed columns and of the permutation's sigma.
    pub fixed: &'a [Vec<Fr>],
    pub sigma: &'a [Vec<Fr>],
    /// Commitments to the columns of hidden weights.
    pub secret: &'a [G1Affine],
    pub permutation: &'a Permutation,
}

impl Proving<'_> {
    fn packing(&self) -> usize {
        self.system.columns.shape.packing
    }
}

/// A proof being made.
pub struct ProofInProgress<'a, T> {
    proving: Proving<'a>,
    blinding: Blinding,
    transcript: T,
    /// Bit-reversed coefficients of the advice columns, by index.
    advice: Vec<Vec<Fr>>,
    instance: Vec<Fr>,
    /// Values of the columns of the permutation, by number.
    permuted: HashMap<usize, Vec<Fr>>,
    gate_challenges: Vec<Fr>,
    grand_products: Vec<Vec<Fr>>,
}

impl<'a, T: TranscriptWrite<G1Affine, HashChallenge>> ProofInProgress<'a, T> {
    /// Absorb the instances, write whose weights are proven; the transcript has absorbed the circuit.
    pub fn new(
        proving: Proving<'a>,
        blinding: Blinding,
        mut transcript: T,
        instances: &[Fr],
    ) -> io::Result<Self> {
        // Every challenge depends on the public words: none could be chosen when one is known.
        for word in instances {
            transcript.common_scalar(*word)?;
        }
        for point in proving.secret {
            transcript.write_point(*point)?;
        }
        let mut column = instances.to_vec();
        column.resize(proving.domain.n, Fr::ZERO);
        let mut proof = ProofInProgress {
            advice: vec![Vec::new(); proving.system.cs.num_advice_columns()],
            proving,
            blinding,
            transcript,
            instance: Vec::new(),
            permuted: HashMap::new(),
            gate_challenges: Vec::new(),
            grand_products: Vec::new(),
        };
        proof.keep_permuted(Any::Instance, 0, &column);
        proof.instance = proof.proving.domain.coefficients(column);
        Ok(proof)
    }

    /// Commit to the columns of a phase, in order of index; the first column of all is the input's.
    pub fn commit(&mut self, columns: &[ColumnAssignment<'_, Advice>]) -> io::Result<()> {
        let mut points = Vec::with_capacity(columns.len());
        for assigned in columns {
            let index = assigned.column.index();
            let last: Rows = match index {
                0 => self.blinding.input_rows(),
                _ => self.blinding.rows(),
            };
            let column = values(assigned, self.proving.domain.n, Some(&last));
            points.push(commit(self.proving.srs, assigned, &column, Some(&last)));
            self.keep_permuted(*assigned.column.column_type(), index, &column);
            self.advice[index] = self.proving.domain.coefficients(column);
        }
        self.write_points(&points)
    }

    /// Draw the next challenges of the gates.
    pub fn draw<const N: usize>(&mut self) -> [Fr; N] {
        let challenges = [(); N].map(|()| self.challenge());
        self.gate_challenges.extend(challenges);
        challenges
    }

    /// The rest of the proof; `report` is called inside the quotient with parts done and all parts.
    pub fn finish(mut self, report: &dyn Fn(usize, usize)) -> io::Result<T> {
        // halo2 draws theta for its own lookup argument, which no circuit here uses.
        self.challenge();
        // All values that copies compare are committed by now: a prover that knew beta and gamma
        // before could choose unequal cells whose products agree.
        let (beta, gamma) = (self.challenge(), self.challenge());
        self.commit_grand_products(beta, gamma)?;
        // The pieces of the quotient have no blinding rows. A random polynomial that is opened at x
        // with them hides what the two points of the opening would show of them.
        let random: Vec<Fr> = (0..self.proving.domain.n)
            .map(|_| self.blinding.element())
            .collect();
        self.write_points(&[self.proving.srs.commit(&reorder(&random))])?;
        // y folds all identities into one, so all that they read is committed before it.
        let challenges = ProofChallenges {
            y: self.challenge(),
            gates: std::mem::take(&mut self.gate_challenges),
            beta,
            gamma,
        };
        let pieces = self.quotient(&challenges, report);
        let commit = |piece: &Vec<Fr>| self.proving.srs.commit(&reorder(piece));
        let points: Vec<G1> = pieces.iter().map(commit).collect();
        self.write_points(&points)?;
        // The identity is tested at x: every polynomial in it, the quotient too, is fixed. x is a
        // power, so that all its roots, where packed polynomials are opened, are in the field.
        let x = self
            .challenge()
            .pow_vartime([self.proving.packing() as u64]);
        let x_to_n = x.pow_vartime([self.proving.domain.n as u64]);
        let coefficients = pieces.iter().map(|piece| &piece[..]);
        let quotient = combine(coefficients.zip(powers(x_to_n)));
        drop(pieces);
        self.open(x, &quotient, &random)
    }

    fn challenge(&mut self) -> Fr {
        *self.transcript.squeeze_challenge_scalar::<()>()
    }

    fn write_points(&mut self, points: &[G1]) -> io::Result<()> {
        let mut affine = vec![G1Affine::identity(); points.len()];
        G1::batch_normalize(points, &mut affine);
        affine
            .into_iter()
            .try_for_each(|point| self.transcript.write_point(point))
    }

    /// Remember the values of a column of the permutation.
    fn keep_permuted(&mut self, kind: impl Into<Any>, index: usize, values: &[Fr]) {
        let kind = kind.into();
        let columns = self.proving.system.cs.permutation().get_columns();
        let same = |column: &Column<Any>| *column.column_type() == kind && column.index() == index;
        if let Some(number) = columns.iter().position(same) {
            self.permuted.insert(number, values.to_vec());
        }
    }

    fn commit_grand_products(&mut self, beta: Fr, gamma: Fr) -> io::Result<()> {
        let domain = self.proving.domain;
        let count = self.proving.system.cs.permutation().get_columns().len();
        let numbers: Vec<usize> = (0..count).collect();
        let mut start = Fr::ONE;
        for chunk in numbers.chunks(self.proving.system.chunk()) {
            let columns: Vec<PermutedColumn<'_>> = chunk
                .iter()
                .map(|number| PermutedColumn {
                    number: *number as u64,
                    values: &self.permuted[number],
                    sigma: self.proving.permutation.sigma(*number, domain),
                })
                .collect();
            let z = grand_product(domain, &columns, (beta, gamma), start, &mut self.blinding);
            start = z[domain.n - self.proving.system.cs.blinding_factors() - 1];
            self.write_points(&[msm::full(&z, &self.proving.srs.lagrange)])?;
            self.grand_products.push(domain.coefficients(z));
        }
        self.permuted.clear();
        Ok(())
    }

    fn quotient(
        &self,
        challenges: &ProofChallenges,
        report: &dyn Fn(usize, usize),
    ) -> Vec<Vec<Fr>> {
        let Proving { system, domain, .. } = self.proving;
        let cs = &system.cs;
        let identities = Identities {
            cs,
            offsets: ColumnOffsets::new(cs, self.grand_products.len()),
            challenges,
            grand_products: self.grand_products.len(),
        };
        let (graph, node) = identities.folded();
        let selectors = self.row_selectors();
        // The order of `ColumnOffsets`.
        let columns: Vec<&[Fr]> = self
            .advice
            .iter()
            .chain(self.proving.fixed)
            .chain([&self.instance])
            .chain(self.proving.sigma)
            .chain(&self.grand_products)
            .chain(&selectors)
            .map(|column| &column[..])
            .collect();
        quotient::pieces(domain, &columns, &graph.compile(node), report)
    }

    /// l_0, l_last and l_active: 1 on row 0, on the row after the usable ones, on all before it.
    fn row_selectors(&self) -> [Vec<Fr>; 3] {
        let Proving { system, domain, .. } = self.proving;
        let cs = &system.cs;
        let last = domain.n - cs.blinding_factors() - 1;
        let on = |rows: std::ops::Range<usize>| {
            let mut values = vec![Fr::ZERO; domain.n];
            values[rows].fill(Fr::ONE);
            domain.coefficients(values)
        };
        [on(0..1), on(last..last + 1), on(0..last)]
    }

    fn open(mut self, x: Fr, quotient: &[Fr], random: &[Fr]) -> io::Result<T> {
        let Proving {
            srs,
            system,
            domain,
            fixed,
            sigma,
            ..
        } = self.proving;
        let (advice, grand_products) = (
            std::mem::take(&mut self.advice),
            std::mem::take(&mut self.grand_products),
        );
        let at = |polynomial, rotation| Query {
            polynomial,
            rotation,
        };
        let of_advice: Vec<Query<'_>> = system
            .cs
            .advice_queries()
            .iter()
            .map(|(column, rotation)| at(&advice[column.index()][..], rotation.0))
            .collect();
        let of_secret: Vec<Query<'_>> = system
            .secret_queries()
            .map(|(column, rotation)| at(&fixed[column][..], rotation.0))
            .collect();
        let packed = system.packed.iter().map(|index| &fixed[*index]);
        let packed: Vec<&[Fr]> = packed.chain(sigma).map(|column| &column[..]).collect();
        let chaining_rotation = system.chaining_rotation();
        let random = [at(random, 0)];

        // Grand product by grand product, each with its end but the last. The quotient's value is
        // left out: the verifier computes it from the others, which makes the identity a claim like
        // any other.
        let of_packed: Vec<Query<'_>> = packed.iter().map(|column| at(column, 0)).collect();
        let mut evaluated: Vec<Query<'_>> =
            [&of_advice[..], &of_secret, &random, &of_packed].concat();
        for (index, z) in grand_products.iter().enumerate() {
            evaluated.extend([0, 1].map(|rotation| at(&z[..], rotation)));
            if index + 1 < grand_products.len() {
                evaluated.push(at(z, chaining_rotation));
            }
        }
        let weights: HashMap<i32, Vec<Fr>> = [-1, 0, 1, chaining_rotation]
            .map(|rotation| (rotation, domain.weights(domain.rotate(x, rotation))))
            .into();
        for query in &evaluated {
            let value = evaluate(query.polynomial, &weights[&query.rotation]);
            self.transcript.write_scalar(value)?;
        }

        // Openings are folded in another order, that of halo2's claims: it fixes which power of the
        // opening's challenges each polynomial gets. Ends come from the last but one down, and the
        // permutation before the fixed columns.
        let mut queries = of_advice;
        for z in &grand_products {
            queries.extend([0, 1].map(|rotation| at(&z[..], rotation)));
        }
        let chained = grand_products.iter().rev().skip(1);
        queries.extend(chained.map(|z| at(&z[..], chaining_rotation)));
        queries.extend(of_secret);
        queries.extend([at(quotient, 0), random[0]]);
        let opened = Opened {
            queries,
            packed,
            packing: self.proving.packing(),
        };
        open(srs, domain, x, &opened, &mut self.transcript)?;
        Ok(self.transcript)
    }
}
