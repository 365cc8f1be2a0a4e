//! Proofs and their verification: halo2 with KZG on BN254 and SHPLONK openings.

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::halo2curves::ff::Field;
use halo2_axiom::halo2curves::group::Curve;
use halo2_axiom::plonk::{create_proof, verify_proof};
use halo2_axiom::poly::commitment::{Blind, Params};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_axiom::poly::kzg::strategy::SingleStrategy;
use halo2_axiom::poly::EvaluationDomain;
use halo2_axiom::transcript::{TranscriptReadBuffer, TranscriptWriterBuffer};

use crate::blinding::Blinding;
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::keys::{Keys, Verifying};
use crate::layout::{Layout, Watched};
use crate::network::NetworkCircuit;
use crate::program::{placed, usable_rows, Program, UNUSABLE_ROWS};
use crate::transcript::{point_words, EvmTranscript};

/// A proof of a run; the caller verifies it before use. Each stage of `Layout` is reported.
pub fn prove(
    program: &Program,
    keys: &Keys,
    srs: &ParamsKZG<Bn256>,
    cells: &Cells,
    blinding: Blinding,
    report: &dyn Fn(&str),
) -> Result<Vec<u8>> {
    cells.check(program)?;
    let circuit = NetworkCircuit::proof(program, cells);
    let proof = Watched::new(Layout::of(keys.pk.get_vk()), report);
    let mut transcript: EvmTranscript<Watched<'_>> =
        TranscriptWriterBuffer::<_, G1Affine, _>::init(proof);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        srs,
        &keys.pk,
        &[circuit],
        &[&[&cells.instances]],
        blinding,
        &mut transcript,
    )
    .map_err(|cause| Error::Witness(format!("{cause:?}")))?;
    Ok(transcript.into_stream().proof)
}

/// Accept exactly a valid proof of so many instances as the circuit has, with nothing behind it.
pub fn verify(verifying: &Verifying, proof: &[u8], instances: &[Fr]) -> Result<()> {
    let Verifying { vk, srs, about } = verifying;
    if instances.len() != about.instances {
        return Err(Error::Rejected(format!(
            "{} instances; the circuit has {}",
            instances.len(),
            about.instances
        )));
    }
    let mut transcript: EvmTranscript<&[u8]> = TranscriptReadBuffer::<_, G1Affine, _>::init(proof);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        srs,
        vk,
        SingleStrategy::new(srs),
        &[&[instances]],
        &mut transcript,
    )
    .map_err(|cause| Error::Rejected(format!("{cause:?}")))?;
    match transcript.into_stream().len() {
        0 => Ok(()),
        left => Err(Error::Rejected(format!("{left} bytes follow the proof"))),
    }
}

/// The point that every proof about an image holds as its first: x and y, big-endian.
pub fn commit_image(
    srs: &ParamsKZG<Bn256>,
    image: &[Fr],
    image_seed: [u8; 32],
) -> Result<[u8; 64]> {
    let usable = usable_rows(srs.k());
    if image.len() > usable {
        return Err(Error::Witness(format!(
            "{} image words; at most {usable} are allowed",
            image.len()
        )));
    }
    let mut column = EvaluationDomain::new(1, srs.k()).empty_lagrange();
    column[placed(0)..][..image.len()].copy_from_slice(image);
    let mut draws = Blinding::new(image_seed, [0; 32]);
    let blinded = column.len() - UNUSABLE_ROWS;
    column[blinded..].fill_with(|| Fr::random(&mut draws));
    let point = srs.commit_lagrange(&column, Blind::default()).to_affine();
    Ok(point_words(point)?)
}
