"""`zkescrow serving`: many predictions posted unproven, a few contested ones proven."""

from pathlib import Path
from typing import Annotated

import typer

from prover.base.console import progress
from prover.base.parsing import duration
from prover.cli.common.handover import (
    HandedOver,
    InClear,
    ProviderKey,
    Uri,
    check_readers,
    keep_handed,
    reader_of,
)
from prover.cli.common.limits import (
    AtALoss,
    MaxInAll,
    MaxStake,
    MinReward,
    ProofTime,
    accepting,
    purse_in,
)
from prover.cli.common.options import (
    OPEN_FOR,
    AccountNumber,
    ModelName,
    PaidIn,
    Payee,
    Rpc,
    address,
    currency,
    deployed,
    sender_for,
    window,
)
from prover.cli.common.output import command, new_app, show, show_jobs
from prover.statement.documents.samples import CONFIDENCE

app = new_app()
APPS = {"serving": app}
# Windows that are usual; a chain may take no shorter ones.
SERVE_WITHIN = "1h"
CONTEST_WITHIN = "1h"
ANSWER_WITHIN = "1h"
JobArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[ROUND]",
        help="Round's id, or its beginning [default: the last one used here, or the sole one].",
    ),
]
AllowFiles = Annotated[bool, typer.Option(help="Read file: inputs on other chains than 31337 too.")]


@app.callback()
def _group() -> None:
    """Have many inputs served at once, and contest a few answers."""


