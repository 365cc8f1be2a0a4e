//! Every point of keys and proofs is checked where it is read.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_axiom::halo2curves::bn256::Fr;
use zkescrow_native::error::Error;
use zkescrow_native::keys::{keygen, Keys, Verifying};
use zkescrow_native::prover::blinding::Blinding;
use zkescrow_native::{prove, srs, verify};

use crate::tiny;

const POINT: usize = 64;
/// Words before the points.
const HEADER: usize = 31 * 32;
const KEY: &str = "verifying.key";

fn made(name: &str) -> (PathBuf, Keys) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    let keys = keygen(
        &tiny::program(),
        &srs::development(tiny::K, tiny::PACKING, [1; 32]),
    )
    .expect("keys");
    keys.write(&folder).expect("written");
    Verifying::read(&folder).expect("as it was written");
    (folder, keys)
}

/// What is said of a folder after a change of one of its files.
fn refusal(folder: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let path = folder.join(name);
    let honest = fs::read(&path).expect("read");
    let mut bytes = honest.clone();
    change(&mut bytes);
    fs::write(&path, &bytes).expect("written");
    let said = Verifying::read(folder);
    fs::write(&path, &honest).expect("written");
    match said {
        Err(Error::Keys(message)) => message,
        other => panic!("{name} was read: {other:?}"),
    }
}

/// Ways to spoil the point that begins at a byte: off the curve, a coordinate not below p,
/// infinity.
fn off_the_curve(bytes: &mut [u8], at: usize) {
    bytes[at + POINT - 1] ^= 1;
}

fn too_large(bytes: &mut [u8], at: usize) {
    bytes[at..at + POINT / 2].fill(0xff);
}

fn infinity(bytes: &mut [u8], at: usize) {
    bytes[at..at + POINT].fill(0);
}

#[test]
fn no_point_of_a_verifying_key_is_off_the_curve() {
    let (folder, keys) = made("points");
    for number in [0, keys.verifying.packed.len() - 1] {
        let at = HEADER + POINT * number;
        for spoil in [off_the_curve, too_large] {
            let message = refusal(&folder, KEY, |bytes| spoil(bytes, at));
            let named = format!("point {number} is not on the curve");
            assert!(message.contains(&named), "{message}");
        }
    }
}

#[test]
fn a_verifying_key_is_its_words_and_as_long() {
    let (folder, keys) = made("words");
    let honest = fs::read(folder.join(KEY)).expect("read");
    assert_eq!(
        honest.len(),
        HEADER + POINT * keys.verifying.system.packed_polynomials()
    );
    for word in 0..HEADER / 32 {
        let message = refusal(&folder, KEY, |bytes| bytes[32 * word + 31] ^= 1);
        assert!(message.contains("is damaged"), "{message}");
    }
    let changes: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes.push(0),
        |bytes| bytes.extend([0; POINT]),
        |bytes| bytes.truncate(bytes.len() - POINT),
        |bytes| bytes.clear(),
    ];
    for change in changes {
        let message = refusal(&folder, KEY, change);
        assert!(message.contains("is damaged"), "{message}");
    }
}

#[test]
fn the_set_up_of_a_verifying_key_is_checked() {
    let (folder, _) = made("set-up");
    let (k, twist) = (4, 2 * POINT);
    for at in [k, k + POINT, k + 2 * POINT, k + 2 * POINT + twist] {
        for spoil in [off_the_curve, too_large, infinity] {
            let message = refusal(&folder, "verifying.srs", |bytes| spoil(bytes, at));
            assert!(
                message.contains("is not a finite point of its group"),
                "{message}"
            );
        }
    }
}

#[test]
fn the_set_up_begins_with_the_generator() {
    let (folder, _) = made("generator");
    let other = srs::development(1, 1, [1; 32]).powers[1];
    let message = refusal(&folder, "verifying.srs", |bytes| {
        let words = halo2_axiom::halo2curves::serde::SerdeObject::to_raw_bytes(&other);
        bytes[4..4 + POINT].copy_from_slice(&words);
        bytes[4 + POINT..4 + 2 * POINT].copy_from_slice(&words);
    });
    assert!(message.contains("generator"), "{message}");
}

#[test]
fn a_shape_is_in_bounds() {
    let (folder, _) = made("shape");
    let changes = [
        ("\"packing\": 4", "\"packing\": 3"),
        ("\"packing\": 4", "\"packing\": 0"),
        ("\"packing\": 4", "\"packing\": 16"),
        ("\"lanes\": 2", "\"lanes\": 1000000000"),
        ("\"weight_lanes\": 2", "\"weight_lanes\": 1000000000"),
        ("\"k\": 7", "\"k\": 99"),
        ("\"k\": 7", "\"k\": 1"),
        ("\"lanes\": 2", "\"lanes\": 2, \"further\": 1"),
    ];
    for (from, to) in changes {
        refusal(&folder, "shape.json", |bytes| {
            let text = String::from_utf8(bytes.clone()).expect("JSON");
            assert!(text.contains(from), "{text}");
            *bytes = text.replace(from, to).into_bytes();
        });
    }
}

#[test]
fn no_point_of_a_proof_is_off_the_curve() {
    let (_, keys) = made("proof");
    let (program, setup) = (
        tiny::program(),
        srs::development(tiny::K, tiny::PACKING, [1; 32]),
    );
    let cells = tiny::cells(&program);
    let blinding = Blinding::new([2; 32], [3; 32]);
    let proof = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("a proof");
    let rejection = |spoil: fn(&mut [u8], usize), at| {
        let mut other = proof.clone();
        spoil(&mut other, at);
        match verify::verify(&keys.verifying, &other, &cells.instances as &[Fr]) {
            Err(Error::Rejected(message)) => message,
            said => panic!("{said:?}"),
        }
    };
    for at in [0, POINT, proof.len() - 2 * POINT, proof.len() - POINT] {
        assert!(rejection(off_the_curve, at).contains("not on the curve"));
        assert!(rejection(too_large, at).contains("not below the modulus"));
        assert!(rejection(infinity, at).contains("at infinity"));
    }
}
