"""The committed comparison with the float models meets its bars."""

import re

import pytest

from benchmarks import integer_page
from benchmarks.performance import read
from prover.systems.native.network.importer import RULES

INPUTS = 200
TABLE = 1 << 19


def test_imagenet_labels_agree() -> None:
    found = read("integer_models")["efficientnet-lite0"]
    assert found["inputs"] >= INPUTS
    assert found["top1_agreement"] >= 0.97
    assert found["top5_overlap"] >= 0.97
    assert found["confident_inputs"] >= 50
    assert found["top1_agreement_confident"] == 1.0


def test_no_disagreement_is_on_a_confident_input() -> None:
    found = read("integer_models")["efficientnet-lite0"]
    assert len(found["disagreements"]) == round((1 - found["top1_agreement"]) * found["inputs"])
    assert all(item["confidence"] < 0.3 for item in found["disagreements"])


def test_ranges_of_q_leave_half_a_million_rows() -> None:
    ranges = read("integer_models")["efficientnet-lite0"]["tables"]["q"].values()
    widths = [high - low + 1 for low, high in ranges]
    padding = max(high for _, high in ranges) - min(low for low, _ in ranges) + 1
    assert sum(widths) + padding < TABLE


def test_digits_are_read_as_well_as_by_the_float_model() -> None:
    found = read("integer_models")["digits-cnn"]
    assert found["top1_agreement"] >= 0.99
    assert found["accuracy"] >= 0.98


def test_the_page_is_made_from_the_results() -> None:
    assert integer_page.PAGE.read_text() == integer_page.page()
    assert "| efficientnet-lite0 | 220 |" in integer_page.page()


@pytest.mark.parametrize("operator", RULES)
def test_the_page_tells_of_every_operator(operator: str) -> None:
    items = re.findall(r"^- \*\*(.+?)\*\*", integer_page.PAGE.read_text(), re.MULTILINE)
    assert operator in {word for item in items for word in re.findall(r"\w+", item)}
