//! Proofs: halo2's argument with KZG on BN254 and SHPLONK openings.

use std::io::{self, Write};

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::halo2curves::group::Curve;

use crate::algebra::domain::Domain;
use crate::algebra::msm;
use crate::circuit::columns::CHALLENGES;
use crate::circuit::rows::{placed, usable_rows, UNUSABLE_ROWS};
use crate::circuit::Challenges;
use crate::error::{Error, Result};
use crate::keys::digest::digest;
use crate::keys::proof_layout::ProofLayout;
use crate::keys::{fits, Keys};
use crate::program::Program;
use crate::prover::blinding::Blinding;
use crate::prover::{ProofInProgress, Proving};
use crate::srs::Srs;
use crate::transcript::{point_words, EvmTranscript};
use crate::witness::accumulators::accumulate;
use crate::witness::hash_states::hashed;
use crate::witness::{advice, Witness};

/// A proof of an execution; the caller verifies it before use. Each stage of `ProofLayout` is
/// reported when it is done, and "quotient i/n" inside the longest.
pub fn prove(
    program: &Program,
    keys: &Keys,
    srs: &Srs,
    witness: &Witness,
    blinding: Blinding,
    report: &dyn Fn(&str),
) -> Result<Vec<u8>> {
    witness.check(program)?;
    belong(program, keys)?;
    fits(&program.shape, srs)?;
    let system = &keys.verifying.system;
    let columns = &system.columns;
    let proving = Proving {
        srs,
        system,
        domain: &Domain::new(program.shape.k, system.cs.degree()),
        fixed: &keys.fixed,
        sigma: &keys.sigma,
        secret: &keys.secret,
        permutation: &system.permutation(program),
    };
    let digest = digest(&keys.verifying);
    let stages = StageReporter::new(ProofLayout::of(system), digest, report);
    let transcript = EvmTranscript::new(digest, stages);
    let mut proof = ProofInProgress::new(proving, blinding, transcript, &witness.instances)?;
    // Tensor cells and image are bound before the point (a, b, g) and logUp's theta and beta exist:
    // a prover that knew them could choose cells that agree there and nowhere else.
    let hashed = hashed(program, witness);
    proof.commit(&advice::first_phase(columns, witness, &hashed))?;
    let challenges: [Fr; CHALLENGES.len()] = proof.draw();
    let challenges = Challenges::from(challenges);
    let accumulators = accumulate(program, witness, &challenges);
    proof.commit(&advice::second_phase(columns, &accumulators))?;
    drop(accumulators);
    let part = |done, all| report(&format!("quotient {done}/{all}"));
    Ok(proof.finish(&part)?.into_stream().proof)
}

fn belong(program: &Program, keys: &Keys) -> Result<()> {
    let (ours, theirs) = (program.shape, keys.verifying.about.shape);
    if ours == theirs && program.instances == keys.verifying.about.instances {
        return Ok(());
    }
    Err(Error::Keys(format!(
        "the keys are for {theirs:?}; the program has {ours:?}"
    )))
}

/// The point that every proof about an image holds as its first: x and y, big-endian.
pub fn commit_image(srs: &Srs, image: &[Fr], image_seed: [u8; 32]) -> Result<[u8; 64]> {
    let usable = usable_rows(srs.k);
    if image.len() > usable {
        return Err(Error::Witness(format!(
            "{} image words: expected at most {usable}",
            image.len()
        )));
    }
    let mut column = vec![Fr::ZERO; 1 << srs.k];
    column[placed(0)..][..image.len()].copy_from_slice(image);
    let blinded = column.len() - UNUSABLE_ROWS;
    column[blinded..].copy_from_slice(&Blinding::new(image_seed, [0; 32]).input_rows());
    let point = msm::full(&column, &srs.lagrange).to_affine();
    Ok(point_words(point)?)
}

/// A proof being written, that reports each stage when it is done.
struct StageReporter<'a> {
    proof: Vec<u8>,
    stages: std::array::IntoIter<(&'static str, usize), 6>,
    next: Option<(&'static str, usize)>,
    report: &'a dyn Fn(&str),
}

impl<'a> StageReporter<'a> {
    /// A proof with hidden weights begins with the digest, before their points.
    fn new(layout: ProofLayout, digest: [u8; 32], report: &'a dyn Fn(&str)) -> Self {
        let mut stages = layout.stages().into_iter();
        let mut proof = Vec::with_capacity(layout.bytes());
        if layout.secret_points > 0 {
            proof.extend(digest);
        }
        StageReporter {
            proof,
            next: stages.next(),
            stages,
            report,
        }
    }
}

impl Write for StageReporter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.proof.extend_from_slice(bytes);
        while let Some((stage, _)) = self.next.filter(|(_, end)| self.proof.len() >= *end) {
            (self.report)(stage);
            self.next = self.stages.next();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
