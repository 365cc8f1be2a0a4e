//! Every point of keys and proofs is checked where it is read.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::group::prime::PrimeCurveAffine;
use zkescrow_native::error::Error;
use zkescrow_native::keys::{keygen, Keys, Verifying};
use zkescrow_native::prover::blinding::Blinding;
use zkescrow_native::{prove, srs};

use crate::tiny;

const POINT: usize = 64;
/// halo2's version, k, its flag for selectors, and the number of fixed columns.
const HEADER: usize = 1 + 4 + 1 + 4;
const KEY: &str = "verifying.key";

fn made(name: &str) -> (PathBuf, Keys) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    let keys = keygen(&tiny::program(), &srs::development(tiny::K, [1; 32])).expect("keys");
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
    bytes[at] ^= 1;
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
    let (fixed, labels) = keys.verifying.columns();
    for number in [0, fixed - 1, fixed, fixed + labels - 1] {
        let at = HEADER + POINT * number;
        for spoil in [off_the_curve, too_large] {
            let message = refusal(&folder, KEY, |bytes| spoil(bytes, at));
            let named = format!("point {number} is not on the curve");
            assert!(message.contains(&named), "{message}");
        }
    }
}

#[test]
fn only_a_fixed_column_of_zeros_is_committed_to_by_infinity() {
    let (folder, keys) = made("infinity");
    let (fixed, _) = keys.verifying.columns();
    let message = refusal(&folder, KEY, |bytes| {
        infinity(bytes, HEADER + POINT * fixed)
    });
    let named = format!("point {fixed} is at infinity");
    assert!(message.contains(&named), "{message}");
    let zeros = keys.verifying.vk.fixed_commitments();
    assert!(zeros.iter().any(|point| bool::from(point.is_identity())));
}

#[test]
fn a_verifying_key_has_its_header_and_its_length() {
    let (folder, _) = made("header");
    let changes: [fn(&mut Vec<u8>); 7] = [
        |bytes| bytes[0] = 3,
        |bytes| bytes[1] += 1,
        |bytes| bytes[5] = 1,
        |bytes| bytes[6] += 1,
        |bytes| bytes[9] = 0xff,
        |bytes| bytes.push(0),
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
    let other = srs::development(1, [1; 32]).powers[1];
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
    let (program, setup) = (tiny::program(), srs::development(tiny::K, [1; 32]));
    let cells = tiny::cells(&program);
    let blinding = Blinding::new([2; 32], [3; 32]);
    let proof = prove::prove(&program, &keys, &setup, &cells, blinding, &|_| ()).expect("a proof");
    let rejection = |spoil: fn(&mut [u8], usize), at| {
        let mut other = proof.clone();
        spoil(&mut other, at);
        match prove::verify(&keys.verifying, &other, &cells.instances as &[Fr]) {
            Err(Error::Rejected(message)) => message,
            said => panic!("{said:?}"),
        }
    };
    let last_byte = |bytes: &mut [u8], at: usize| bytes[at + POINT - 1] ^= 1;
    for at in [0, POINT] {
        assert!(rejection(last_byte, at).contains("not on the curve"));
        assert!(rejection(too_large, at).contains("not below the modulus"));
        assert!(rejection(infinity, at).contains("at infinity"));
    }
    // halo2 does not tell why it could not read the opening's two points.
    for at in [proof.len() - 2 * POINT, proof.len() - POINT] {
        for spoil in [last_byte, too_large, infinity] {
            rejection(spoil, at);
        }
    }
}
