"""The rules that keep ezkl 23.0.5 sound (docs/SECURITY.md), as checks of a circuit's settings.

They are asserted before set-up, when a manifest is read, and when artifacts are rebuilt.
"""

import json
from collections.abc import Mapping
from typing import Any

from prover.base.errors import UnsoundCircuit

EZKL_VERSION = "23.0.5"
FIXED = "Fixed"
PUBLIC = "Public"
HASHED = {"Hashed": {"hash_is_public": True, "outlets": []}}


def canonical_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in the one order that makes set-up deterministic.

    ezkl writes required range checks, lookups and einsum equations in random order, and the order
    of the first two changes the verifying key.
    """
    copy: dict[str, Any] = json.loads(json.dumps(settings, sort_keys=True))
    copy["required_range_checks"].sort()
    copy["required_lookups"].sort(key=_canonical)
    copy["einsum_params"]["equations"].sort(key=_canonical)
    copy["timestamp"] = 0
    return copy


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise UnsoundCircuit, naming the rule, unless every rule holds."""
    _check_version(settings)
    _check_freivalds(settings)
    _check_visibility(settings["run_args"])
    _check_range_checks(settings["run_args"])
    _check_modules(settings)
    _check_order(settings)


def _check_version(settings: Mapping[str, Any]) -> None:
    _allow("ezkl version", settings["version"], (EZKL_VERSION,), "set the model up again")


def _check_freivalds(settings: Mapping[str, Any]) -> None:
    """With Freivalds' check on, a product is not tied to the value used downstream."""
    advice = "a wrong result could be proven; set the model up with disable_freivalds"
    _allow("disable_freivalds", settings["run_args"]["disable_freivalds"], (True,), advice)
    size = settings["einsum_params"]["total_einsum_col_size"]
    _allow("total_einsum_col_size (Freivalds columns)", size, (0,), advice)


def _check_visibility(run_args: Mapping[str, Any]) -> None:
    weights, inputs = run_args["param_visibility"], run_args["input_visibility"]
    _allow("param_visibility", weights, (FIXED, HASHED), "other weights are not bound by the proof")
    _allow("input_visibility", inputs, (PUBLIC, HASHED), "other inputs are not bound by the proof")
    _allow("output_visibility", run_args["output_visibility"], (PUBLIC,), "outputs must be seen")


def _check_range_checks(run_args: Mapping[str, Any]) -> None:
    advice = "values outside the range would not be refused"
    skipped = run_args["ignore_range_check_inputs_outputs"]
    _allow("ignore_range_check_inputs_outputs", skipped, (False,), advice)


def _check_modules(settings: Mapping[str, Any]) -> None:
    commitments = settings["module_sizes"]["polycommit"]
    _allow("polycommit modules", commitments, ([],), "the statement has no place for them")


def _check_order(settings: Mapping[str, Any]) -> None:
    canonical = canonical_settings(settings)
    for name in ("required_range_checks", "required_lookups"):
        _allow(name, settings[name], (canonical[name],), "sort before compiling")


def _allow(name: str, found: Any, allowed: tuple[Any, ...], advice: str) -> None:
    """Equality of type as well, so that neither 1 nor "true" passes for True."""
    if not any(type(found) is type(value) and found == value for value in allowed):
        listed = " or ".join(_canonical(value) for value in allowed)
        raise UnsoundCircuit(f"{name} is {_canonical(found)}: expected {listed}; {advice}")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