@command(app, "open")
def open_round(
    model: ModelName,
    inputs: Annotated[Path, typer.Option(help="NPZ archive with an array `inputs`.")],
    rows: Annotated[str | None, typer.Option(help="Part of it, A:B [default: all rows].")] = None,
    price: Annotated[
        str | None, typer.Option(help="Of one prediction, in ETH or tokens [default: by cost].")
    ] = None,
    proof_fee: Annotated[
        str | None, typer.Option(help="For each contested one that is proven [default: by cost].")
    ] = None,
    stake: Annotated[
        str | None, typer.Option(help="What the provider risks [default: by the price].")
    ] = None,
    confidence: Annotated[
        str, typer.Option(help="With which wrong answers are found.")
    ] = f"{CONFIDENCE:.0%}",
    bad_share: Annotated[str, typer.Option(help="Share of wrong answers to find.")] = "5%",
    token: PaidIn = None,
    provider: Annotated[str | None, typer.Option(help="Who may join [default: anyone].")] = None,
    open_for: Annotated[
        str | None,
        typer.Option(help=f"Time to find a provider [default: {OPEN_FOR} or more]."),
    ] = None,
    serve_within: Annotated[
        str | None,
        typer.Option(help=f"Time to post the outputs [default: {SERVE_WITHIN} or more]."),
    ] = None,
    contest_within: Annotated[
        str | None,
        typer.Option(help=f"Your time to contest [default: {CONTEST_WITHIN} or more]."),
    ] = None,
    answer_within: Annotated[
        str | None,
        typer.Option(help=f"Time to prove what you contest [default: {ANSWER_WITHIN} or more]."),
    ] = None,
    provider_key: ProviderKey = None,
    in_clear: InClear = False,
    uri: Uri = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Post a round: commit to inputs, pay for all of them. Checks the model first."""
    from prover.base.parsing import part, percent
    from prover.cli.serving import open as serving_open
    from prover.clients.common.models import auditor, find
    from prover.clients.serving import consumer
    from prover.protocol.limits import limits_of

    chosen = part(rows)
    client, deployment = deployed(rpc)
    reader = reader_of(address(provider, "--provider"), provider_key)
    options = serving_open.PostOptions(
        price=price,
        proof_fee=proof_fee,
        stake=stake,
        confidence=percent(confidence, "--confidence"),
        bad_share=percent(bad_share, "--bad-share"),
        currency=currency(client, token),
        provider=reader.account if reader else address(provider, "--provider"),
        open_seconds=window(client, open_for, "--open-for", OPEN_FOR),
        serve_seconds=window(client, serve_within, "--serve-within", SERVE_WITHIN),
        contest_seconds=window(client, contest_within, "--contest-within", CONTEST_WITHIN),
        answer_seconds=window(client, answer_within, "--answer-within", ANSWER_WITHIN),
        uri=uri,
        reader=reader.public_key.hex() if reader else None,
    )
    sender = sender_for(client, account)
    known = find(client, deployment, model)
    check_readers(known.artifacts, reader, in_clear)
    limits = limits_of(client.chain_id)
    inputs_file = consumer.make_inputs(known.circuit_id, known.artifacts, inputs, chosen, limits)
    spec = serving_open.spec_of(client, known, len(inputs_file.items), options)
    progress("checking that the verifier on the chain is the model's")
    auditor(client, deployment).verify(known.model_id, known.artifacts)
    asked = vars(options)
    with consumer.posting(sender, deployment, spec, inputs_file, asked, progress) as drawn:
        opened = consumer.open_round(sender, deployment, spec, drawn)
        data, lines = serving_open.describe(opened, options)
        show(data, *lines)


@command(app)
def join(
    job: JobArgument = None,
    payee: Payee = None,
    min_reward: MinReward = None,
    max_stake: MaxStake = None,
    max_stakes: MaxInAll = None,
    at_a_loss: AtALoss = False,
    proof_time: ProofTime = None,
    allow_files: AllowFiles = False,
    inputs: HandedOver = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Promise to serve: fetch and check the inputs, evaluate them all, stake."""
    from prover.cli.serving.round import describe_join, find_round, joinable
    from prover.clients.common.jobs.recent import remember
    from prover.clients.common.limits import ProviderLimits
    from prover.clients.serving.provider import RoundProvider, joining

    seconds = None if proof_time is None else duration(proof_time, "--proof-time")
    whom = address(payee, "--payee")
    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    whom = whom or sender.address
    wanted = joinable(sender.address, whom, accepting("the round", min_reward, max_stake))
    job_id, record = find_round(client, deployment, job, wanted)
    keep_handed(inputs, record.data_hash)
    currency = record.job.terms.currency
    purse = purse_in(client, currency, min_reward, max_stake, max_stakes, at_a_loss)
    with sender.deciding(joining(job_id)):
        provider = RoundProvider.of(
            sender, deployment, (job_id, record), whom, allow_files=allow_files
        )
    remember(client, deployment.serving, job_id)  # before: the same command, once more, means it
    joined = provider.join(ProviderLimits(purse, seconds))
    data, lines = describe_join(job_id, record, whom, joined)
    show(data, *lines)


@command(app)
def serve(
    job: JobArgument = None,
    allow_files: AllowFiles = False,
    inputs: HandedOver = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Evaluate all inputs and post the outputs, in one transaction."""
    from prover.cli.serving.round import find_round, to_serve
    from prover.clients.serving.provider import RoundProvider

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    job_id, record = find_round(client, deployment, job, to_serve(sender.address))
    keep_handed(inputs, record.data_hash)
    found = (job_id, record)
    gas = RoundProvider.of(sender, deployment, found, record.payee, allow_files=allow_files).serve()
    data = {
        "job": "0x" + job_id.hex(),
        "state": "served",
        "items": record.job.terms.n,
        "gas": gas,
    }
    show(
        data,
        f"posted the outputs of {record.job.terms.n} items: {gas} gas",
        "next: watch `zkescrow serving status`; what is contested must be proven with `zkescrow "
        "serving answer`",
    )


@command(app)
def contest(
    job: JobArgument = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Random items [default: all that the terms allow].")
    ] = None,
    index: Annotated[
        list[int] | None, typer.Option(help="An item by hand, none at random; may be repeated.")
    ] = None,
    differing: Annotated[
        bool, typer.Option("--differing", help="First those that your own evaluation contradicts.")
    ] = False,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Demand proofs of random outputs, once they are final."""
    from prover.cli.serving.round import find_round, to_contest
    from prover.cli.serving.sample import Choice, contested

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    choice = Choice(count, tuple(index or ()), differing)
    job_id, _ = find_round(client, deployment, job, to_contest(sender.address, choice.gave))
    data, lines = contested(sender, deployment, job_id, choice)
    show(data, *lines)


@command(app)
def answer(
    job: JobArgument = None,
    allow_files: AllowFiles = False,
    inputs: HandedOver = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Prove the contested outputs, several to a proof. Goes on where it was interrupted."""
    from prover.base.text import counted
    from prover.cli.serving.round import find_round, to_answer
    from prover.clients.serving import provider

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    job_id, record = find_round(client, deployment, job, to_answer(sender.address))
    keep_handed(inputs, record.data_hash)
    done = provider.answer(sender, deployment, (job_id, record), allow_files=allow_files)
    _, after = find_round(client, deployment, "0x" + job_id.hex())
    data = {
        "job": "0x" + job_id.hex(),
        "state": after.state.name.lower(),
        "contested": len(after.contested),
        "proven": len(after.answered),
        "proofs_made": done.proofs,
        "proof_seconds": round(done.seconds, 3),
        "transactions_sent": done.transactions,
        "gas": done.gas,
    }
    show(
        data,
        f"{len(after.answered)} of {len(after.contested)} contested items are proven: "
        f"{counted(done.proofs, 'proof')} in {done.seconds:.1f} s, "
        f"{counted(done.transactions, 'transaction')}, {done.gas} gas",
        f"the round is {after.state.name.lower()}",
    )


@command(app)
def status(
    job: JobArgument = None,
    every: Annotated[bool, typer.Option("--all", help="All rounds of the chain.")] = False,
    rpc: Rpc = None,
) -> None:
    """Say where a round stands, who must act until when, and who gets what if nobody does."""
    from prover.cli.serving.status import all_rounds, status_of

    client, deployment = deployed(rpc)
    if every:
        show_jobs("rounds", all_rounds(client, deployment))
        return
    data, lines = status_of(client, deployment, job)
    show(data, *lines)


@command(app)
def results(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    job: JobArgument = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Evaluate the model here, and say what differs.")
    ] = False,
    rpc: Rpc = None,
) -> None:
    """Write all posted outputs to a file, and which of them are proven."""
    from prover.cli.serving.round import find_round
    from prover.cli.serving.sample import results_of
    from prover.clients.common.models import find

    client, deployment = deployed(rpc)
    job_id, record = find_round(client, deployment, job)
    known = find(client, deployment, "0x" + record.job.terms.model_id.hex())
    data, lines = results_of(job_id, record, known.artifacts, out, compare)
    show(data, *lines)


@command(app)
def settle(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """End a round whose deadline passed; what is due becomes credits. Anyone may do it."""
    from prover.cli.job import ended
    from prover.clients.common.jobs.kinds import ROUND

    client, deployment = deployed(rpc)
    data, lines = ended(sender_for(client, account), deployment, ROUND, job, "settle")
    show(data, *lines)


@command(app)
def cancel(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Take an open round back; what was paid in becomes a credit."""
    from prover.cli.job import ended
    from prover.clients.common.jobs.kinds import ROUND

    client, deployment = deployed(rpc)
    data, lines = ended(sender_for(client, account), deployment, ROUND, job, "cancel")
    show(data, *lines)
