//! What an owner of hidden weights may not choose.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use halo2_axiom::halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};
use zkescrow_native::check::check;
use zkescrow_native::circuit::rows::Lanes;
use zkescrow_native::circuit::Shape;
use zkescrow_native::error::Error;
use zkescrow_native::keys::{keygen, Keys};
use zkescrow_native::program::Program;
use zkescrow_native::prover::blinding::Blinding;
use zkescrow_native::{prove, srs, verify};

use crate::tiny;

/// The row of the output selector, and the tensor's first and last rows.
const SELECTOR: usize = 8;
const FIRST: usize = 2;
const LAST: usize = 7;

fn shape() -> Shape {
    Shape {
        hidden: true,
        ..tiny::shape()
    }
}

/// The tiny program's columns with its weights hidden.
fn columns() -> HashMap<String, Lanes> {
    let mut columns = tiny::columns();
    let on = |rows: std::ops::RangeInclusive<usize>, count| -> Vec<i64> {
        (0..count)
            .map(|row| i64::from(rows.contains(&row)))
            .collect()
    };
    for name in ["continues_row", "ends_row", "continues_segment"] {
        columns.get_mut(name).expect("a flag")[0].truncate(LAST + 1);
    }
    columns.get_mut("weight").expect("weights")[0][SELECTOR] = 0;
    columns.get_mut("enters_kernel").expect("a flag")[0][SELECTOR] = 0;
    columns.insert(
        "output_selector".into(),
        vec![on(SELECTOR..=SELECTOR, tiny::CLOSE + 1)],
    );
    columns.insert("same_bias".into(), vec![on(FIRST + 1..=LAST, LAST + 1)]);
    columns.insert(
        "no_weight".into(),
        vec![on(0..=SELECTOR, tiny::CLOSE + 1); 2],
    );
    columns
}

fn made(change: impl FnOnce(&mut HashMap<String, Lanes>)) -> Result<Program, Error> {
    let mut columns = columns();
    change(&mut columns);
    Program::new(shape(), columns, &tiny::COPIES, tiny::INSTANCES)
}

/// The gates that honest cells of a program violate.
fn failing(program: &Program) -> Vec<String> {
    let found = check(program, &tiny::cells(program), &[]).expect("the cells fit the circuit");
    let gate = |failure: &String| failure.split(" on row ").next().map(str::to_string);
    let mut gates: Vec<String> = found.iter().filter_map(gate).collect();
    gates.dedup();
    gates
}

#[test]
fn honest_hidden_weights_satisfy_every_gate_and_have_proofs() {
    let salt = vec![vec![Fr::from(7); 20]; 3];
    let program = made(|_| ()).and_then(|program| program.salted(salt));
    let program = program.expect("a program");
    assert_eq!(failing(&program), Vec::<String>::new());
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(&program, &setup).expect("keys");
    let (cells, blinding) = (tiny::cells(&program), Blinding::new([2; 32], [3; 32]));
    let proof = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("a proof");
    verify::verify(&keys.verifying, &proof, &cells.instances).expect("accepted");
}

/// Keys of the tiny program with salt, and a proof.
fn proven(salt: u64) -> (Keys, Vec<u8>, Vec<Fr>) {
    let salt = vec![vec![Fr::from(salt); 20]; 3];
    let program = made(|_| ()).and_then(|program| program.salted(salt));
    let program = program.expect("a program");
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(&program, &setup).expect("keys");
    let (cells, blinding) = (tiny::cells(&program), Blinding::new([2; 32], [3; 32]));
    let proof = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("a proof");
    (keys, proof, cells.instances)
}

const WEIGHTS: usize = 32 + 3 * 64;

#[test]
fn one_key_serves_all_hidden_weights_and_a_proof_says_which() {
    let ((one, proof, instances), (other, others, _)) = (proven(7), proven(8));
    assert_eq!(one.verifying.to_bytes(), other.verifying.to_bytes());
    let commitments = [&one, &other].map(|keys| keys.weights_commitment().expect("hidden"));
    assert_ne!(commitments[0], commitments[1]);
    for (proof, commitment) in [(&proof, commitments[0]), (&others, commitments[1])] {
        verify::verify(&one.verifying, proof, &instances).expect("accepted");
        assert_eq!(Keccak256::digest(&proof[..WEIGHTS])[..], commitment);
    }
    let swapped = [&others[..WEIGHTS], &proof[WEIGHTS..]].concat();
    assert!(verify::verify(&one.verifying, &swapped, &instances).is_err());
}

