//! Programs that would leave a prover a choice, or that fit no circuit, are refused.

use std::collections::HashMap;

use crate::declared::declared;
use crate::tiny;
use zkescrow_native::circuit::columns::FLAGS;
use zkescrow_native::circuit::rows::Lanes;
use zkescrow_native::error::Error;
use zkescrow_native::program::{Program, Sections};

fn refusal(change: impl FnOnce(&mut HashMap<String, Lanes>, &mut Vec<[i64; 4]>)) -> String {
    let (mut columns, mut copies) = (tiny::columns(), tiny::COPIES.to_vec());
    change(&mut columns, &mut copies);
    match Program::new(tiny::shape(), columns, &copies, tiny::INSTANCES) {
        Err(Error::Program(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn column<'a>(columns: &'a mut HashMap<String, Lanes>, name: &str) -> &'a mut Vec<i64> {
    &mut columns.get_mut(name).expect("a column")[0]
}

#[test]
fn a_table_must_fill_every_row() {
    let message = refusal(|columns, _| {
        column(columns, "table_quotient").pop();
    });
    assert!(message.contains("table_quotient has 120 rows"), "{message}");
}

#[test]
fn just_the_flags_that_look_back_are_refused_on_the_first_row() {
    let flags = declared(&tiny::shape(), "fixed");
    for flag in flags
        .into_iter()
        .filter(|one| FLAGS.contains(&&one.name[..]))
    {
        let (mut columns, name) = (tiny::columns(), &flag.name);
        column(&mut columns, name)[0] = 1;
        let found = Program::new(tiny::shape(), columns, &tiny::COPIES, tiny::INSTANCES);
        let said = found.err().map_or(String::new(), |error| error.to_string());
        let refused = said.contains(&format!("flag {name} is set on row 0"));
        assert_eq!(refused, flag.looks_back(), "{name}: {said}");
    }
}

#[test]
fn a_flag_is_zero_or_one() {
    let message = refusal(|columns, _| column(columns, "ends_row")[3] = 2);
    assert!(message.contains("flag ends_row is 2 on row 3"), "{message}");
}

#[test]
fn a_row_of_inputs_fits_a_word() {
    let mut shape = tiny::shape();
    shape.input_bits = 127;
    let refused = Program::new(shape, tiny::columns(), &tiny::COPIES, tiny::INSTANCES);
    let message = format!("{:?}", refused.expect_err("254 bits"));
    assert!(message.contains("expected at most 253"), "{message}");
}

#[test]
fn every_factor_must_be_copied() {
    let message = refusal(|_, copies| {
        copies.remove(1);
    });
    assert!(
        message.contains("row 10 takes a factor by takes_product"),
        "{message}"
    );
}

#[test]
fn a_copy_is_a_factors_or_an_instances() {
    let message = refusal(|_, copies| copies.push([2, 8, 2, 10]));
    assert!(message.contains("Factor(8) and Factor(10)"), "{message}");
}

#[test]
fn copies_stay_inside_the_circuit() {
    let message = refusal(|_, copies| copies.push([3, 1, 0, 0]));
    assert!(
        message.contains("Instance(1) of a copy; there are 1 rows"),
        "{message}"
    );
    let message = refusal(|_, copies| copies.push([2, 0, 0, 121]));
    assert!(
        message.contains("PreOuter(121) of a copy; there are 121 rows"),
        "{message}"
    );
    let message = refusal(|_, copies| copies.push([6, 0, 0, 0]));
    assert!(message.contains("column 6 of a copy"), "{message}");
}

#[test]
fn a_copy_may_name_its_sides_in_either_order() {
    let mut copies = tiny::COPIES;
    copies.iter_mut().for_each(|copy| copy.rotate_left(2));
    let turned =
        Program::new(tiny::shape(), tiny::columns(), &copies, tiny::INSTANCES).expect("a program");
    assert_eq!(turned.copies, tiny::program().copies);
}

#[test]
fn columns_are_all_there_and_of_their_size() {
    let message = refusal(|columns, _| {
        columns.remove("summed");
    });
    assert!(message.contains("column summed is missing"), "{message}");
    let message = refusal(|columns, _| {
        columns.insert("other".into(), vec![vec![]]);
    });
    assert!(message.contains("column other is unknown"), "{message}");
    let message = refusal(|columns, _| {
        columns.get_mut("tag").expect("tags").pop();
    });
    assert!(message.contains("column tag has 1 lanes"), "{message}");
}

/// What is said of the tiny program with other sections of public words.
fn refused_sections(instances: Sections, copies: &[[i64; 4]]) -> String {
    match Program::new(tiny::shape(), tiny::columns(), copies, instances) {
        Err(Error::Program(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_public_word_is_what_its_section_says() {
    let of = |context, digests, outputs| Sections {
        context,
        digests,
        outputs,
    };
    for (instances, wanted) in [
        (of(1, 0, 0), "expected a limb of the context"),
        (of(0, 1, 0), "expected a digest"),
        (of(0, 0, 2), "the public word 1 has no copy constraint"),
    ] {
        let message = refused_sections(instances, &tiny::COPIES);
        assert!(message.contains(wanted), "{message}");
    }
    let product = [tiny::COPIES[0], tiny::COPIES[1], [0, 7, 3, 0]];
    let message = refused_sections(tiny::INSTANCES, &product);
    assert!(
        message.contains("from a product: expected a score"),
        "{message}"
    );
}

#[test]
fn there_are_as_many_outputs_as_labels() {
    let mut shape = tiny::shape();
    shape.labels = 2;
    let said = tiny::INSTANCES.check(&shape, &[]);
    assert!(format!("{said:?}").contains("the circuit has 2 labels"));
}
