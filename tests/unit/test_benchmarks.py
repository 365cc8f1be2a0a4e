"""The committed results of benchmarks/: their shape, their bars, and the page made from them."""

from typing import Any

import pytest

from benchmarks import economics_page, performance
from benchmarks.batching import ROWS, Run
from benchmarks.performance import GAS_BAR, cheapest, page, plot, read, table
from benchmarks.reading import Reading, more

ROW = {"batch", "input_mode", "gas_per_item", "prove_seconds_per_item", "verifier_bytes"}
CODE_LIMIT = 24_576


@pytest.fixture(scope="module")
def runs() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read("batching_runs")["runs"]
    return found


def test_the_results_have_the_shape_that_was_asked_for() -> None:
    content = read("batching")
    assert set(content) == {"machine", "rows"}
    assert all(set(row) == ROW for row in content["rows"])
    assert [(row["batch"], row["input_mode"]) for row in content["rows"]] == list(ROWS)


def test_the_results_are_those_of_the_runs(runs: list[dict[str, Any]]) -> None:
    assert read("batching")["rows"] == [Run(**run).row() for run in runs]


def test_a_digit_of_the_cheapest_batch_is_within_the_bar(runs: list[dict[str, Any]]) -> None:
    best = cheapest(runs)
    assert best["deliver_gas"] / best["batch"] <= GAS_BAR


def test_a_batch_that_does_not_fit_a_transaction_is_not_the_cheapest() -> None:
    fits = {"batch": 1, "deliver_gas": 700_000, "deliver_bytes": 5_000}
    heavy = {"batch": 1024, "deliver_gas": 16_777_217, "deliver_bytes": 100_000}
    long = {"batch": 64, "deliver_gas": 1_000_000, "deliver_bytes": 131_073}
    assert cheapest([fits, heavy, long]) == fits


def test_verifiers_fit_a_contract() -> None:
    assert all(row["verifier_bytes"] < CODE_LIMIT for row in read("batching")["rows"])


def test_our_plan_proves_as_much_faster_as_the_bar_wants() -> None:
    comparison = read("digits_vs_calibration")
    assert comparison["prove_ratio"] >= comparison["bar"] == 3
    ours, theirs = comparison["ours"], comparison["ezkl_calibration"]
    assert ours["label_agreement"] >= theirs["label_agreement"]


def test_the_page_is_made_from_the_results() -> None:
    assert performance.PAGE.read_text() == page()


def test_the_page_shows_every_row(runs: list[dict[str, Any]]) -> None:
    text = performance.PAGE.read_text()
    for row in read("batching")["rows"]:
        assert f"| {row['batch']} | {row['input_mode']} |" in text
        assert f"| {row['gas_per_item']:,} |" in text


def test_the_plot_is_made_from_the_results(runs: list[dict[str, Any]]) -> None:
    assert performance.PLOT.read_text() == plot(runs)
    assert plot(runs[:-1]) != plot(runs)


def test_a_table_has_a_line_for_each_row() -> None:
    assert table(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_the_page_on_economics_is_made_from_the_simulation() -> None:
    assert economics_page.PAGE.read_text() == economics_page.page()
    assert economics_page.PLOT.read_text() == economics_page.plot()


def test_every_table_on_economics_has_its_place() -> None:
    text = economics_page.PAGE.read_text()
    for name, content in economics_page.tables().items():
        assert f"<!-- begin {name} -->\n{content}\n<!-- end {name} -->" in text


def test_status_reads_a_long_chain_about_as_fast_as_an_empty_one() -> None:
    """The command as a process, both chains in one run, on the machine that is named."""
    content = read("reading")
    assert content["machine"]["processor"]
    assert content["events"] >= 3_000
    later = {name: [Reading(**one) for one in content["later"][name]] for name in ("empty", "busy")}
    for what in ("seconds", "cpu_seconds"):
        assert content[f"more_{what}"] == more(later, what)
        assert content[f"more_{what}"] <= content["bar"]["more_seconds"] == 2
    for name in ("empty", "busy"):
        assert all(one["requests"] <= 10 for one in content["later"][name])
        assert all(one["ranges"] == 1 for one in content["later"][name])
