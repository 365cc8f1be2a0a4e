"""`zkescrow prove` and `zkescrow verify`: off-chain, with files only."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.console import progress
from prover.base.errors import ProofRejected, UsageError
from prover.base.parsing import id_bytes
from prover.cli.common.options import address, set_up_in_words
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    from prover.statement.context import JobContext
    from prover.systems.ezkl.artifacts import Artifacts
    from prover.systems.native.artifacts import NativeArtifacts
    from prover.systems.proof import Proof

prove_app, verify_app = new_app(), new_app()
APPS = {"prove": prove_app, "verify": verify_app}

ArtifactsOption = Annotated[
    Path, typer.Option("--artifacts", help="Directory of the model's artifacts (`model show`).")
]
ChainId = Annotated[int, typer.Option("--chain-id", help="Chain of the job.")]
MarketAddress = Annotated[str, typer.Option("--market", help="Address of the PredictionMarket.")]
JobId = Annotated[str, typer.Option("--job", help="Id of the job.")]
Payee = Annotated[str, typer.Option("--payee", help="Who is paid for the proof.")]


@command(prove_app)
def prove(
    artifacts: ArtifactsOption,
    chain_id: ChainId,
    market: MarketAddress,
    job: JobId,
    payee: Payee,
    out: Annotated[Path, typer.Option(help="Proof file to write.")],
    inputs: Annotated[Path | None, typer.Option(help="Inputs file of the job.")] = None,
    index: Annotated[
        int, typer.Option(help="Which input of an .npz file; native circuits only.")
    ] = 0,
    image: Annotated[
        Path | None,
        typer.Option(help="A photograph instead of --inputs; native circuits only."),
    ] = None,
    salts: Annotated[
        Path | None,
        typer.Option(help="Salts of the digests (`native digests`); native circuits only."),
    ] = None,
) -> None:
    """Prove an inputs file for one job and payee, and verify the proof.

    For a native circuit the inputs file is an .npz with `inputs` [n, channels, height, width].
    """
    from prover.base.files import write_atomically
    from prover.systems.ezkl.artifacts import load_artifacts
    from prover.systems.ezkl.inputs import shape_of
    from prover.systems.ezkl.outputs import read_outputs
    from prover.systems.ezkl.system import Ezkl
    from prover.systems.native.artifacts import is_native

    if inputs is not None and image is not None:
        raise UsageError("give one of --inputs and --image")
    if is_native(artifacts):
        context = _context(chain_id, market, job, payee)
        return _prove_native(artifacts, (inputs, index, image, salts), context, out)
    if salts is not None:
        raise UsageError("--salts: only native circuits take a file of salts; leave it out")
    if inputs is None:
        raise UsageError("give --inputs: only native circuits take photographs")
    made = load_artifacts(artifacts)
    request = _request(inputs)
    request.check(shape_of(made.manifest))
    system = Ezkl()
    started = time.monotonic()
    witness = system.witness(made, request.items, _context(chain_id, market, job, payee))
    proof = system.prove(made, witness, progress)
    seconds = time.monotonic() - started
    content = json.dumps(proof.to_dict(), indent=1).encode() + b"\n"
    write_atomically(out.absolute(), content, private=False)
    outputs = _outputs(made, proof, len(request.items))
    predictions = read_outputs(outputs, made.manifest)
    data = {
        "proof": str(out),
        "seconds": seconds,
        "predictions": [p.to_dict() for p in predictions],
    }
    show(data, f"proven in {seconds:.1f} s: {out}", *(p.sentence() for p in predictions))


@command(verify_app)
def verify(
    proof: Annotated[Path, typer.Argument(metavar="PROOF.json", help="Proof file.")],
    artifacts: ArtifactsOption,
    inputs: Annotated[Path | None, typer.Option(help="Inputs file that it must be about.")] = None,
    chain_id: Annotated[int | None, typer.Option(help="Chain it must be for.")] = None,
    market: Annotated[str | None, typer.Option(help="Market it must be for.")] = None,
    job: Annotated[str | None, typer.Option(help="Job it must be for.")] = None,
    payee: Annotated[str | None, typer.Option(help="Payee it must be for.")] = None,
    reference: Annotated[
        bool, typer.Option(help="Also with the verifier in Python; native circuits only.")
    ] = False,
) -> None:
    """Verify a proof file, and what it says where that is given."""
    from prover.systems.ezkl.artifacts import SRS, load_artifacts
    from prover.systems.ezkl.outputs import read_outputs
    from prover.systems.ezkl.system import Ezkl
    from prover.systems.native.artifacts import is_native
    from prover.systems.srs import check_named

    if is_native(artifacts):
        where = (chain_id, market, job, payee)
        return _verify_native(artifacts, proof, where, inputs, reference)
    if reference:
        raise UsageError("--reference: only proofs of native circuits have a verifier in Python")
    made, found = load_artifacts(artifacts), _proof(proof)
    stands = made.manifest.srs
    check_named(Path(made.path(SRS)), stands, made.manifest.plan.logrows)
    Ezkl().verify(made, [found])
    items = _check_inputs(made, found, inputs) if inputs else made.manifest.layout.items
    bound = None not in (chain_id, market, job, payee)
    if bound:
        _check_context(made, found, _context(chain_id, market, job, payee))
    elif (chain_id, market, job, payee) != (None,) * 4:
        raise UsageError("give all of --chain-id, --market, --job and --payee, or none of them")
    predictions = read_outputs(_outputs(made, found, items), made.manifest)
    checked = ["proof", *(["inputs"] if inputs else []), *(["context"] if bound else [])]
    shown = [one.to_dict() for one in predictions]
    show(
        {"verified": checked, "predictions": shown, "srs": stands.name},
        f"holds: {', '.join(checked)}",
        *(one.sentence() for one in predictions),
        f"set-up: {set_up_in_words(stands.name)}",
    )


def _prove_native(
    directory: Path,
    given: tuple[Path | None, int, Path | None, Path | None],
    context: "JobContext",
    out: Path,
) -> None:
    from prover.base.files import write_atomically
    from prover.cli.common.bar import bar
    from prover.cli.native import read_image, read_photograph
    from prover.systems.native import artifacts
    from prover.systems.native.salts import read_salts
    from prover.systems.native.stages import PROVING
    from prover.systems.native.system import Native

    begun = time.monotonic()
    made, system = artifacts.load(directory), Native()
    inputs, index, photograph, salts = given
    image = read_image(inputs, index, made) if inputs else read_photograph(photograph, made)
    chunks = None if salts is None else read_salts(salts)
    started = time.monotonic()
    with bar(PROVING) as begins:
        witness = system.witness(made, image, context, chunks)
        proof = system.prove(made, witness, begins)
    now = time.monotonic()
    seconds, total = now - started, now - begun
    content = json.dumps(proof.to_dict(), indent=1).encode() + b"\n"
    write_atomically(out.absolute(), content, private=False)
    data, line = _native_outcome(made, proof)
    told = f"proven in {seconds:.1f} s ({total:.1f} s with reading and placing the circuit): {out}"
    show({"proof": str(out), "seconds": seconds, "total": total, **data}, told, line)


def _verify_native(
    directory: Path,
    proof: Path,
    where: tuple[Any, Any, Any, Any],
    inputs: Path | None,
    reference: bool,
) -> None:
    from prover.systems.native import artifacts, prover
    from prover.systems.native.system import Native

    if inputs is not None:
        raise UsageError(
            "--inputs: a native proof hides its input behind a commitment; leave it out"
        )
    made, found = artifacts.load(directory), _proof(proof)
    Native().verify(made, [found])
    if reference:
        from prover.verify import parse_description
        from prover.verify import verify as verify_in_python

        description = parse_description((made.directory / artifacts.DESCRIPTION).read_bytes())
        verify_in_python(description, found.proof, found.instances)
    bound = None not in where
    if bound:
        prover.check_context(made, found, _context(*where))
    elif where != (None,) * 4:
        raise UsageError("give all of --chain-id, --market, --job and --payee, or none of them")
    checked = ["proof", *(["reference"] if reference else []), *(["context"] if bound else [])]
    data, line = _native_outcome(made, found)
    stands = set_up_in_words(made.manifest.srs.name)
    data |= {"verified": checked, "srs": made.manifest.srs.name}
    show(data, f"holds: {', '.join(checked)}", line, f"set-up: {stands}")


def _native_outcome(made: "NativeArtifacts", proof: "Proof") -> tuple[dict[str, Any], str]:
    from prover.systems.native.prover import digests, labels, scores

    shown = [f"0x{word:064x}" for word in digests(made, proof)]
    data: dict[str, Any] = {"digests": shown} if shown else {}
    if made.manifest.labels:
        said = labels(made, proof)
        return data | {"top": list(said)}, f"labels, best first: {', '.join(map(str, said))}"
    found = scores(made, proof)
    top = found.top()
    words = ", ".join(f"{label} ({found.values[label] * found.scale:.2f})" for label in top)
    return data | {"scores": list(found.values), "top": top}, f"labels by score: {words}"


def _request(path: Path) -> Any:
    from prover.statement.documents.request import Request

    return Request.from_bytes(_read(path))


def _proof(path: Path) -> "Proof":
    from prover.systems.proof import Proof

    return Proof.from_bytes(_read(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check the path") from None


def _context(chain_id: Any, market: Any, job: Any, payee: Any) -> "JobContext":
    from prover.statement.context import JobContext

    where, whom = address(market, "--market"), address(payee, "--payee")
    return JobContext.of(chain_id, str(where), id_bytes(job, "--job"), str(whom))


def _check_context(made: "Artifacts", proof: "Proof", context: "JobContext") -> None:
    layout = made.manifest.layout
    found = layout.section("context", proof.instances)
    allowed = context.limbs(layout.context_limbs, layout.context_bits)
    if found != allowed:
        raise ProofRejected(
            f"the proof's context is {list(found)}: {list(allowed)} is allowed for this chain, "
            "market, job and payee; it was made for another one"
        )


def _check_inputs(made: "Artifacts", proof: "Proof", path: Path) -> int:
    """The number of items, each of which the proof must be about."""
    items = _request(path).items
    layout = made.manifest.layout
    for number, item in enumerate(items):
        if number >= layout.items or layout.item_inputs(proof.instances, number) != item.words():
            raise ProofRejected(
                f"the proof's item {number} is not that of {path}: prove that file, or verify the "
                "proof with its own"
            )
    return len(items)


def _outputs(made: "Artifacts", proof: "Proof", items: int) -> tuple[int, ...]:
    layout = made.manifest.layout
    return tuple(
        word for item in range(items) for word in layout.item_outputs(proof.instances, item)
    )
