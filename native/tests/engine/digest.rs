//! The digest of a circuit depends on all that a verifier takes of it.

use std::collections::HashSet;

use halo2_axiom::halo2curves::bn256::G1Affine;
use zkescrow_native::error::Error;
use zkescrow_native::keys::digest::digest;
use zkescrow_native::keys::{keygen, About, Keys, Verifying};
use zkescrow_native::prover::blinding::Blinding;
use zkescrow_native::{prove, srs, verify};

use crate::tiny;

fn keys() -> Keys {
    keygen(
        &tiny::program(),
        &srs::development(tiny::K, tiny::PACKING, [1; 32]),
    )
    .expect("keys")
}

#[test]
fn every_point_and_their_order_are_in_the_digest() {
    let key = keys().verifying;
    let of = |points: &[G1Affine]| {
        let made = Verifying::new(key.about, points.to_vec(), key.srs);
        digest(&made.expect("a key"))
    };
    let mut seen = HashSet::from([of(&key.packed)]);
    let other = srs::development(1, 1, [9; 32]).powers[1];
    for number in 0..key.packed.len() {
        let mut changed = key.packed.clone();
        changed[number] = other;
        assert!(seen.insert(of(&changed)), "point {number}");
    }
    let mut turned = key.packed.clone();
    turned.swap(0, key.packed.len() - 1);
    assert!(seen.insert(of(&turned)));
}

#[test]
fn set_up_shape_and_instances_are_in_the_digest() {
    let key = keys().verifying;
    let (mut seen, other) = (
        HashSet::from([digest(&key)]),
        srs::development(1, 1, [9; 32]),
    );
    let abouts: [fn(&mut About); 7] = [
        |about| about.instances.context += 1,
        |about| about.instances.digests += 1,
        |about| about.instances.outputs += 1,
        |about| about.shape.packing = 2,
        |about| about.shape.y_offset = -1,
        |about| about.shape.input_low = -1,
        |about| about.shape.score_low = 1,
    ];
    for change in abouts {
        let mut changed = key.clone();
        change(&mut changed.about);
        assert!(seen.insert(digest(&changed)));
    }
    let mut changed = key.clone();
    changed.srs.s_g2 = other.s_g2;
    assert!(seen.insert(digest(&changed)));
    changed.srs = key.srs;
    changed.srs.g2 = other.s_g2;
    assert!(seen.insert(digest(&changed)));
}

#[test]
fn a_proof_belongs_to_the_layout_of_its_instances() {
    let (made, program) = (keys(), tiny::program());
    let (cells, blinding) = (tiny::cells(&program), Blinding::new([2; 32], [3; 32]));
    let setup = srs::development(tiny::K, tiny::PACKING, [1; 32]);
    let proof = prove::prove(&program, &made, &setup, &cells, blinding, &|_| ()).expect("a proof");
    let mut other = made.verifying.clone();
    (other.about.instances.context, other.about.instances.outputs) = (1, 0);
    verify::verify(&made.verifying, &proof, &cells.instances).expect("accepted");
    let said = verify::verify(&other, &proof, &cells.instances);
    assert!(matches!(said, Err(Error::Rejected(_))));
}
