"""`zkescrow model`: adding, listing, showing and verifying models."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.console import OUTPUT, progress
from prover.base.errors import UsageError
from prover.base.log import logger
from prover.base.text import counted, in_ether
from prover.base.units import GWEI, MIB
from prover.cli.common.options import (
    AccountNumber,
    Rpc,
    SetUpOption,
    deployed,
    describe_set_up,
    sender_for,
)
from prover.cli.common.output import command, new_app, show, show_table
from prover.clients.common.jobs.kinds import SHOWN_DIGITS

if TYPE_CHECKING:
    from prover.chain.node.client import Client
    from prover.clients.common.models import KnownModel
    from prover.protocol.costs import Prices
    from prover.systems.ezkl.planner.report import Candidate, PlanReport
    from prover.systems.interface import Artifacts
    from prover.systems.proposal import Proposal, Wanted
    from prover.systems.srs import Named, SetUpChoice

LOG = logger(__name__)
app = new_app()
APPS = {"model": app}
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Name or id of a model.")]


@app.callback()
def _group() -> None:
    """Add, list, show and verify models."""


@command(app)
def add(
    onnx: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The trained model.")],
    data: Annotated[
        Path | None, typer.Option(help="NPZ archive: `inputs` and, optionally, `labels`.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name to use on this machine [default: the file's].")
    ] = None,
    items: Annotated[int, typer.Option(min=1, help="Predictions that one proof can hold.")] = 1,
    inputs: Annotated[
        str | None,
        typer.Option(
            help="public, hashed (salted, kept from the chain) or point (the same, of a native "
            "circuit) [default: point, or public with ezkl]."
        ),
    ] = None,
    weights: Annotated[str, typer.Option(help="public or hidden (bound by a digest).")] = "public",
    labels: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Make only the best labels public, 1 to 8; 0: all scores; native circuits only "
            "[default: 5 of many classes].",
        ),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Text file with the names of the classes, one a line.")
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(help="native or ezkl [default: what proves a prediction for less]."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="Use the circuit of this model with hidden weights; needs no --data."),
    ] = None,
    srs: SetUpOption = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Plan a circuit, make its keys and verifier, deploy and register them."""
    from prover.clients.common.models import find
    from prover.clients.register import register

    if like is None:
        data = _given(data)
    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    if like is not None:
        if srs is not None:
            raise UsageError(
                "--srs with --like: the circuit of --like has its set-up already; leave --srs out"
            )
        artifacts, report = _set_up_like(onnx, find(client, deployment, like)), None
    else:
        wanted = _wanted(onnx, _given(data), items, inputs, weights, labels, classes, system)
        stands = _chosen(srs, client)
        artifacts, report = _set_up(wanted, stands)
    registered = register(sender, deployment, artifacts, progress)
    alias = name or onnx.stem
    _name(client, alias, registered.model_id)
    facts = _facts(artifacts) | {
        "name": alias,
        "model_id": "0x" + registered.model_id.hex(),
        "circuit_id": "0x" + registered.circuit_id.hex(),
        "verifier": registered.verifier,
        "gas_by_step": dict(registered.gas),
    }
    if report and not OUTPUT.json:
        show_table({}, "plans considered", [_row(one) for one in report.shortlist()])
        show(
            {}, *(f"{counted(count, 'plan')} not chosen: {why}" for why, count in report.reasons())
        )
    considered = [asdict(one) for one in report.candidates] if report else []
    show(facts | {"candidates": considered}, *_lines(facts))


@command(app, "list")
def list_models(rpc: Rpc = None) -> None:
    """List the models registered on the chain, and which are on this machine."""
    from prover.chain.contracts.registry import Circuit
    from prover.chain.state.replay import load_world
    from prover.clients.common.models import aliases
    from prover.systems.circuits import list_artifacts

    client, deployment = deployed(rpc)
    registry = load_world(client, deployment).registry
    names = {model_id: name for name, model_id in aliases(client).items()}
    here = {artifacts.digest for artifacts in list_artifacts()}
    rows: list[dict[str, Any]] = []
    for model_id, (circuit_id, weights) in registry.models.items():
        circuit = Circuit.from_abi(registry.circuits[circuit_id])
        rows.append(
            {
                "name": names.get("0x" + model_id.hex(), ""),
                "model_id": "0x" + model_id.hex(),
                "weights": "hidden" if weights else "public",
                "items_per_proof": circuit.layout.items,
                "exact": circuit.exact,
                "has_artifacts": circuit.artifact_digest in here,
                "condemned": circuit_id in registry.condemned_at,
            }
        )
    show_table({"models": rows}, "models", [_listed(row) for row in rows])


