"""Calls of the ezkl library, each a task for `worker.run`: arguments and results are JSON.

Paths are absolute; scratch files go to the working directory, which is private to the child.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from prover.base.errors import ArtifactMismatch, ProofRejected, ProvingError
from prover.statement.field import FIELD_MODULUS, decode_signed
from prover.systems.child import report
from prover.systems.ezkl.rules import canonical_settings

RunArgs = dict[str, Any]
Settings = dict[str, Any]


def gen_settings(model: str, run_args: RunArgs) -> Settings:
    """The circuit's settings, canonical: lists sorted, no time stamp."""
    _ezkl().gen_settings(model, "settings.json", py_run_args=_run_args(run_args))
    return canonical_settings(json.loads(Path("settings.json").read_text()))


def table(model: str, run_args: RunArgs) -> dict[str, Any]:
    """The circuit's graph: {"rows": [{"index", "operator", "scale", "inputs", "shape"}]}."""
    text = str(_ezkl().table(model, py_run_args=_run_args(run_args)))
    return {"rows": _table_rows(text)}


def compile_circuit(model: str, settings: Settings, compiled: str) -> dict[str, Any]:
    """Write the compiled circuit of a model under canonical settings."""
    Path("settings.json").write_text(json.dumps(settings))
    _ezkl().compile_circuit(model, compiled, "settings.json")
    return _must_exist(compiled)


def setup(compiled: str, vk: str, pk: str, srs: str) -> dict[str, Any]:
    """Write both keys; deterministic in the compiled circuit's model and settings and the SRS."""
    report("keys")
    _ezkl().setup(compiled, vk, pk, srs)
    return _must_exist(vk, pk)


def witnesses(compiled: str, inputs: list[list[list[int | float]]]) -> dict[str, Any]:
    """Evaluate the circuit's graph on many inputs, each one list of values per graph input.

    Integers are field elements as they stand; floats are quantised by ezkl. Returns
    {"witnesses": [{"inputs", "outputs", "input_digests", "weights_digest"}]}: signed integers per
    graph input and output, and Poseidon digests (None where that section is not hashed).
    """
    return {"witnesses": [_witness(compiled, values, "witness.json") for values in inputs]}


def compile_and_evaluate(
    model: str, settings: Settings, inputs: list[list[list[int | float]]]
) -> dict[str, Any]:
    """`witnesses` of a circuit that is compiled only for them."""
    compile_circuit(model, settings, "circuit.ezkl")
    return witnesses("circuit.ezkl", inputs)


def prove(
    compiled: str,
    inputs: list[list[int]],
    settings: str,
    vk: str,
    pk: str,
    pk_sha256: str,
    srs: str,
) -> dict[str, Any]:
    """Prove and verify: {"proof": hex, "instances": integers, "witness": as in `witnesses`}.

    The proving key is read unchecked, so its SHA-256 must be the one given, or ArtifactMismatch.
    """
    report("witness")
    witness = _witness(compiled, inputs, "witness.json")
    _check_key(pk, pk_sha256)
    report("proof")
    with _unchecked_keys():
        _ezkl().prove("witness.json", compiled, pk, "proof.json", srs)
    made = json.loads(Path("proof.json").read_text())
    report("verification")
    instances = [_element(word) for word in made["instances"][0]]
    verify(made["hex_proof"], instances, settings, vk, srs)
    return {"proof": made["hex_proof"], "instances": instances, "witness": witness}


def verify(proof: str, instances: list[int], settings: str, vk: str, srs: str) -> dict[str, Any]:
    """Raise ProofRejected unless the proof (hex) holds for exactly these instances."""
    Path("verify.json").write_text(json.dumps(_proof_file(proof, instances)))
    try:
        accepted = _ezkl().verify("verify.json", settings, vk, srs)
    except RuntimeError as error:
        raise ProofRejected(f"the verifying key refuses the proof: {error}") from error
    if accepted is not True:
        raise ProofRejected(f"the verifying key answers {accepted!r}: expected only True")
    return {}


def verify_all(
    proofs: list[tuple[str, list[int]]], settings: str, vk: str, srs: str
) -> dict[str, Any]:
    """Verify many proofs (hex, instances) of one circuit: {"rejected": {index: reason}}."""
    rejected: dict[str, str] = {}
    for index, (proof, instances) in enumerate(proofs):
        try:
            verify(proof, instances, settings, vk, srs)
        except ProofRejected as error:
            rejected[str(index)] = str(error)
    return {"rejected": rejected}


