//! The gates, on the tiny program: honest cells pass, and each wrong one fails its own gate.

use crate::tiny;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::ConstraintSystem;
use zkescrow_native::check::check;
use zkescrow_native::circuit::{constrain, Columns};
use zkescrow_native::program::Program;
use zkescrow_native::witness::Tamper;
use zkescrow_native::witness::Witness;

fn failures(program: &Program, cells: &Witness) -> Vec<String> {
    check(program, cells, &[]).expect("the cells fit the circuit")
}

/// What fails if the honest cells are changed; the multiplicities follow the change.
fn changed(change: impl FnOnce(&mut Witness)) -> Vec<String> {
    let program = tiny::program();
    let mut cells = tiny::cells(&program);
    change(&mut cells);
    tiny::count(&program, &mut cells);
    failures(&program, &cells)
}

fn tampered(column: &str, lane: usize, row: usize) -> Vec<String> {
    let program = tiny::program();
    let cells = tiny::cells(&program);
    let tamper: Tamper = (column.to_string(), lane, row, 1);
    check(&program, &cells, &[tamper]).expect("the cells fit the circuit")
}

#[test]
fn honest_cells_satisfy_every_gate() {
    let program = tiny::program();
    assert_eq!(
        failures(&program, &tiny::cells(&program)),
        Vec::<String>::new()
    );
}

#[test]
fn tensor_cells_and_the_input_are_committed_before_the_challenges() {
    let mut meta = ConstraintSystem::<Fr>::default();
    let shape = tiny::shape();
    let columns = Columns::new(&mut meta, &shape);
    let phases = meta.advice_column_phase();
    let cells = columns
        .quotient
        .iter()
        .chain(&columns.remainder)
        .chain(&columns.activation);
    for column in cells.chain([&columns.input, &columns.multiplicity]) {
        assert_eq!(phases[column.index()], 0);
    }
    assert_eq!(
        columns.input.index(),
        0,
        "the image's blinding is drawn first"
    );
}

#[test]
fn no_gate_exceeds_degree_four() {
    for lanes in 1..=8 {
        let mut meta = ConstraintSystem::<Fr>::default();
        let mut shape = tiny::shape();
        (shape.lanes, shape.weight_lanes) = (lanes, lanes);
        let columns = Columns::new(&mut meta, &shape);
        constrain(&columns, &mut meta);
        let gates = meta.gates().iter().flat_map(|gate| gate.polynomials());
        let most = gates.map(|polynomial| polynomial.degree()).max();
        assert_eq!((lanes, most), (lanes, Some(4)));
    }
}

#[test]
fn no_gate_looks_further_than_the_row_before() {
    let mut meta = ConstraintSystem::<Fr>::default();
    let shape = tiny::shape();
    constrain(&Columns::new(&mut meta, &shape), &mut meta);
    for (_, rotation) in meta.advice_queries() {
        assert!([-1, 0].contains(&rotation.0));
    }
    assert!(meta
        .fixed_queries()
        .iter()
        .all(|(_, rotation)| rotation.0 == 0));
}

#[test]
fn a_product_off_by_one_leaves_the_fold_open() {
    // Another remainder in range, so that only the kernel's identity can object.
    let failed = changed(|cells| cells.remainder[0][3] = (cells.remainder[0][3] + 1) % 4);
    assert_only(&failed, &["closed_layer"]);
}

#[test]
fn a_remainder_out_of_range_is_not_in_the_table() {
    // The same product, written with a remainder of 2^shift too much.
    let failed = changed(|cells| {
        cells.quotient[0][3] -= 1;
        cells.remainder[0][3] += 4;
    });
    assert_only(&failed, &["boundary"]);
}

#[test]
fn an_output_must_be_the_clamp_of_its_quotient() {
    let failed = changed(|cells| {
        cells.activation[1][5] += 1;
        cells.instances[0] += Fr::one();
    });
    assert_only(&failed, &["boundary"]);
}

#[test]
fn a_padding_cell_has_output_zero() {
    let failed = changed(|cells| {
        cells.activation[0][5] += 1;
        cells.instances[0] += Fr::one();
    });
    assert_only(&failed, &["boundary"]);
}

#[test]
fn a_tail_lane_must_hold_the_product_zero() {
    let failed = changed(|cells| cells.quotient[1][4] += 1);
    assert_only(&failed, &["closed_layer"]);
}

#[test]
fn a_pixel_out_of_range_is_not_in_the_table() {
    let failed = changed(|cells| cells.activation[0][0] += 4);
    assert!(named(&failed, "boundary"), "{failed:?}");
}

#[test]
fn the_image_column_holds_the_pixels() {
    assert_only(&changed(|cells| cells.input[0] += Fr::one()), &["input"]);
}

#[test]
fn rows_that_are_no_input_leave_the_image_column_to_the_salt() {
    assert_eq!(
        changed(|cells| cells.input[2] += Fr::one()),
        Vec::<String>::new()
    );
}

#[test]
fn a_multiplicity_off_by_one_leaves_the_sum_open() {
    let program = tiny::program();
    let mut cells = tiny::cells(&program);
    cells.multiplicity[3] += 1;
    assert_only(&failures(&program, &cells), &["boundary"]);
}

#[test]
fn the_instance_is_the_output() {
    let failed = changed(|cells| cells.instances[0] += Fr::one());
    assert_eq!(
        failed,
        [
            "copy of post_outer on row 7",
            "copy of the instance on row 0"
        ]
    );
}

#[test]
fn another_weight_is_another_network() {
    let mut columns = tiny::columns();
    columns.get_mut("weight").expect("weights")[0][9] += 1;
    let other =
        Program::new(tiny::shape(), columns, &tiny::COPIES, tiny::INSTANCES).expect("a program");
    let cells = tiny::cells(&tiny::program());
    assert_only(&failures(&other, &cells), &["closed_layer"]);
}

#[test]
fn every_step_of_the_second_phase_is_checked() {
    let steps = [
        ("pre_inner", 4),
        ("pre_outer", 4),
        ("post_inner", 4),
        ("post_outer", 4),
        ("kernel_inner", 9),
        ("kernel", 9),
        ("layer_accumulator", 9),
        ("lookup_partial", 3),
        ("lookup_sum", 3),
    ];
    let gates = [
        "pre_inner",
        "pre_outer",
        "post_inner",
        "post_outer",
        "kernel_inner",
        "kernel",
        "layer_accumulator",
        "lookup_partial",
        "lookup_sum",
    ];
    for ((column, row), gate) in steps.into_iter().zip(gates) {
        let failed = tampered(column, 0, row);
        assert!(named(&failed, gate), "{column}: {failed:?}");
    }
}

#[test]
fn a_value_not_copied_is_noticed() {
    let failed = tampered("factor", 0, 8);
    assert!(
        failed.contains(&"copy of factor on row 8".to_string()),
        "{failed:?}"
    );
}

#[test]
fn the_running_sum_starts_at_zero() {
    assert!(named(&tampered("lookup_sum", 0, 0), "boundary"));
}

/// Whether a gate fails on some row.
fn named(failures: &[String], gate: &str) -> bool {
    let start = format!("{gate} on row ");
    failures.iter().any(|failure| failure.starts_with(&start))
}

/// These gates fail, on whatever rows, and no others.
fn assert_only(failures: &[String], gates: &[&str]) {
    assert!(
        gates.iter().all(|gate| named(failures, gate)),
        "{failures:?}"
    );
    for failure in failures {
        let gate = failure.split(" on row ").next().unwrap_or_default();
        assert!(gates.contains(&gate), "{failures:?}");
    }
}
