//! Keys and proofs of the tiny program.

use std::cell::RefCell;
use std::path::PathBuf;

use crate::tiny;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr};
use halo2_axiom::plonk::keygen_vk_custom;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::SerdeFormat;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zkescrow_native::error::Error;
use zkescrow_native::keys::describe::describe;
use zkescrow_native::keys::{keygen, Keys, Verifying};
use zkescrow_native::program::Program;
use zkescrow_native::prover::blinding::Blinding;
use zkescrow_native::srs::Srs;
use zkescrow_native::witness::NetworkCircuit;
use zkescrow_native::witness::Witness;
use zkescrow_native::{prove, srs, verify};

const POINT: usize = 64;

struct Made {
    keys: Keys,
    cells: Witness,
    proof: Vec<u8>,
}

fn make(image_seed: u8, proof_seed: u8) -> Made {
    let program = tiny::program();
    let cells = tiny::cells(&program);
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(&program, &setup).expect("keys");
    let blinding = Blinding::new([image_seed; 32], [proof_seed; 32]);
    let proof = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("a proof");
    Made { keys, cells, proof }
}

fn verified(made: &Made, proof: &[u8], instances: &[Fr]) -> bool {
    match verify::verify(&made.keys.verifying, proof, instances) {
        Ok(()) => true,
        Err(Error::Rejected(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_proof_is_accepted_and_no_mutation_of_it() {
    let made = make(2, 3);
    assert!(verified(&made, &made.proof, &made.cells.instances));
    for at in (0..made.proof.len()).step_by(31) {
        let mut other = made.proof.clone();
        other[at] ^= 1;
        assert!(!verified(&made, &other, &made.cells.instances), "byte {at}");
    }
}

#[test]
fn a_proof_is_for_its_instances_only() {
    let made = make(2, 3);
    let output = made.cells.instances[0];
    assert!(!verified(&made, &made.proof, &[output + Fr::one()]));
    assert!(!verified(&made, &made.proof, &[]));
    assert!(!verified(&made, &made.proof, &[output, Fr::zero()]));
}

#[test]
fn a_proof_has_its_exact_length() {
    let made = make(2, 3);
    let described = describe(&made.keys.verifying);
    assert_eq!(described["proof"]["bytes"], made.proof.len());
    let longer = [&made.proof[..], &[0]].concat();
    assert!(!verified(&made, &longer, &made.cells.instances));
    let shorter = &made.proof[..made.proof.len() - 1];
    assert!(!verified(&made, shorter, &made.cells.instances));
}

#[test]
fn every_stage_is_reported_when_it_is_done() {
    let program = tiny::program();
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(&program, &setup).expect("keys");
    let (seen, blinding) = (RefCell::new(Vec::new()), Blinding::new([2; 32], [3; 32]));
    let report = |stage: &str| seen.borrow_mut().push(stage.to_string());
    prove::prove(
        &program,
        &keys,
        &setup,
        &tiny::cells(&program),
        blinding,
        &report,
    )
    .expect("a proof");
    let stages = [
        "cells",
        "sums",
        "copies",
        "quotient",
        "evaluations",
        "opening",
    ];
    let (parts, ended): (Vec<_>, Vec<_>) = seen
        .into_inner()
        .into_iter()
        .partition(|stage| stage.contains('/'));
    assert_eq!(ended, stages);
    let expected: Vec<_> = (1..=12).map(|part| format!("quotient {part}/12")).collect();
    assert_eq!(parts, expected);
}

#[test]
fn wrong_cells_make_no_valid_proof() {
    let program = tiny::program();
    let mut cells = tiny::cells(&program);
    cells.remainder[0][3] = (cells.remainder[0][3] + 1) % 4;
    tiny::count(&program, &mut cells);
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(&program, &setup).expect("keys");
    let blinding = Blinding::new([2; 32], [3; 32]);
    let proof = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("bytes");
    assert!(verify::verify(&keys.verifying, &proof, &cells.instances).is_err());
}

#[test]
fn keys_are_deterministic() {
    let (one, other) = (make(2, 3), make(4, 5));
    assert_eq!(
        one.keys.verifying.to_bytes(),
        other.keys.verifying.to_bytes()
    );
}

#[test]
fn the_image_point_depends_on_image_and_its_seed_alone() {
    let (one, other, salted) = (make(2, 3), make(2, 4), make(5, 3));
    assert_eq!(one.proof[..POINT], other.proof[..POINT]);
    assert_ne!(one.proof[POINT..2 * POINT], other.proof[POINT..2 * POINT]);
    assert_ne!(one.proof[..POINT], salted.proof[..POINT]);
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let alone = prove::commit_image(&setup, &one.cells.input, [2; 32]).expect("a point");
    assert_eq!(one.proof[..POINT], alone);
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn keys_survive_their_files() {
    let made = make(2, 3);
    let folder = scratch("keys");
    made.keys.write(&folder).expect("written");
    let read = Keys::read(&folder).expect("read");
    assert_eq!(read.verifying.to_bytes(), made.keys.verifying.to_bytes());
    let program = tiny::program();
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let blinding = Blinding::new([2; 32], [9; 32]);
    let proof =
        prove::prove(&program, &read, &setup, &made.cells, blinding, &|_| ()).expect("a proof");
    let verifying = Verifying::read(&folder).expect("read");
    verify::verify(&verifying, &proof, &made.cells.instances).expect("accepted");
}

#[test]
fn damaged_keys_are_refused() {
    let made = make(2, 3);
    let folder = scratch("damaged");
    made.keys.write(&folder).expect("written");
    let path = folder.join("proving.key");
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() - 1]).expect("written");
    assert!(matches!(Keys::read(&folder), Err(Error::Keys(_))));
    let mut high = bytes.clone();
    let end = high.len();
    high[end - 32..].fill(0xff);
    std::fs::write(&path, &high).expect("written");
    assert!(matches!(Keys::read(&folder), Err(Error::Keys(_))));
}

#[test]
fn a_set_up_survives_its_file_and_a_torn_one_is_refused() {
    let folder = scratch("srs");
    std::fs::create_dir_all(&folder).expect("made");
    let path = folder.join("k7.srs");
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    setup.write(&path).expect("written");
    let read = Srs::read(&path).expect("read");
    assert_eq!(read.powers, setup.powers[..1 << tiny::K]);
    assert_eq!(read.lagrange, setup.lagrange);
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
    assert!(matches!(Srs::read(&path), Err(Error::Keys(_))));
}

#[test]
fn a_development_set_up_is_that_of_halo2() {
    let ours = srs::development(5, 1, [1; 32]);
    let theirs = ParamsKZG::<Bn256>::setup(5, ChaCha20Rng::from_seed([1; 32]));
    let folder = scratch("halo2");
    std::fs::create_dir_all(&folder).expect("made");
    let path = folder.join("k5.srs");
    ours.write(&path).expect("written");
    let mut bytes = Vec::new();
    let format = SerdeFormat::RawBytes;
    theirs.write_custom(&mut bytes, format).expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), bytes);
}

/// The commitments of a program that packs nothing, ours and halo2's.
fn assert_halo2s(program: &Program) {
    let mut program = program.clone();
    program.shape.packing = 1;
    let ours = keygen(&program, &srs::development(tiny::K, 1, [1; 32])).expect("keys");
    let params = ParamsKZG::<Bn256>::setup(tiny::K, ChaCha20Rng::from_seed([1; 32]));
    let circuit = NetworkCircuit::keys(&program);
    let theirs = keygen_vk_custom(&params, &circuit, false).expect("keys");
    let fixed = ours.verifying.system.packed.iter();
    let fixed = fixed.map(|index| theirs.fixed_commitments()[*index]);
    let sigma = theirs.permutation().commitments().iter().copied();
    assert_eq!(
        ours.verifying.packed,
        fixed.chain(sigma).collect::<Vec<_>>()
    );
}

#[test]
fn keys_are_those_of_halo2() {
    assert_halo2s(&tiny::program());
}

#[test]
fn cells_copied_many_times_are_in_the_cycles_of_halo2() {
    // Column 2 is X, 0 and 1 are ends of runs, 3 instances: cycles grow, and two become one.
    let mut copies = tiny::COPIES.to_vec();
    copies.extend((20..29).map(|row| [2, row, 0, 7]));
    copies.extend((30..35).map(|row| [2, row, 1, 1]));
    copies.extend([[2, 40, 3, 0], [2, 41, 3, 0], [2, 41, 0, 7], [2, 40, 0, 7]]);
    copies.extend([[2, 25, 1, 1], [2, 30, 1, 1]]);
    let program = Program::new(tiny::shape(), tiny::columns(), &copies, tiny::INSTANCES);
    assert_halo2s(&program.expect("a program"));
}

#[test]
fn a_larger_set_up_serves_downsized() {
    let larger = srs::development(tiny::K + 1, tiny::PACKING / 2, [1; 32]);
    let program = tiny::program();
    assert!(matches!(keygen(&program, &larger), Err(Error::Keys(_))));
    let fitting = larger.downsize(tiny::K).expect("smaller");
    assert!(fitting.downsize(tiny::K + 1).is_err());
    let message = keygen(&program, &fitting)
        .expect_err("few powers")
        .to_string();
    assert!(message.contains("needs 512 powers"), "{message}");
}

#[test]
fn further_powers_are_those_of_a_larger_set_up_of_the_same_secret() {
    let folder = scratch("powers");
    std::fs::create_dir_all(&folder).expect("made");
    let (path, other) = (folder.join("k10.srs"), folder.join("other.srs"));
    let larger = srs::development(tiny::K + 3, 1, [1; 32]);
    larger.write(&path).expect("written");
    srs::development(tiny::K + 2, 1, [2; 32])
        .write(&other)
        .expect("written");
    let rows = || srs::development(tiny::K, 1, [1; 32]);
    let found = rows().with_powers(&path, tiny::K + 2).expect("read");
    assert_eq!(found.powers, larger.powers[..tiny::PACKING << tiny::K]);
    let keys = keygen(&tiny::program(), &found).expect("keys");
    let same = make(2, 3).keys.verifying;
    assert_eq!(keys.verifying.to_bytes(), same.to_bytes());
    for (path, k, why) in [
        (&other, tiny::K + 2, "of another secret"),
        (&path, tiny::K + 4, "has 2^10 powers"),
        (&path, tiny::K - 1, "has 2^10 powers"),
    ] {
        let refused = rows()
            .with_powers(path, k)
            .expect_err("refused")
            .to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn every_packing_makes_proofs_and_keys_of_its_own() {
    let mut seen = std::collections::HashSet::new();
    for packing in [1, 2, 4, 8] {
        let mut program = tiny::program();
        program.shape.packing = packing;
        let setup = srs::development(tiny::K, packing, [1; 32]);
        let keys = keygen(&program, &setup).expect("keys");
        let (cells, blinding) = (tiny::cells(&program), Blinding::new([2; 32], [3; 32]));
        let proof =
            prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("a proof");
        verify::verify(&keys.verifying, &proof, &cells.instances).expect("accepted");
        assert_eq!(
            keys.verifying.packed.len(),
            keys.verifying.system.packed_columns().div_ceil(packing)
        );
        assert!(seen.insert(keys.verifying.to_bytes()));
        for at in (0..proof.len()).step_by(31) {
            let mut other = proof.clone();
            other[at] ^= 1;
            assert!(verify::verify(&keys.verifying, &other, &cells.instances).is_err());
        }
    }
}
