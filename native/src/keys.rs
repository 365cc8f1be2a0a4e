//! Proving and verifying keys, and their files.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;

use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{keygen_pk2, ProvingKey, VerifyingKey};
use halo2_axiom::poly::commitment::{Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::SerdeFormat;
use serde::{Deserialize, Serialize};

use crate::circuit::Shape;
use crate::error::{Error, Result};
use crate::network::NetworkCircuit;
use crate::program::Program;

/// Polynomials are written as they lie in memory and checked when they are read.
const FORMAT: SerdeFormat = SerdeFormat::RawBytes;
const BUFFER: usize = 1 << 22;
const SHAPE_FILE: &str = "shape.json";
const PROVING_FILE: &str = "proving.key";
const VERIFYING_FILE: &str = "verifying.key";
const SRS_FILE: &str = "verifying.srs";

/// What the key files do not say themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub shape: Shape,
    pub instances: usize,
    /// Length of the proving key's file.
    pub proving_bytes: u64,
}

/// All that verification takes, a few kilobytes.
#[derive(Clone, Debug)]
pub struct Verifying {
    pub vk: VerifyingKey<G1Affine>,
    /// Only the first power of the set-up, and its part in the other group.
    pub srs: ParamsKZG<Bn256>,
    pub about: About,
}

/// All that proving takes besides the set-up and the program.
#[derive(Clone, Debug)]
pub struct Keys {
    pub pk: ProvingKey<G1Affine>,
    pub verifying: Verifying,
}

/// Make the keys of a program; the same program and set-up give the same keys.
pub fn keygen(program: &Program, srs: &ParamsKZG<Bn256>) -> Result<Keys> {
    let shape = program.shape;
    if srs.k() != shape.k {
        return Err(Error::Keys(format!(
            "the set-up is for 2^{} rows; the circuit has 2^{}: downsize it or make one of that size",
            srs.k(),
            shape.k
        )));
    }
    let pk = keygen_pk2(srs, &NetworkCircuit::keys(program), false)
        .map_err(|cause| Error::Program(format!("{cause:?}")))?;
    check_degree(pk.get_vk())?;
    let about = About {
        shape,
        instances: program.instances,
        proving_bytes: 0,
    };
    let verifying = Verifying {
        vk: pk.get_vk().clone(),
        srs: first_power(srs, shape.k),
        about,
    };
    Ok(Keys { pk, verifying })
}

/// halo2 caps the degree that it reports by the environment's MAX_DEGREE; a cap below a gate's
/// degree would make proofs that no one can verify, or gates that hold for nothing.
fn check_degree(vk: &VerifyingKey<G1Affine>) -> Result<()> {
    let gates = vk.cs().gates().iter();
    let found = gates
        .flat_map(|gate| gate.polynomials())
        .map(|p| p.degree())
        .max();
    match found {
        Some(most) if most == vk.cs().degree() => Ok(()),
        _ => Err(Error::Keys(format!(
            "gates have degree {found:?} and the system {}: unset MAX_DEGREE",
            vk.cs().degree()
        ))),
    }
}

/// The part of a set-up that verification takes, said to be of 2^k powers.
fn first_power(srs: &ParamsKZG<Bn256>, k: u32) -> ParamsKZG<Bn256> {
    let first = vec![srs.get_g()[0]];
    srs.from_parts(k, first.clone(), Some(first), srs.g2(), srs.s_g2())
}

impl Keys {
    /// Write the keys into a folder, which is made.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::with_capacity(BUFFER, File::create(folder.join(PROVING_FILE))?);
        self.pk.write(&mut file, FORMAT)?;
        file.flush()?;
        let proving_bytes = fs::metadata(folder.join(PROVING_FILE))?.len();
        let about = About {
            proving_bytes,
            ..self.verifying.about
        };
        self.verifying.write(folder, about)
    }

    /// Read what `write` wrote.
    pub fn read(folder: &Path) -> Result<Self> {
        let verifying = Verifying::read(folder)?;
        let path = folder.join(PROVING_FILE);
        let (found, expected) = (fs::metadata(&path)?.len(), verifying.about.proving_bytes);
        if found != expected {
            return Err(Error::Keys(format!(
                "{} has {found} bytes; {expected} are expected: make the keys again",
                path.display()
            )));
        }
        let mut file = BufReader::with_capacity(BUFFER, File::open(&path)?);
        let shape = verifying.about.shape;
        let read = || ProvingKey::read::<_, NetworkCircuit<'_>>(&mut file, FORMAT, shape);
        let pk = unpanicked(&path, read)?;
        if pk.get_vk().transcript_repr() != verifying.vk.transcript_repr() {
            return Err(Error::Keys(format!(
                "{} is not the proving key of {VERIFYING_FILE} beside it: make the keys again",
                path.display()
            )));
        }
        Ok(Keys { pk, verifying })
    }
}

impl Verifying {
    /// The key in halo2's own format.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.vk.to_bytes(FORMAT)
    }

    fn write(&self, folder: &Path, about: About) -> Result<()> {
        fs::write(folder.join(VERIFYING_FILE), self.to_bytes())?;
        let mut srs = Vec::new();
        first_power(&self.srs, 0).write_custom(&mut srs, FORMAT)?;
        fs::write(folder.join(SRS_FILE), srs)?;
        let about = serde_json::to_string_pretty(&about).expect("plain numbers");
        Ok(fs::write(folder.join(SHAPE_FILE), about)?)
    }

    /// Read the verifying key that lies beside a proving key; the latter may be absent.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(SHAPE_FILE);
        let about: About = serde_json::from_slice(&fs::read(&path)?)
            .map_err(|cause| Error::Keys(format!("{}: {cause}", path.display())))?;
        let path = folder.join(VERIFYING_FILE);
        let bytes = fs::read(&path)?;
        let read = || VerifyingKey::from_bytes::<NetworkCircuit<'_>>(&bytes, FORMAT, about.shape);
        let vk = unpanicked(&path, read)?;
        check_degree(&vk)?;
        let bytes = fs::read(folder.join(SRS_FILE))?;
        let srs = ParamsKZG::read_custom(&mut bytes.as_slice(), FORMAT)?;
        let srs = first_power(&srs, about.shape.k);
        Ok(Verifying { vk, srs, about })
    }
}

/// halo2's readers panic at what they cannot read.
fn unpanicked<T>(path: &Path, read: impl FnOnce() -> std::io::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(found)) => Ok(found),
        _ => Err(Error::Keys(format!(
            "{} is damaged: make the keys again",
            path.display()
        ))),
    }
}
