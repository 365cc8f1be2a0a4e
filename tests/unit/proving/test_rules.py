"""Settings that break a rule are refused, each for its own reason."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.errors import UnsoundCircuit
from prover.proving.ezkl.rules import canonical_settings, check_settings
from tests.conftest import PLANS, Proven

Get = Callable[[str], Proven]


@pytest.fixture
def settings(proven: Get) -> dict[str, Any]:
    return dict(json.loads(Path(proven("plain").artifacts.path("settings.json")).read_text()))


@pytest.mark.parametrize("name", PLANS)
def test_settings_that_we_make_keep_every_rule(proven: Get, name: str) -> None:
    check_settings(json.loads(Path(proven(name).artifacts.path("settings.json")).read_text()))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("version", "23.0.4", "ezkl version"),
        ("run_args.disable_freivalds", False, "disable_freivalds"),
        ("run_args.disable_freivalds", 1, "disable_freivalds"),
        ("einsum_params.total_einsum_col_size", 12, "total_einsum_col_size"),
        ("run_args.param_visibility", "Private", "param_visibility"),
        ("run_args.param_visibility", "Public", "param_visibility"),
        (
            "run_args.param_visibility",
            {"Hashed": {"hash_is_public": False, "outlets": []}},
            "param_visibility",
        ),
        (
            "run_args.param_visibility",
            {"Hashed": {"hash_is_public": True, "outlets": [0]}},
            "param_visibility",
        ),
        ("run_args.param_visibility", "KZGCommit", "param_visibility"),
        ("run_args.input_visibility", "Private", "input_visibility"),
        ("run_args.input_visibility", "Fixed", "input_visibility"),
        ("run_args.output_visibility", "Private", "output_visibility"),
        ("run_args.ignore_range_check_inputs_outputs", True, "ignore_range_check"),
        ("module_sizes.polycommit", [4], "polycommit"),
        ("required_range_checks", [[0, 255], [-1, 1]], "required_range_checks"),
    ],
)
def test_a_broken_rule_is_named(
    settings: dict[str, Any], path: str, value: object, named: str
) -> None:
    check_settings(settings)
    broken = copy.deepcopy(settings)
    *parents, last = path.split(".")
    place = broken
    for parent in parents:
        place = place[parent]
    assert place[last] != value or type(place[last]) is not type(value)
    place[last] = value
    with pytest.raises(UnsoundCircuit, match=named):
        check_settings(broken)


def test_the_order_that_ezkl_chose_does_not_matter(settings: dict[str, Any]) -> None:
    shuffled = copy.deepcopy(settings)
    shuffled["required_range_checks"].reverse()
    shuffled["einsum_params"]["equations"].reverse()
    shuffled["timestamp"] = 1_700_000_000
    assert canonical_settings(shuffled) == canonical_settings(settings) == settings
