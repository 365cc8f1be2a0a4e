"""`zkescrow prediction`: asking and paying for proven predictions."""

from pathlib import Path
from typing import Annotated

import typer

from prover.base.console import progress
from prover.cli.common.handover import InClear, ProviderKey, Uri, check_readers, reader_of
from prover.cli.common.options import (
    OPEN_FOR,
    AccountNumber,
    ModelName,
    PaidIn,
    Rpc,
    address,
    currency,
    deployed,
    sender_for,
    window,
)
from prover.cli.common.output import command, new_app, show, show_jobs

app = new_app()
APPS = {"prediction": app}
# Windows that are usual; a chain may take no shorter ones.
PROVE_WITHIN = "1h"
JobArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]",
        help="Job's id, or its beginning [default: the last one used here, or the sole one].",
    ),
]


@app.callback()
def _group() -> None:
    """Ask and pay for proven predictions."""


@command(app)
def post(
    model: ModelName,
    reward: Annotated[str, typer.Option(help="What the provider earns, in ETH or tokens.")],
    inputs: Annotated[Path | None, typer.Option(help="NPZ archive with an array `inputs`.")] = None,
    index: Annotated[
        list[int] | None, typer.Option(help="Row of `inputs`; may be repeated.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="A photograph instead of --inputs, for a model of images.")
    ] = None,
    stake: Annotated[
        str | None, typer.Option(help="What it loses if it is late [default: by the reward].")
    ] = None,
    token: PaidIn = None,
    provider: Annotated[str | None, typer.Option(help="Who may lock [default: anyone].")] = None,
    open_for: Annotated[
        str | None,
        typer.Option(help=f"Time to find a provider [default: {OPEN_FOR} or more]."),
    ] = None,
    prove_within: Annotated[
        str | None,
        typer.Option(help=f"Time from lock to proof [default: {PROVE_WITHIN} or more]."),
    ] = None,
    provider_key: ProviderKey = None,
    in_clear: InClear = False,
    uri: Uri = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Post a job: commit to inputs, pay the reward in. Checks the model first."""
    from prover.clients.common.models import auditor, find
    from prover.clients.prediction import consumer

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    known = find(client, deployment, model)
    reader = reader_of(address(provider, "--provider"), provider_key)
    check_readers(known.artifacts, reader, in_clear)
    inputs_file = consumer.make_inputs(known, consumer.Given(inputs, index or (), image))
    progress("checking that the verifier on the chain is the model's")
    auditor(client, deployment).verify(known.model_id, known.artifacts)
    options = consumer.PostOptions(
        currency=currency(client, token),
        reward=reward,
        stake=stake,
        provider=reader.account if reader else address(provider, "--provider"),
        open_seconds=window(client, open_for, "--open-for", OPEN_FOR),
        prove_seconds=window(client, prove_within, "--prove-within", PROVE_WITHIN),
        uri=uri,
        reader=reader.public_key.hex() if reader else None,
    )
    with consumer.posting(sender, deployment, known, inputs_file, options) as drawn:
        posted = consumer.post(sender, deployment, known, drawn)
        show(posted.to_dict(), *posted.lines())


@command(app)
def status(
    job: JobArgument = None,
    every: Annotated[bool, typer.Option("--all", help="All jobs of the chain.")] = False,
    rpc: Rpc = None,
) -> None:
    """Say where a job stands, who must act until when, and what was proven."""
    from prover.cli.prediction.status import all_jobs, status_of

    client, deployment = deployed(rpc)
    if every:
        show_jobs("jobs", all_jobs(client, deployment))
        return
    data, lines = status_of(client, deployment, job)
    show(data, *lines)


@command(app)
def cancel(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Take an open job back; the reward becomes a credit to withdraw."""
    _end(job, rpc, account, "cancel")


@command(app)
def refund(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """End a job whose deadline passed; what is due becomes credits. Anyone may do it."""
    _end(job, rpc, account, "refund")


def _end(job: str | None, rpc: str | None, account: int | None, how: str) -> None:
    from prover.cli.job import end
    from prover.cli.prediction.status import status_of
    from prover.clients.common.jobs.kinds import PREDICTION

    client, deployment = deployed(rpc)
    job_id, _ = end(sender_for(client, account), deployment, PREDICTION, job, how)
    data, lines = status_of(client, deployment, "0x" + job_id.hex())
    show(data, *lines)
