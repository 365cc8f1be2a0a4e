//! What two proofs of one execution have in common, and what a prover of false ones gets.

use std::collections::HashSet;

use crate::tiny;
use halo2_axiom::halo2curves::bn256::Fr;
use rayon::ThreadPoolBuilder;
use zkescrow_native::error::Error;
use zkescrow_native::keys::{keygen, Keys};
use zkescrow_native::program::Program;
use zkescrow_native::prover::blinding::Blinding;
use zkescrow_native::srs::Srs;
use zkescrow_native::witness::Witness;
use zkescrow_native::{prove, srs, verify};

const WORD: usize = 32;
/// Words of the image's point, the first of a proof.
const IMAGE: usize = 2;

fn set_up(program: &Program) -> (Srs, Keys) {
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(program, &setup).expect("keys");
    (setup, keys)
}

fn proof_of(
    program: &Program,
    cells: &Witness,
    (setup, keys): &(Srs, Keys),
    seeds: [u8; 2],
) -> Vec<u8> {
    let [image, proof] = seeds.map(|seed| [seed; 32]);
    let blinding = Blinding::new(image, proof);
    prove::prove(program, keys, setup, cells, blinding, &|_| ()).expect("a proof")
}

fn proof(seeds: [u8; 2]) -> Vec<u8> {
    let program = tiny::program();
    proof_of(&program, &tiny::cells(&program), &set_up(&program), seeds)
}

/// The words behind the image's point; columns that are zero everywhere have zeros in every proof.
fn words(proof: &[u8]) -> Vec<[u8; WORD]> {
    let words = proof.chunks_exact(WORD).skip(IMAGE);
    let words = words.map(|word| word.try_into().expect("32 bytes"));
    words.filter(|word| *word != [0; WORD]).collect()
}

#[test]
fn nothing_but_the_images_point_is_common_to_two_proofs_of_a_run() {
    let (one, other) = (words(&proof([2, 3])), words(&proof([2, 4])));
    let known: HashSet<_> = one.iter().collect();
    let common: Vec<_> = other.iter().filter(|word| known.contains(word)).collect();
    assert_eq!((one.len() > 50, common.len()), (true, 0), "{common:?}");
}

#[test]
fn a_proof_follows_from_its_run_and_seeds_by_any_number_of_threads() {
    let alone = ThreadPoolBuilder::new().num_threads(1).build();
    let three = ThreadPoolBuilder::new().num_threads(3).build();
    let [alone, three] =
        [alone, three].map(|pool| pool.expect("threads").install(|| proof([2, 3])));
    assert_eq!(alone, three);
}

#[test]
fn a_word_that_no_row_holds_makes_no_valid_proof() {
    let program = tiny::program();
    let (mut cells, made) = (tiny::cells(&program), set_up(&program));
    cells.instances[0] += Fr::one();
    let proof = proof_of(&program, &cells, &made, [2, 3]);
    let said = verify::verify(&made.1.verifying, &proof, &cells.instances);
    assert!(matches!(said, Err(Error::Rejected(_))));
}

#[test]
fn a_multiplicity_off_by_one_makes_no_valid_proof() {
    let program = tiny::program();
    let (mut cells, made) = (tiny::cells(&program), set_up(&program));
    cells.multiplicity[3] += 1;
    let proof = proof_of(&program, &cells, &made, [2, 3]);
    let said = verify::verify(&made.1.verifying, &proof, &cells.instances);
    assert!(matches!(said, Err(Error::Rejected(_))));
}

#[test]
fn another_networks_keys_make_no_valid_proof() {
    let program = tiny::program();
    let mut columns = tiny::columns();
    columns.get_mut("weight").expect("weights")[0][9] += 1;
    let other =
        Program::new(tiny::shape(), columns, &tiny::COPIES, tiny::INSTANCES).expect("a program");
    let (cells, made) = (tiny::cells(&program), set_up(&program));
    let proof = proof_of(&program, &cells, &set_up(&other), [2, 3]);
    let said = verify::verify(&made.1.verifying, &proof, &cells.instances);
    assert!(matches!(said, Err(Error::Rejected(_))));
}

#[test]
fn keys_of_another_shape_are_refused() {
    let program = tiny::program();
    let (cells, (setup, mut keys)) = (tiny::cells(&program), set_up(&program));
    keys.verifying.about.shape.y_offset += 1;
    let blinding = Blinding::new([2; 32], [3; 32]);
    let said = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ());
    assert!(matches!(said, Err(Error::Keys(_))));
}
