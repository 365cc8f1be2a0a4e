//! Proving and verifying keys, and their files.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine, G1};
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use super::configure::{check_degree, configured, permutation};
use super::digest::digest;
use super::verifying::{About, Verifying, VERIFYING_FILE};
use crate::algebra::domain::Domain;
use crate::algebra::msm;
use crate::error::{Error, Result};
use crate::program::{fixed_columns, Program};
use crate::prover::column::{commit, values};
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
    pub verifying: Verifying,
}

/// Make the keys of a program; the same program and set-up give the same keys.
pub fn keygen(program: &Program, srs: &Srs) -> Result<Keys> {
    let shape = program.shape;
    if srs.k != shape.k {
        return Err(Error::Keys(format!(
            "the set-up is for 2^{} rows; the circuit has 2^{}: downsize it or make one of that size",
            srs.k, shape.k
        )));
    }
    let (cs, columns) = configured(&shape);
    check_degree(&cs)?;
    let domain = Domain::new(shape.k, cs.degree());
    let (mut points, mut fixed, mut sigma) = (Vec::<G1>::new(), Vec::new(), Vec::new());
    for assigned in fixed_columns(&columns, program) {
        let column = values(&assigned, domain.n, None);
        points.push(commit(srs, &assigned, &column, None));
        fixed.push(domain.coefficients(column));
    }
    let permutation = permutation(program, &cs, &columns);
    for number in 0..cs.permutation().get_columns().len() {
        let column = permutation.sigma(number, &domain);
        points.push(msm::full(&column, &srs.lagrange));
        sigma.push(domain.coefficients(column));
    }
    let about = About {
        shape,
        instances: program.instances,
    };
    let mut affine = vec![G1Affine::identity(); points.len()];
    G1::batch_normalize(&points, &mut affine);
    let verifying = Verifying::new(about, &affine, srs.verifying())?;
    Ok(Keys {
        fixed,
        sigma,
        verifying,
    })
}

impl Keys {
    /// Write the keys into a folder, which is made.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::with_capacity(BUFFER, File::create(folder.join(PROVING_FILE))?);
        file.write_all(&digest(&self.verifying))?;
        for value in self.fixed.iter().chain(&self.sigma).flatten() {
            value.write_raw(&mut file)?;
        }
        file.flush()?;
        self.verifying.write(folder)
    }

    /// Read what `write` wrote.
    pub fn read(folder: &Path) -> Result<Self> {
        let verifying = Verifying::read(folder)?;
        let path = folder.join(PROVING_FILE);
        let counts = verifying.columns();
        let n = 1 << verifying.about.shape.k;
        let expected = ELEMENT * (1 + n * (counts.0 + counts.1));
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
        Ok(Keys {
            fixed: columns(counts.0)?,
            sigma: columns(counts.1)?,
            verifying,
        })
    }
}

fn read_column(file: &mut impl Read, n: usize, path: &Path) -> Result<Vec<Fr>> {
    let mut bytes = vec![0; ELEMENT * n];
    file.read_exact(&mut bytes)?;
    let values = bytes.par_chunks_exact(ELEMENT).map(Fr::from_raw_bytes);
    let damaged = || {
        let path = path.display();
        Error::Keys(format!("{path} is damaged: make the keys again"))
    };
    values.collect::<Option<Vec<Fr>>>().ok_or_else(damaged)
}