async def verifier_source(vk: str, settings: str, srs: str, solc: str) -> dict[str, Any]:
    """The Solidity source that ezkl generates for a verifying key, before hardening: {"source"}.

    ezkl starts solc 0.8.20 for the ABI, which nobody reads, and would download it: `solc` stands in
    its place.
    """
    wanted = Path.home() / ".svm/0.8.20/solc-0.8.20"
    wanted.parent.mkdir(parents=True)
    wanted.symlink_to(solc)
    await _ezkl().create_evm_verifier(vk, settings, "verifier.sol", "verifier.abi", srs, False)
    return {"source": Path("verifier.sol").read_text()}


def poseidon(messages: list[list[int]]) -> dict[str, Any]:
    """ezkl's own Poseidon digest of each list of signed integers: {"digests"}."""
    ezkl = _ezkl()
    digests = [ezkl.poseidon_hash([_felt(value) for value in message]) for message in messages]
    return {"digests": [_element(digest[0]) for digest in digests]}


class _Library(Protocol):
    """The functions of ezkl that are used; its own stubs are partly untyped."""

    def __getattr__(self, name: str) -> Any: ...


def _ezkl() -> _Library:
    import ezkl

    return cast(_Library, ezkl)


def _run_args(values: RunArgs) -> Any:
    arguments = _ezkl().PyRunArgs()
    for name, value in values.items():
        if not hasattr(arguments, name):
            raise ProvingError(f"run argument {name!r} is unknown to ezkl: remove it from the plan")
        setattr(arguments, name, tuple(value) if isinstance(value, list) else value)
    return arguments


def _witness(compiled: str, values: Sequence[Sequence[int | float]], path: str) -> dict[str, Any]:
    data = [[_felt(value) if isinstance(value, int) else value for value in row] for row in values]
    Path("input.json").write_text(json.dumps({"input_data": data}))
    _ezkl().gen_witness("input.json", compiled, path)
    made = json.loads(Path(path).read_text())
    weights = _digests(made["processed_params"])
    return {
        "inputs": [[decode_signed(_element(word)) for word in row] for row in made["inputs"]],
        "outputs": [[decode_signed(_element(word)) for word in row] for row in made["outputs"]],
        "input_digests": _digests(made["processed_inputs"]),
        "weights_digest": None if weights is None else weights[0],
    }


def _digests(processed: dict[str, Any] | None) -> list[int] | None:
    hashes = processed["poseidon_hash"] if processed else None
    return [_element(word) for word in hashes] if hashes else None


def _felt(value: int) -> str:
    return (value % FIELD_MODULUS).to_bytes(32, "little").hex()


def _element(felt: str) -> int:
    return int.from_bytes(bytes.fromhex(felt), "little")


def _proof_file(proof: str, instances: Sequence[int]) -> dict[str, Any]:
    for word in instances:
        if not 0 <= word < FIELD_MODULUS:
            raise ProofRejected(
                f"instance {word}: expected 0 <= x < {FIELD_MODULUS}; use the proof as it was made"
            )
    raw = bytes.fromhex(proof.removeprefix("0x"))
    return {
        "protocol": None,
        "instances": [[_felt(word) for word in instances]],
        "proof": list(raw),
        "hex_proof": "0x" + raw.hex(),
        "split": None,
        "pretty_public_inputs": None,
        "timestamp": None,
        "version": None,
    }


def _check_key(path: str, expected: str) -> None:
    with Path(path).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ArtifactMismatch(
            f"proving key {path} has SHA-256 {found}: expected {expected}; set the model up again"
        )


@contextlib.contextmanager
def _unchecked_keys() -> Iterator[None]:
    """Skip the curve checks of a key whose hash was just checked; they take long."""
    os.environ["EZKL_KEY_FORMAT"] = "raw-bytes-unchecked"
    try:
        yield
    finally:
        del os.environ["EZKL_KEY_FORMAT"]


def _table_rows(text: str) -> list[dict[str, Any]]:
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if len(cells) == 5 and cells[0].isdigit():
            names = ("index", "operator", "scale", "inputs", "shape")
            row: dict[str, Any] = dict(zip(names, cells, strict=True))
            row["inputs"] = [int(node) for node in re.findall(r"\((\d+), \d+\)", cells[3])]
            rows.append(row)
    return rows


def _must_exist(*paths: str) -> dict[str, Any]:
    for path in paths:
        if not Path(path).is_file() or Path(path).stat().st_size == 0:
            raise ProvingError(f"ezkl left no {Path(path).name}: check the space on the disk")
    return {}