def shown(value: Any) -> Any:
    """Yes and no as people write them."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _name(client: "Client", alias: str, model_id: bytes) -> None:
    """Have a name mean a model, and say so if it meant another one: jobs are posted by it."""
    from prover.clients.common.models import remember

    before = remember(client, alias, model_id)
    if before is not None:
        LOG.warning("the name means another model now", name=alias, before=before)


@command(app, "show")
def show_model(model: ModelArgument, rpc: Rpc = None) -> None:
    """Show a model's circuit, measured accuracy and sizes."""
    from prover.clients.common.models import find
    from prover.systems.circuits import on_chain

    client, deployment = deployed(rpc)
    known = find(client, deployment, model)
    facts = _facts(known.artifacts) | {
        "model_id": "0x" + known.model_id.hex(),
        "circuit_id": "0x" + known.circuit_id.hex(),
    }
    manifest = on_chain(known.artifacts).describe(known.artifacts)
    show(facts | {"manifest": dict(manifest)}, *_lines(facts))


@command(app)
def verify(
    model: ModelArgument,
    onnx: Annotated[
        Path | None, typer.Option(help="The model's ONNX file [default: the artifacts' own].")
    ] = None,
    rpc: Rpc = None,
) -> None:
    """Rebuild from ONNX, settings and SRS; compare byte for byte with the code on the chain."""
    from prover.clients.common.models import auditor, find

    client, deployment = deployed(rpc)
    known = find(client, deployment, model)
    checker = auditor(client, deployment)
    verdict = checker.verify(known.model_id, known.artifacts, onnx, anew=True)
    data = {
        "model_id": "0x" + verdict.model_id.hex(),
        "circuit_id": "0x" + verdict.circuit_id.hex(),
        "code_hash": "0x" + verdict.code_hash.hex(),
        "verified": True,
    }
    show(data, f"model {model}: the verifier on the chain is the one that the model gives")


@command(app, "export")
def export_model(
    model: ModelArgument,
    out: Annotated[Path, typer.Option(help="Directory to make.")],
    rpc: Rpc = None,
) -> None:
    """Write the files that others need to check a model's circuit; never hidden weights."""
    from prover.clients.common.models import find
    from prover.systems.circuits import on_chain

    client, deployment = deployed(rpc)
    known = find(client, deployment, model)
    names = on_chain(known.artifacts).export(known.artifacts, out)
    show({"directory": str(out), "files": names}, f"{len(names)} files in {out}: give them away")


@command(app, "import")
def import_model(
    directory: Annotated[Path, typer.Argument(help="What `model export` wrote.")],
    name: Annotated[
        str | None, typer.Option(help="Name to use on this machine [default: the directory's].")
    ] = None,
    rpc: Rpc = None,
) -> None:
    """Keep the files of somebody else's model, to verify it and to post jobs on it."""
    from prover.chain.contracts.registry import Circuit
    from prover.chain.state.replay import load_world
    from prover.clients.common.models import free_name
    from prover.systems.circuits import import_artifacts

    client, deployment = deployed(rpc)
    artifacts = import_artifacts(directory)
    registry = load_world(client, deployment).registry
    claimed = (artifacts.digest, artifacts.weights_commitment)
    for model_id, (circuit_id, weights) in registry.models.items():
        circuit = Circuit.from_abi(registry.circuits[circuit_id])
        if (circuit.artifact_digest, weights) == claimed:
            alias = name or free_name(client, directory.resolve().name, model_id)
            _name(client, alias, model_id)
            data = {"name": alias, "model_id": "0x" + model_id.hex()}
            show(
                data,
                f"model {data['model_id']} is known as {alias} (--name chooses another); next: "
                f"zkescrow model verify {alias}",
                f"to prove with it: zkescrow model keys {alias}"
                if not weights
                else "only the owner of its hidden weights can prove with it",
            )
            return
    raise UsageError(
        f"no model of {directory} is registered on this chain: ask its provider to register it"
    )


