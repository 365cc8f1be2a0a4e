//! Proving and verifying keys, and their files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use super::configure::System;
use super::digest::{digest, weights_commitment};
use super::verifying::{About, Verifying, VERIFYING_FILE};
use crate::algebra::domain::Domain;
use crate::circuit::Shape;
use crate::error::{Error, Result};
use crate::program::{fixed_columns, Program};
use crate::prover::column::{commit, values};
use crate::prover::packed;
use crate::srs::Srs;

const BUFFER: usize = 1 << 22;
const ELEMENT: usize = 32;
const PROVING_FILE: &str = "proving.key";

/// All that proving takes besides the set-up and the program.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Bit-reversed coefficients of the fixed columns and of the permutation's sigma.
    pub fixed: Vec<Vec<Fr>>,
    pub sigma: Vec<Vec<Fr>>,
    /// Commitments to the columns of hidden weights, which stand in proofs.
    pub secret: Vec<G1Affine>,
    pub verifying: Verifying,
}

/// Make the keys of a program; the same program and set-up give the same keys.
pub fn keygen(program: &Program, srs: &Srs) -> Result<Keys> {
    let shape = program.shape;
    shape.check()?;
    fits(&shape, srs)?;
    let system = System::new(&shape)?;
    let domain = Domain::new(shape.k, system.cs.degree());
    let (mut secret, mut fixed) = (HashMap::new(), Vec::new());
    for assigned in fixed_columns(&system.columns, program) {
        let (column, index) = (values(&assigned, domain.n, None), assigned.column.index());
        if system.secret.contains(&index) {
            let point = commit(srs, &assigned, &column, None);
            secret.insert(index, point.to_affine());
        }
        fixed.push(domain.coefficients(column));
    }
    let permutation = system.permutation(program);
    let numbers = 0..system.permuted();
    let sigma: Vec<_> = numbers
        .map(|number| domain.coefficients(permutation.sigma(number, &domain)))
        .collect();
    let columns = system.packed.iter().map(|index| &fixed[*index]);
    let columns: Vec<&[Fr]> = columns.chain(&sigma).map(|column| &column[..]).collect();
    let groups = columns.chunks(shape.packing);
    let packed = groups.map(|group| packed::commit(srs, group, shape.packing).to_affine());
    let packed = packed.collect();
    let secret = system.secret.iter().map(|index| secret[index]).collect();
    let about = About {
        shape,
        instances: program.instances,
    };
    Ok(Keys {
        fixed,
        sigma,
        secret,
        verifying: Verifying::new(about, packed, srs.verifying())?,
    })
}

/// Refuse a set-up for other rows, or with fewer powers than the packed polynomials have.
pub fn fits(shape: &Shape, srs: &Srs) -> Result<()> {
    if srs.k == shape.k && srs.powers.len() >= shape.powers() {
        return Ok(());
    }
    Err(Error::Keys(format!(
        "the set-up is for 2^{} rows and has {} powers; the circuit has 2^{} rows and needs {} powers, \
         as {} columns are packed: take a larger set-up, or pack fewer",
        srs.k,
        srs.powers.len(),
        shape.k,
        shape.powers(),
        shape.packing
    )))
}

impl Keys {
    /// What the weights are known by; refused where they are public.
    pub fn weights_commitment(&self) -> Result<[u8; 32]> {
        match self.secret.is_empty() {
            false => Ok(weights_commitment(digest(&self.verifying), &self.secret)),
            true => Err(Error::Keys(
                "the weights are public: the key itself says which they are".to_string(),
            )),
        }
    }

    /// Write the keys into a folder, which is made.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::with_capacity(BUFFER, File::create(folder.join(PROVING_FILE))?);
        file.write_all(&digest(&self.verifying))?;
        for value in self.fixed.iter().chain(&self.sigma).flatten() {
            value.write_raw(&mut file)?;
        }
        for point in &self.secret {
            point.write_raw(&mut file)?;
        }
        file.flush()?;
        self.verifying.write(folder)
    }

    /// Read what `write` wrote.
    pub fn read(folder: &Path) -> Result<Self> {
        let verifying = Verifying::read(folder)?;
        let path = folder.join(PROVING_FILE);
        let system = &verifying.system;
        let (fixed, sigma) = (system.cs.num_fixed_columns(), system.permuted());
        let n = 1 << verifying.about.shape.k;
        let expected = ELEMENT * (1 + n * (fixed + sigma) + 2 * system.secret.len());
        let found = fs::metadata(&path)?.len();
        if found != expected as u64 {
            return Err(Error::Keys(format!(
                "{} has {found} bytes; {expected} are expected: make the keys again",
                path.display()
            )));
        }
        let mut file = BufReader::with_capacity(BUFFER, File::open(&path)?);
        let mut stated = [0; ELEMENT];
        file.read_exact(&mut stated)?;
        if stated != digest(&verifying) {
            return Err(Error::Keys(format!(
                "{} is not the proving key of {VERIFYING_FILE} beside it: make the keys again",
                path.display()
            )));
        }
        let mut columns = |count| -> Result<Vec<Vec<Fr>>> {
            (0..count)
                .map(|_| read_column(&mut file, n, &path))
                .collect()
        };
        let (fixed, sigma) = (columns(fixed)?, columns(sigma)?);
        let points = system.secret.iter().map(|_| read_point(&mut file, &path));
        Ok(Keys {
            fixed,
            sigma,
            secret: points.collect::<Result<_>>()?,
            verifying,
        })
    }
}

fn read_point(file: &mut impl Read, path: &Path) -> Result<G1Affine> {
    let mut bytes = [0; 2 * ELEMENT];
    file.read_exact(&mut bytes)?;
    G1Affine::from_raw_bytes(&bytes).ok_or_else(|| damaged(path))
}

fn damaged(path: &Path) -> Error {
    let path = path.display();
    Error::Keys(format!("{path} is damaged: make the keys again"))
}

fn read_column(file: &mut impl Read, n: usize, path: &Path) -> Result<Vec<Fr>> {
    let mut bytes = vec![0; ELEMENT * n];
    file.read_exact(&mut bytes)?;
    let values = bytes.par_chunks_exact(ELEMENT).map(Fr::from_raw_bytes);
    let found = values.collect::<Option<Vec<Fr>>>();
    found.ok_or_else(|| damaged(path))
}
