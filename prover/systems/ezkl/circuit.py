"""From a wrapped network, a plan and an SRS to keys and a hardened verifier; deterministic."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from prover.base.errors import ArtifactMismatch, UnsoundCircuit
from prover.base.files import new_directory, publish
from prover.base.settings import get_settings
from prover.solidity.compiler import get_compiler
from prover.solidity.verifier import Verifier, compile_verifier, harden
from prover.statement.layout import Layout, OutputKind
from prover.systems.ezkl.artifacts import CIRCUIT, NETWORK, SETTINGS, SRS, VERIFIER, VK
from prover.systems.ezkl.manifest import HASHED
from prover.systems.ezkl.planner.exactness import judge
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.planner.table import scale_differences
from prover.systems.ezkl.planner.wrap import check_context_isolated
from prover.systems.ezkl.planning import ENGINE
from prover.systems.ezkl.rules import check_settings
from prover.systems.onnx.onnx_file import check_self_contained
from prover.systems.worker import Limits, Progress, run

EMPTY_ABI = """#!/bin/sh
cat >/dev/null
echo '{"contracts": {"verifier.sol": {"Halo2Verifier": {"abi": []}}}}'
"""


@dataclass(frozen=True)
class Built:
    """What a build gives besides the files it leaves in its directory."""

    settings: dict[str, Any]
    layout: Layout
    item_elements: int
    verifier: Verifier


def build(
    directory: Path, plan: Plan, pk: str, limits: Limits, progress: Progress | None = None
) -> Built:
    """Build the circuit of directory/network.onnx with directory/kzg.srs.

    Leaves settings, compiled circuit, both keys and the hardened verifier in `directory`, the
    proving key under the name `pk`. Raises UnsoundCircuit if a rule is broken, ModelRefused if the
    verifier is too large, WorkerFailed.
    """
    get_compiler()  # before what takes minutes
    network = check_self_contained(directory / NETWORK)
    settings = make_settings(directory, plan, network, limits)
    paths = {name: str(directory / name) for name in (NETWORK, CIRCUIT, VK, SRS, SETTINGS)}
    make_keys(directory, NETWORK, CIRCUIT, VK, pk, limits, progress)
    answer = run(
        f"{ENGINE}:verifier_source",
        {
            "vk": paths[VK],
            "settings": paths[SETTINGS],
            "srs": paths[SRS],
            "solc": str(_empty_compiler()),
        },
        limits,
    )
    verifier = compile_verifier(harden(answer["source"]))
    (directory / VERIFIER).write_text(verifier.source)
    elements = _item_elements(network, plan)
    return Built(settings, layout_of(settings, plan, elements), elements, verifier)


def _empty_compiler() -> Path:
    """A program that answers as solc does, with an empty ABI: ezkl wants one, and nobody reads it.

    It stands in the cache, as programs may not be run from some temporary directories.
    """
    path = get_settings().cache / "solc" / "empty-abi"
    if not (
        path.is_file() and path.read_bytes() == EMPTY_ABI.encode() and os.access(path, os.X_OK)
    ):
        with new_directory(path.parent) as scratch:
            made = scratch / path.name
            made.write_text(EMPTY_ABI)
            made.chmod(0o700)
            publish(made, path)
    return path


def make_settings(
    directory: Path, plan: Plan, network: onnx.ModelProto, limits: Limits
) -> dict[str, Any]:
    """Canonical settings, checked against every rule and the plan; written to settings.json."""
    arguments = {"model": str(directory / NETWORK), "run_args": plan.run_args()}
    settings = run(f"{ENGINE}:gen_settings", arguments, limits)
    check_settings(settings)
    rows = run(f"{ENGINE}:table", arguments, limits)["rows"]
    check_exactness(plan, rows, network)
    check_scales(plan, rows, network)
    (directory / SETTINGS).write_text(json.dumps(settings, sort_keys=True))
    return settings


def make_keys(
    directory: Path,
    network: str,
    circuit: str,
    vk: str,
    pk: str,
    limits: Limits,
    progress: Progress | None = None,
) -> None:
    """Compile directory/network under directory/settings.json and make both keys."""
    _compile(directory, network, circuit, limits)
    names = {"compiled": circuit, "vk": vk, "pk": pk, "srs": SRS}
    paths = {key: str(directory / name) for key, name in names.items()}
    keys = {key: paths[key] for key in ("compiled", "vk", "pk", "srs")}
    run(f"{ENGINE}:setup", keys, limits, progress=progress)


def compile_here(directory: Path, limits: Limits) -> None:
    """Make directory/circuit.ezkl from the network and settings there; WorkerFailed if it fails."""
    _compile(directory, NETWORK, CIRCUIT, limits)


def _compile(directory: Path, network: str, circuit: str, limits: Limits) -> None:
    settings = json.loads((directory / SETTINGS).read_text())
    check_settings(settings)
    paths = {"model": str(directory / network), "compiled": str(directory / circuit)}
    run(f"{ENGINE}:compile_circuit", paths | {"settings": settings}, limits)


def check_exactness(plan: Plan, rows: list[dict[str, Any]], network: onnx.ModelProto) -> None:
    """Raise UnsoundCircuit if a plan that says it is exact leaves the prover a choice.

    Raises ModelRefused if the context feeds anything but its Identity output.
    """
    check_context_isolated(network)
    verdict = judge(rows, network)
    if plan.exact and not verdict.exact:
        raise UnsoundCircuit(
            f"the plan says exact, but the prover can choose: {'; '.join(verdict.reasons)}; "
            "plan the model again"
        )


def check_scales(plan: Plan, rows: list[dict[str, Any]], network: onnx.ModelProto) -> None:
    """Raise UnsoundCircuit if ezkl gives a node another scale than evaluations of it assume."""
    for difference in scale_differences(rows, network, plan.quantisation):
        raise UnsoundCircuit(
            f"{difference}: its outputs would not be those that are predicted; plan the model again"
        )


def layout_of(settings: dict[str, Any], plan: Plan, item_elements: int) -> Layout:
    """Where ezkl puts the statement: input digests, weights digest, public inputs, outputs.

    Inputs and outputs are the items in order, then the context. Raises ArtifactMismatch if the
    settings describe other shapes than the plan.
    """
    hashed, hidden = plan.input_mode == HASHED, int(plan.weights == HASHED)
    shapes = [math.prod(shape) for shape in settings["model_instance_shapes"]]
    seen = [] if hashed else [item_elements] * plan.items + [plan.context_limbs]
    outputs = shapes[len(seen) : -1]
    expected = [*seen, *outputs[:1] * plan.items, plan.context_limbs]
    if shapes != expected:
        raise ArtifactMismatch(
            f"circuit shows {shapes} instances: expected {expected} by its plan; plan the model "
            "again"
        )
    words, echo = (1, 1) if hashed else (item_elements, plan.context_limbs)
    inputs = 0 if hashed else hidden
    weights = plan.items * words + echo if hashed else 0
    end = plan.items * words + echo + hidden
    return Layout(
        instances=end + sum(outputs) + plan.context_limbs,
        items=plan.items,
        context=end + sum(outputs),
        context_limbs=plan.context_limbs,
        context_bits=plan.context_bits,
        context_echo=inputs + plan.items * words,
        context_echo_words=echo,
        inputs=inputs,
        input_words=words,
        weights=weights,
        weight_words=hidden,
        weight_points=0,
        outputs=end,
        output_words=outputs[0],
        output_kind=OutputKind.SCORES,
        classes=outputs[0],
    )


def _item_elements(network: onnx.ModelProto, plan: Plan) -> int:
    """Values of one item without its salt, from the shape of the first graph input."""
    shape = [dim.dim_value for dim in network.graph.input[0].type.tensor_type.shape.dim]
    return int(math.prod(shape)) - plan.salt_elements