@command(app)
def keys(model: ModelArgument, rpc: Rpc = None) -> None:
    """Make the proving key of an imported model, so that this machine can prove with it."""
    from prover.base.files import sha256_file
    from prover.clients.common.models import find
    from prover.systems.circuits import on_chain

    client, deployment = deployed(rpc)
    known = find(client, deployment, model)
    on_chain(known.artifacts).make_proving_key(known.artifacts, progress)
    path = str(known.artifacts.proving_key)
    data = {
        "model_id": "0x" + known.model_id.hex(),
        "proving_key": path,
        "sha256": sha256_file(known.artifacts.proving_key),
    }
    show(data, f"model {model} can be proven here, with its key {path}")


def _chosen(srs: str | None, client: "Client") -> "Named":
    """The set-up of the option, or by default; say which."""
    from prover.systems.srs import choose

    stands = choose(srs, development=client.local)
    progress(f"set-up: {describe_set_up(stands.name)}")
    return stands


def _wanted(
    onnx: Path,
    data: Path,
    items: int,
    inputs: str | None,
    weights: str,
    labels: int | None,
    classes: Path | None,
    system: str | None,
) -> "Wanted":
    from prover.systems.proposal import HASHED, HIDDEN, POINT, PUBLIC, Wanted

    if inputs is not None:
        _one_of(inputs, "--inputs", (PUBLIC, HASHED, POINT))
    _one_of(weights, "--weights", (PUBLIC, HIDDEN))
    return Wanted(onnx, data, items, inputs, weights, labels, classes, system)


def _set_up(wanted: "Wanted", srs: "SetUpChoice") -> "tuple[Artifacts, PlanReport | None]":
    from prover.protocol.costs import Prices
    from prover.systems.choosing import cheapest, proposals

    progress("planning the circuit")
    found, prices = proposals(wanted), Prices()
    for proposal in found:
        progress(_proposed(proposal, prices))
    chosen = cheapest(found, prices)
    return chosen.make(srs, progress), chosen.report


def _proposed(proposal: "Proposal", prices: "Prices") -> str:
    """What a system would take, in a line."""
    from prover.protocol.costs import rounded_up

    if proposal.proving is None:
        return f"{proposal.system}: none, as {proposal.refusal}"
    proving, cost = proposal.proving, in_ether(rounded_up(proposal.cost(prices)))
    return (
        f"{proposal.system}: a proof of about {proving.seconds:.1f} s on two cores, about "
        f"{proving.verification_gas:,} gas to verify, {cost} a prediction at "
        f"{prices.gas_wei // GWEI} gwei"
    )


def _set_up_like(onnx: Path, known: "KnownModel") -> "Artifacts":
    """Other weights for a circuit that is there. Raises ModelRefused if they do not fit it."""
    from prover.base.errors import ModelRefused
    from prover.systems.ezkl.artifacts import SRS
    from prover.systems.ezkl.artifacts import Artifacts as EzklArtifacts
    from prover.systems.ezkl.proposal import set_up
    from prover.systems.ezkl.system import Planned
    from prover.systems.onnx import onnx_file
    from prover.systems.srs import Reference, check_named

    like = known.artifacts
    if not isinstance(like, EzklArtifacts) or like.manifest.plan.weights == "fixed":
        raise UsageError(
            "--like names a model with public weights, which are part of its circuit: expected a "
            "model with hidden weights"
        )
    plan = like.manifest.plan
    stands = Reference(like.srs, Path(like.path(SRS)))
    check_named(stands.path, stands.named, plan.logrows)
    artifacts = set_up(Planned(onnx_file.load(onnx), plan), stands, progress)
    if artifacts.digest != known.artifacts.digest:
        raise ModelRefused(
            f"{onnx.name} gives another circuit than the model of --like: expected the same "
            "architecture, layer by layer; leave --like out to plan a circuit of its own"
        )
    return artifacts


