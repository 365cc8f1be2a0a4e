//! One proof, message by message.

use std::collections::HashMap;
use std::io;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::plonk::{Advice, Any, Column, ConstraintSystem};
use halo2_axiom::transcript::TranscriptWrite;

use super::blinding::{Blinding, Rows};
use super::column::{commit, values};
use super::identities::{Drawn, Identities, Places};
use super::opening::{combine, open, Query};
use super::permutation::{product, Copied, Permutation};
use super::quotient;
use crate::algebra::domain::{evaluate, Domain};
use crate::algebra::field::powers;
use crate::algebra::msm;
use crate::algebra::transform::reorder;
use crate::circuit::assignment::Filled;
use crate::srs::Srs;
use crate::transcript::HashChallenge;

/// What is proven with which keys: fixed for a circuit.
pub struct Statement<'a> {
    pub srs: &'a Srs,
    pub cs: &'a ConstraintSystem<Fr>,
    pub domain: &'a Domain,
    /// Scrambled coefficients of the fixed columns and of the permutation's labels.
    pub fixed: &'a [Vec<Fr>],
    pub labels: &'a [Vec<Fr>],
    pub permutation: &'a Permutation,
}

/// A proof being made.
pub struct Run<'a, T> {
    statement: Statement<'a>,
    blinding: Blinding,
    transcript: T,
    /// Scrambled coefficients of the advice columns, by index.
    advice: Vec<Vec<Fr>>,
    instance: Vec<Fr>,
    /// Values of the columns of the permutation, by number.
    copied: HashMap<usize, Vec<Fr>>,
    gates: Vec<Fr>,
    products: Vec<Vec<Fr>>,
}

impl<'a, T: TranscriptWrite<G1Affine, HashChallenge>> Run<'a, T> {
    /// Absorb the instances; the transcript has absorbed the circuit.
    pub fn new(
        statement: Statement<'a>,
        blinding: Blinding,
        mut transcript: T,
        instances: &[Fr],
    ) -> io::Result<Self> {
        for word in instances {
            transcript.common_scalar(*word)?;
        }
        let mut column = instances.to_vec();
        column.resize(statement.domain.n, Fr::ZERO);
        let mut run = Run {
            advice: vec![Vec::new(); statement.cs.num_advice_columns()],
            statement,
            blinding,
            transcript,
            instance: Vec::new(),
            copied: HashMap::new(),
            gates: Vec::new(),
            products: Vec::new(),
        };
        run.keep(Any::Instance, 0, &column);
        run.instance = run.statement.domain.coefficients(column);
        Ok(run)
    }