#[test]
fn a_proof_of_hidden_weights_begins_with_the_digest_and_points() {
    let (keys, proof, instances) = proven(7);
    let said = |at: usize, bytes: &[u8]| {
        let mut other = proof.clone();
        other[at..at + bytes.len()].copy_from_slice(bytes);
        let said = verify::verify(&keys.verifying, &other, &instances);
        said.expect_err("refused").to_string()
    };
    assert!(said(31, &[proof[31] ^ 1]).contains("digest of another circuit"));
    for at in (32..WEIGHTS).step_by(64) {
        assert!(said(at, &[0; 64]).contains("at infinity"));
        assert!(said(at, &[0xff; 32]).contains("not below the modulus"));
        assert!(said(at + 63, &[proof[at + 63] ^ 1]).contains("not on the curve"));
    }
    let without = &proof[32..];
    assert!(verify::verify(&keys.verifying, without, &instances).is_err());
}

#[test]
fn keys_of_hidden_weights_survive_their_files() {
    let (keys, _, _) = proven(7);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hidden");
    keys.write(&folder).expect("written");
    let read = Keys::read(&folder).expect("read");
    assert_eq!(read.secret, keys.secret);
    let path = folder.join("proving.key");
    let mut bytes = fs::read(&path).expect("read");
    let last = bytes.len() - 1;
    bytes[last] ^= 0xff;
    fs::write(&path, bytes).expect("written");
    assert!(matches!(Keys::read(&folder), Err(Error::Keys(_))));
}

#[test]
fn public_weights_have_no_commitment_of_their_own() {
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let keys = keygen(&tiny::program(), &setup).expect("keys");
    assert!(matches!(keys.weights_commitment(), Err(Error::Keys(_))));
}

#[test]
fn a_bias_is_the_same_on_all_of_a_plane() {
    for row in FIRST..=LAST {
        let program = made(|columns| columns.get_mut("bias").expect("biases")[0][row] += 1);
        assert_eq!(
            failing(&program.expect("a program")),
            ["same_bias"],
            "row {row}"
        );
    }
    let whole = made(|columns| {
        let biases = &mut columns.get_mut("bias").expect("biases")[0];
        biases[FIRST..=LAST].iter_mut().for_each(|bias| *bias += 1);
    });
    assert_eq!(failing(&whole.expect("a program")), Vec::<String>::new());
}

#[test]
fn a_lane_without_a_weight_is_zero() {
    for lane in 0..2 {
        let program =
            made(|columns| columns.get_mut("weight").expect("weights")[lane][SELECTOR] = 1);
        assert_eq!(failing(&program.expect("a program")), ["no_weight"]);
    }
}

#[test]
fn salt_stands_below_every_flag() {
    for (name, rows) in [("same_bias", LAST + 2), ("no_weight", tiny::CLOSE + 2)] {
        let program = made(|columns| {
            let lanes = columns.get_mut(name).expect("a flag");
            lanes.iter_mut().for_each(|lane| lane.resize(rows, 0));
        });
        let salted = program
            .expect("a program")
            .salted(vec![vec![Fr::one(); 3]; 3]);
        let message = format!("{:?}", salted.expect_err("refused"));
        assert!(
            message.contains(&format!("flag {name} goes on")),
            "{message}"
        );
    }
}

#[test]
fn the_flags_of_hidden_weights_must_be_there() {
    for name in ["output_selector", "same_bias", "no_weight"] {
        let refused = made(|columns| {
            columns.remove(name);
        });
        let message = format!("{:?}", refused.expect_err("refused"));
        assert!(
            message.contains(&format!("column {name} is missing")),
            "{message}"
        );
    }
    let refused = made(|columns| columns.get_mut("no_weight").expect("flags")[1][3] = 2);
    assert!(format!("{refused:?}").contains("flag no_weight is 2 on row 3"));
    let refused = made(|columns| columns.get_mut("same_bias").expect("a flag")[0][0] = 1);
    assert!(format!("{refused:?}").contains("flag same_bias is set on row 0"));
}