def _given(data: Path | None) -> Path:
    if data is None:
        raise UsageError("--data is missing: a circuit is planned on data; only --like needs none")
    return data


def _one_of(text: str, name: str, allowed: Sequence[str]) -> None:
    if text not in allowed:
        raise UsageError(f"{name} {text!r}: expected {' or '.join(allowed)}")


def _facts(artifacts: "Artifacts") -> dict[str, Any]:
    facts = artifacts.facts
    return {
        "artifact_digest": "0x" + artifacts.digest.hex(),
        "artifacts": str(artifacts.directory),
        "items_per_proof": facts.layout.items,
        "inputs": facts.inputs,
        "weights": "hidden" if facts.hidden else "public",
        "exact": facts.exact,
        "tolerance": facts.tolerance,
        "logrows": facts.logrows,
        "input_unit": facts.input_unit,
        "instances": facts.layout.instances,
        "code_bytes": facts.code_bytes,
        "verifying_key_bytes": facts.key_bytes,
        "proof_bytes": facts.proof_bytes,
        "srs": artifacts.srs.model_dump(),
        "accuracy": facts.accuracy,
        "proofs_hidden": facts.proofs_hidden,
    }


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    """A model in the table, which is to be narrow."""
    columns = {
        "name": row["name"],
        "weights": row["weights"],
        "items": row["items_per_proof"],
        "exact": row["exact"],
        "artifacts": row["has_artifacts"],
        "condemned": row["condemned"],
        "model": row["model_id"][: len("0x") + SHOWN_DIGITS],
    }
    return {name: shown(value) for name, value in columns.items()}


def _lines(facts: dict[str, Any]) -> list[str]:
    kind = "exact" if facts["exact"] else f"inexact, tolerance {facts['tolerance']} output units"
    lines = [
        f"model {facts['model_id']}",
        f"circuit: 2^{facts['logrows']} rows, {facts['items_per_proof']} item(s) a proof, {kind}, "
        f"inputs {facts['inputs']}, weights {facts['weights']}",
        f"verifier: {facts['code_bytes']} bytes of code, proof of {facts['proof_bytes']} bytes and "
        f"{facts['instances']} instances",
        f"set-up: {describe_set_up(facts['srs']['name'])}",
        _accuracy(facts["accuracy"]),
        f"artifacts: {facts['artifacts']}",
    ]
    if facts["proofs_hidden"] is not None:
        lines.append(f"an input's salt hides it in {facts['proofs_hidden']} proofs")
    if facts.get("gas_by_step"):
        spent = ", ".join(f"{step} {gas}" for step, gas in facts["gas_by_step"].items())
        lines.append(f"gas: {spent}")
    return lines


def _accuracy(accuracy: dict[str, Any] | None) -> str:
    if accuracy is None:
        return "accuracy: not published, as the weights are hidden"
    worst = accuracy["worst_error"]
    message = (
        f"quantised model on {accuracy['samples']} samples: labels agree with the float model on "
        f"{accuracy['label_agreement']:.1%}"
    ) + ("" if worst is None else f", worst error {worst:.4f}")
    if accuracy["labelled_accuracy_quantised"] is None:
        return message
    return (
        f"{message}; accuracy {accuracy['labelled_accuracy_quantised']:.1%} "
        f"(float {accuracy['labelled_accuracy_float']:.1%})"
    )


def _row(candidate: "Candidate") -> dict[str, Any]:
    accuracy = candidate.accuracy
    return {
        "scales": f"{candidate.input_scale}/{candidate.param_scale}",
        "base^legs": f"{candidate.decomp_base}^{candidate.decomp_legs}",
        "columns": candidate.num_inner_cols,
        "rows": candidate.rows,
        "k": candidate.logrows,
        "key MiB": f"{(candidate.key_bytes or 0) / MIB:.1f}",
        "labels": "" if accuracy is None else f"{accuracy.label_agreement:.1%}",
        "worst error": "" if accuracy is None else f"{accuracy.worst_error:.4f}",
        "verdict": candidate.verdict,
    }