    /// Commit to the columns of a phase, in order of index; the first column of all is the image's.
    pub fn commit(&mut self, columns: &[Filled<'_, Advice>]) -> io::Result<()> {
        let mut points = Vec::with_capacity(columns.len());
        for filled in columns {
            let index = filled.column.index();
            let last: Rows = match index {
                0 => self.blinding.image_rows(),
                _ => self.blinding.rows(),
            };
            let column = values(filled, self.statement.domain.n, Some(&last));
            points.push(commit(self.statement.srs, filled, &column, Some(&last)));
            self.keep(*filled.column.column_type(), index, &column);
            self.advice[index] = self.statement.domain.coefficients(column);
        }
        self.write_points(&points)
    }

    /// Draw the next challenges of the gates.
    pub fn draw(&mut self, count: usize) -> &[Fr] {
        let first = self.gates.len();
        for _ in 0..count {
            let challenge = self.challenge();
            self.gates.push(challenge);
        }
        &self.gates[first..]
    }

    /// The rest of the proof; `report` is called inside the quotient with parts done and all parts.
    pub fn finish(mut self, report: &dyn Fn(usize, usize)) -> io::Result<T> {
        // halo2 draws theta for its own lookup argument, which no circuit here uses.
        self.challenge();
        let (beta, gamma) = (self.challenge(), self.challenge());
        self.commit_products(beta, gamma)?;
        let random: Vec<Fr> = (0..self.statement.domain.n)
            .map(|_| self.blinding.element())
            .collect();
        self.write_points(&[msm::full(&reorder(&random), &self.statement.srs.powers)])?;
        let drawn = Drawn {
            y: self.challenge(),
            gates: std::mem::take(&mut self.gates),
            beta,
            gamma,
        };
        let pieces = self.quotient(&drawn, report);
        let commit = |piece: &Vec<Fr>| msm::full(&reorder(piece), &self.statement.srs.powers);
        let points: Vec<G1> = pieces.iter().map(commit).collect();
        self.write_points(&points)?;
        let x = self.challenge();
        let turn = x.pow_vartime([self.statement.domain.n as u64]);
        let folded = combine(pieces.iter().map(|piece| &piece[..]).zip(powers(turn)));
        drop(pieces);
        self.open(x, &folded, &random)
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

    /// Remember the values of a column that is copied to or from.
    fn keep(&mut self, kind: impl Into<Any>, index: usize, values: &[Fr]) {
        let kind = kind.into();
        let columns = self.statement.cs.permutation().get_columns();
        let same = |column: &Column<Any>| *column.column_type() == kind && column.index() == index;
        if let Some(number) = columns.iter().position(same) {
            self.copied.insert(number, values.to_vec());
        }
    }

    fn commit_products(&mut self, beta: Fr, gamma: Fr) -> io::Result<()> {
        let domain = self.statement.domain;
        let count = self.statement.cs.permutation().get_columns().len();
        let numbers: Vec<usize> = (0..count).collect();
        let mut start = Fr::ONE;
        for some in numbers.chunks(self.statement.cs.degree() - 2) {
            let copied: Vec<Copied<'_>> = some
                .iter()
                .map(|number| Copied {
                    number: *number as u64,
                    values: &self.copied[number],
                    labels: self.statement.permutation.column(*number, domain),
                })
                .collect();
            let values = product(domain, &copied, (beta, gamma), start, &mut self.blinding);
            start = values[domain.n - self.statement.cs.blinding_factors() - 1];
            self.write_points(&[msm::full(&values, &self.statement.srs.lagrange)])?;
            self.products.push(domain.coefficients(values));
        }
        self.copied.clear();
        Ok(())
    }

    fn quotient(&self, drawn: &Drawn, report: &dyn Fn(usize, usize)) -> Vec<Vec<Fr>> {
        let Statement { cs, domain, .. } = self.statement;
        let identities = Identities {
            cs,
            places: Places::new(cs, self.products.len()),
            drawn,
            products: self.products.len(),
        };
        let (graph, node) = identities.folded();
        let ends = self.ends();
        let columns: Vec<&[Fr]> = self
            .advice
            .iter()
            .chain(self.statement.fixed)
            .chain([&self.instance])
            .chain(self.statement.labels)
            .chain(&self.products)
            .chain(&ends)
            .map(|column| &column[..])
            .collect();
        quotient::pieces(domain, &columns, &graph.compile(node), report)
    }

    /// Polynomials that are 1 on the first row, on the last usable one's next, on all before it.
    fn ends(&self) -> [Vec<Fr>; 3] {
        let Statement { cs, domain, .. } = self.statement;
        let last = domain.n - cs.blinding_factors() - 1;
        let on = |rows: std::ops::Range<usize>| {
            let mut values = vec![Fr::ZERO; domain.n];
            values[rows].fill(Fr::ONE);
            domain.coefficients(values)
        };
        [on(0..1), on(last..last + 1), on(0..last)]
    }

    fn open(mut self, x: Fr, folded: &[Fr], random: &[Fr]) -> io::Result<T> {
        let Statement {
            srs,
            cs,
            domain,
            fixed,
            labels,
            ..
        } = self.statement;
        let (advice, products) = (
            std::mem::take(&mut self.advice),
            std::mem::take(&mut self.products),
        );
        let at = |polynomial, rotation| Query {
            polynomial,
            rotation,
        };
        let of_advice: Vec<Query<'_>> = cs
            .advice_queries()
            .iter()
            .map(|(column, rotation)| at(&advice[column.index()][..], rotation.0))
            .collect();
        let of_fixed: Vec<Query<'_>> = cs
            .fixed_queries()
            .iter()
            .map(|(column, rotation)| at(&fixed[column.index()][..], rotation.0))
            .collect();
        let of_labels: Vec<Query<'_>> = labels.iter().map(|label| at(&label[..], 0)).collect();
        let joint = -(cs.blinding_factors() as i32 + 1);
        let random = [at(random, 0)];

        let mut written: Vec<Query<'_>> = [&of_advice[..], &of_fixed, &random, &of_labels].concat();
        for (index, product) in products.iter().enumerate() {
            written.extend([0, 1].map(|rotation| at(&product[..], rotation)));
            if index + 1 < products.len() {
                written.push(at(product, joint));
            }
        }
        let weights: HashMap<i32, Vec<Fr>> = [-1, 0, 1, joint]
            .map(|rotation| (rotation, domain.weights(domain.rotate(x, rotation))))
            .into();
        for query in &written {
            let value = evaluate(query.polynomial, &weights[&query.rotation]);
            self.transcript.write_scalar(value)?;
        }

        let mut opened = of_advice;
        opened.extend(
            products
                .iter()
                .flat_map(|product| [at(&product[..], 0), at(&product[..], 1)]),
        );
        opened.extend(
            products
                .iter()
                .rev()
                .skip(1)
                .map(|product| at(&product[..], joint)),
        );
        opened.extend(of_fixed);
        opened.extend(of_labels);
        opened.extend([at(folded, 0), random[0]]);
        open(srs, domain, x, &opened, &mut self.transcript)?;
        Ok(self.transcript)
    }
}
