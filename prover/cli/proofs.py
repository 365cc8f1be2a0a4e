"""`zkescrow prove` and `zkescrow verify`: off-chain, with files only."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.errors import UsageError
from prover.base.parsing import id_bytes
from prover.cli.common.options import address, describe_set_up
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    from prover.statement.context import JobContext

prove_app, verify_app = new_app(), new_app()
APPS = {"prove": prove_app, "verify": verify_app}

ArtifactsOption = Annotated[
    Path, typer.Option("--artifacts", help="Directory of the model's artifacts (`model show`).")
]
ChainId = Annotated[int, typer.Option("--chain-id", help="Chain of the job.")]
MarketAddress = Annotated[str, typer.Option("--market", help="Address of the PredictionMarket.")]
JobId = Annotated[str, typer.Option("--job", help="Id of the job.")]
Payee = Annotated[str, typer.Option("--payee", help="Who is paid for the proof.")]
ModelId = Annotated[str, typer.Option("--model", help="Id of the job's model.")]


@command(prove_app)
def prove(
    artifacts: ArtifactsOption,
    chain_id: ChainId,
    market: MarketAddress,
    job: JobId,
    payee: Payee,
    model: ModelId,
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
    """Prove an inputs file for one job, payee and model, and verify the proof.

    For a native circuit the inputs file is an .npz with `inputs` [n, channels, height, width].
    """
    from prover.base.files import write_atomically
    from prover.cli.common.bar import bar
    from prover.systems import load
    from prover.systems.interface import InputFiles

    context = _context(chain_id, market, job, payee, model)
    begun = time.monotonic()
    system, made = load(artifacts)
    given = system.read(made, InputFiles(inputs, index, image, salts))
    started = time.monotonic()
    with bar(system.prove_stages) as begins:
        witness = system.witness(made, given, context)
        proof = system.prove(made, witness, begins)
    now = time.monotonic()
    seconds, total = now - started, now - begun
    content = json.dumps(proof.to_dict(), indent=1).encode() + b"\n"
    write_atomically(out.absolute(), content, private=False)
    answer = system.answer(made, proof, given)
    message = f"proven in {seconds:.1f} s ({total:.1f} s with reading the circuit): {out}"
    show(
        {"proof": str(out), "proof_seconds": seconds, "total_seconds": total, **answer.data},
        message,
        *answer.lines,
    )


@command(verify_app)
def verify(
    proof: Annotated[Path, typer.Argument(metavar="PROOF.json", help="Proof file.")],
    artifacts: ArtifactsOption,
    inputs: Annotated[Path | None, typer.Option(help="Inputs file that it must be about.")] = None,
    chain_id: Annotated[int | None, typer.Option(help="Chain it must be for.")] = None,
    market: Annotated[str | None, typer.Option(help="Contract it must be for.")] = None,
    job: Annotated[str | None, typer.Option(help="Job it must be for.")] = None,
    payee: Annotated[str | None, typer.Option(help="Payee it must be for.")] = None,
    model: Annotated[str | None, typer.Option(help="Model it must be of, by id.")] = None,
    reference: Annotated[
        bool, typer.Option(help="Also with the verifier in Python; native circuits only.")
    ] = False,
) -> None:
    """Verify a proof file, and what it says where that is given."""
    from prover.base.files import read_file
    from prover.systems import load
    from prover.systems.interface import InputFiles
    from prover.systems.proof import Proof

    where = (chain_id, market, job, payee, model)
    bound = None not in where
    if not bound and any(given is not None for given in where):
        raise UsageError(
            "give all of --chain-id, --market, --job, --payee and --model, or none of them"
        )
    system, made = load(artifacts)
    found = Proof.from_bytes(read_file(proof))
    system.check_set_up(made)
    system.verify(made, [found])
    if reference:
        system.verify_by_reference(made, found)
    given = system.check_given(made, found, InputFiles(inputs)) if inputs else None
    if bound:
        system.check_context(made, found, _context(*where))
    asked = {"reference": reference, "inputs": inputs is not None, "context": bound}
    checked = ["proof", *(name for name, wanted in asked.items() if wanted)]
    answer, stands = system.answer(made, found, given), made.srs.name
    show(
        {"checked": checked, **answer.data, "srs_name": stands},
        f"holds: {', '.join(checked)}",
        *answer.lines,
        f"set-up: {describe_set_up(stands)}",
    )


def _context(chain_id: Any, market: Any, job: Any, payee: Any, model: Any) -> "JobContext":
    from prover.statement.context import JobContext

    where, whom = str(address(market, "--market")), str(address(payee, "--payee"))
    ids = id_bytes(job, "--job"), id_bytes(model, "--model")
    return JobContext.of(chain_id, where, ids[0], whom, ids[1])
