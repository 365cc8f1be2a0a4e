"""`zkescrow retrieval`: the records of a sealed dataset that a model flags, proven and readable."""

from pathlib import Path
from typing import Annotated, Any

import typer

from prover.base.console import progress
from prover.base.parsing import duration
from prover.cli.common.handover import Uri
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
    DISPUTE_WITHIN,
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
)
from prover.cli.common.output import command, new_app, show, show_jobs

app = new_app()
APPS = {"retrieval": app}
JobArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[REQUEST]",
        help="Request's id, or its beginning [default: the last one used here, or the sole one].",
    ),
]
DatasetArgument = Annotated[
    str | None,
    typer.Argument(metavar="[DATASET]", help="Dataset's id [default: the chain's only one]."),
]
SeedOption = Annotated[Path | None, typer.Option(help="Seed file [default: the one used then].")]
DataOption = Annotated[Path | None, typer.Option(help="NPZ archive [default: the one used then].")]
FileOption = Annotated[
    Path | None, typer.Option("--file", help="The dataset's public file, if you have it already.")
]


@app.callback()
def _group() -> None:
    """Have every record of a sealed dataset judged, and read those that match."""


@command(app)
def commit(
    data: Annotated[Path, typer.Argument(metavar="DATA.npz", help="Archive with `inputs`.")],
    model: Annotated[
        str, typer.Option("--model", help="Model whose format the records get (name or id).")
    ],
    seed: Annotated[
        Path | None, typer.Option(help="Seed file; made if there is none [default: in the home].")
    ] = None,
    uri: Uri = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Owner: seal every record under a key of its own, and commit to all of them."""
    from prover.cli.retrieval.owner import describe_commitment
    from prover.clients.common.models import find
    from prover.clients.common.seeds import seed_at
    from prover.clients.retrieval import secrets as owner

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    known = find(client, deployment, model)
    kept = seed_at(seed)
    secrets = owner.read_secrets(known.artifacts, data, kept.seed)
    progress(f"sealing {len(secrets.items)} records")
    committed = owner.commit(sender, deployment, secrets, uri)
    owner.remember_source(committed.dataset.id, owner.Source(data, kept.path))
    facts, lines = describe_commitment(committed, data, kept)
    show(facts, *lines)


@command(app)
def datasets(rpc: Rpc = None) -> None:
    """List the datasets that are committed on the chain."""
    from prover.base.text import moment, shown
    from prover.chain.state.replay import load_world

    client, deployment = deployed(rpc)
    rows: list[dict[str, Any]] = [
        {
            "dataset": "0x" + one.id.hex(),
            "owner": one.owner,
            "records": one.count,
            "committed_at": one.committed_at,
            "uri": shown(one.uri),
        }
        for one in load_world(client, deployment).retrieval.datasets.values()
    ]
    lines = [
        f"dataset {one['dataset']}: {one['records']} records of {one['owner']}, committed "
        f"{moment(one['committed_at'])}, public file {one['uri']}"
        for one in rows
    ]
    show({"datasets": rows}, *lines or ["datasets: none"])


@command(app)
def post(
    model: ModelName,
    dataset: DatasetArgument = None,
    score: Annotated[int | None, typer.Option(help="Output of the model to compare.")] = None,
    at_least: Annotated[
        str | None, typer.Option(help="With --score: a record matches from this value on.")
    ] = None,
    label: Annotated[
        int | None, typer.Option(help="A record matches if this is its label.")
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="Of each proven record, in ETH or tokens [default: by cost].")
    ] = None,
    stake: Annotated[
        str | None, typer.Option(help="What the owner risks [default: by the price].")
    ] = None,
    token: PaidIn = None,
    open_for: Annotated[
        str | None,
        typer.Option(help=f"Time for the owner to accept [default: {OPEN_FOR} or more]."),
    ] = None,
    prove_within: Annotated[
        str | None, typer.Option(help="Time to prove all records [default: by the circuit].")
    ] = None,
    dispute_within: Annotated[
        str | None,
        typer.Option(help=f"Your time to dispute a match [default: {DISPUTE_WITHIN} or more]."),
    ] = None,
    file: FileOption = None,
    allow_files: Annotated[
        bool, typer.Option(help="Read a file: address on other chains than 31337 too.")
    ] = False,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Requester: pay for every record to be judged. Checks model and dataset first."""
    from prover.chain.state.replay import load_world
    from prover.cli.retrieval import post as retrieval_post
    from prover.clients.common.jobs.choosing import by_digits
    from prover.clients.common.jobs.kinds import DATASET
    from prover.clients.common.models import auditor, find
    from prover.clients.retrieval import requester
    from prover.clients.retrieval.datasets import find_dataset

    client, deployment = deployed(rpc)
    paid_in = currency(client, token)
    options = retrieval_post.PostOptions(
        price, stake, paid_in, open_for, prove_within, dispute_within
    )
    sender = sender_for(client, account)
    committed = load_world(client, deployment).retrieval.datasets
    chosen = None if dataset is None else by_digits(committed, DATASET, dataset)
    known = find(client, deployment, model)
    unit = known.artifacts.facts.output_unit
    predicate = retrieval_post.predicate_of(score, at_least, label, unit)
    requester.check_model(known.artifacts, predicate)
    found = find_dataset(client, deployment, chosen)
    spec = retrieval_post.spec_of(client, known, found, predicate, options)
    progress(f"checking the file of {found.count} records")
    content = retrieval_post.public_file(found, known.artifacts, file, allow_files or client.local)
    requester.check_dataset(found, content, known.artifacts)
    progress("checking that the verifier on the chain is the model's")
    auditor(client, deployment).verify(known.model_id, known.artifacts)
    with requester.posting(sender, deployment, spec, vars(options)) as drawn:
        posted = requester.post(sender, deployment, spec, drawn, progress)
        data, lines = retrieval_post.describe(posted, spec)
        show(data, *lines)


@command(app)
def accept(
    job: JobArgument = None,
    payee: Payee = None,
    min_reward: MinReward = None,
    max_stake: MaxStake = None,
    max_stakes: MaxInAll = None,
    at_a_loss: AtALoss = False,
    max_matches: Annotated[
        int | None,
        typer.Option(min=0, help="Most records that may become readable [default: half]."),
    ] = None,
    proof_time: ProofTime = None,
    preview: Annotated[bool, typer.Option("--preview", help="Look, and stake nothing.")] = False,
    data: DataOption = None,
    seed: SeedOption = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Owner: run every record, say what would be readable and earned, then stake."""
    from prover.cli.retrieval import job as jobs
    from prover.cli.retrieval.owner import describe_acceptance
    from prover.clients.common.jobs.recent import remember
    from prover.clients.retrieval.checks import OwnerLimits
    from prover.clients.retrieval.owner import DatasetOwner, Request, acceptance

    seconds = None if proof_time is None else duration(proof_time, "--proof-time")
    whom = address(payee, "--payee")
    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    accept = accepting("the request", min_reward, max_stake)
    whom = whom or sender.address
    wanted = jobs.acceptable(deployment, sender, whom, accept)
    found = jobs.find_request(client, deployment, job, wanted)
    currency = found.record.job.terms.currency
    purse = purse_in(client, currency, min_reward, max_stake, max_stakes, at_a_loss)
    all_ = found.record.count if preview else None  # what it would mean is asked before the limit
    limits = OwnerLimits(purse, seconds, all_ if max_matches is None else max_matches)
    with sender.deciding(acceptance(found.job_id)):
        request = Request.on(client, deployment, found.job_id, found.record, found.dataset)
        owner = DatasetOwner.of(sender, deployment, request, whom)
        secrets = jobs.secrets_of(request, data, seed)
    seen = owner.quote(secrets, limits)
    if not preview:
        remember(client, deployment.retrieval, found.job_id)  # the same command means it again
    gas = None if preview else owner.accept(limits)
    facts, lines = describe_acceptance(found, seen, whom, gas)
    show(facts, *lines)


@command(app)
def prove(
    job: JobArgument = None,
    data: DataOption = None,
    seed: SeedOption = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Owner: prove every record and give the keys of the matches. Goes on where it was stopped."""
    from prover.base.text import counted
    from prover.cli.retrieval import job as jobs
    from prover.cli.retrieval.status import status_of
    from prover.clients.retrieval.owner import DatasetOwner, Request
    from prover.protocol.retrieval.state import State

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    message = "accepted by you and unproven"
    wanted = jobs.of_owner(deployment, sender, State.PROVING, message, "submit")
    found = jobs.find_request(client, deployment, job, wanted)
    request = Request.on(client, deployment, found.job_id, found.record, found.dataset)
    owner = DatasetOwner.of(sender, deployment, request, found.record.payee)
    done = owner.prove(jobs.secrets_of(request, data, seed))
    after = jobs.find_request(client, deployment, found.name)
    facts, lines = status_of(client, deployment, after)
    work = {
        "proofs_made": done.proofs,
        "proof_seconds": round(done.seconds, 3),
        "transactions_sent": done.transactions,
        "gas": done.gas,
    }
    show(
        facts | work,
        f"{counted(done.proofs, 'proof')} in {done.seconds:.1f} s, "
        f"{counted(done.transactions, 'transaction')}, {done.gas} gas",
        *lines,
    )


@command(app)
def status(
    job: JobArgument = None,
    every: Annotated[bool, typer.Option("--all", help="All requests of the chain.")] = False,
    rpc: Rpc = None,
) -> None:
    """Say where a request stands, who must act until when, and who gets what if nobody does."""
    from prover.cli.retrieval.job import find_request
    from prover.cli.retrieval.status import all_requests, status_of

    client, deployment = deployed(rpc)
    if every:
        show_jobs("requests", all_requests(client, deployment))
        return
    data, lines = status_of(client, deployment, find_request(client, deployment, job))
    show(data, *lines)


@command(app)
def read(
    out: Annotated[Path, typer.Option(help="NPZ archive to write: `inputs` and `indices`.")],
    job: JobArgument = None,
    file: FileOption = None,
    rpc: Rpc = None,
) -> None:
    """Decrypt the matches, check each against its commitment, write them in the data's units."""
    from prover.cli.retrieval import job as jobs
    from prover.cli.retrieval.status import warnings_of
    from prover.clients.retrieval import read as reader

    client, deployment = deployed(rpc)
    found = jobs.find_request(client, deployment, job, jobs.PROVEN)
    jobs.require_proven(found)
    public = reader.public_side(found.dataset, file)
    progress(f"reading {len(found.record.matches)} matches")
    artifacts = jobs.artifacts_of(client, deployment, found)
    matches = reader.read_matches(found.record, public, artifacts)
    reader.write_records(out, matches, public.form)
    warnings = warnings_of(matches.malformed, found.record, client.now())
    data = {
        "job": found.name,
        "records": found.record.count,
        "proven": len(found.record.proven),
        "matches": len(found.record.matches),
        "readable_records": sorted(matches.readable),
        "why_malformed": {str(index): why for index, why in matches.malformed.items()},
        "file": str(out),
    }
    show(
        data,
        f"{len(matches.readable)} of {len(found.record.matches)} matches read as they were proven: "
        f"{out}",
        *warnings,
    )
    if matches.malformed:
        raise typer.Exit(1)


@command(app)
def dispute(
    job: JobArgument = None,
    file: FileOption = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Requester: find a match that does not read as proven, and show it to the contract."""
    from prover.cli.retrieval import job as jobs
    from prover.cli.retrieval.status import status_of
    from prover.clients.retrieval import read as reader

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    found = jobs.find_request(client, deployment, job, jobs.to_dispute(sender.address))
    jobs.require_proven(found)
    public = reader.public_side(found.dataset, file)
    artifacts = jobs.artifacts_of(client, deployment, found)
    request = (found.job_id, found.record)
    index, gas = reader.dispute(sender, deployment, request, public, artifacts)
    after = jobs.find_request(client, deployment, found.name)
    data, lines = status_of(client, deployment, after)
    show(
        data | {"disputed_record": index, "gas": gas},
        f"record {index} is disputed: the contract agrees, {gas} gas",
        *lines,
    )


@command(app)
def settle(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """End a request whose deadline passed; what is due becomes credits. Anyone may do it."""
    from prover.cli.job import ended
    from prover.clients.common.jobs.kinds import REQUEST

    client, deployment = deployed(rpc)
    data, lines = ended(sender_for(client, account), deployment, REQUEST, job, "settle")
    show(data, *lines)


@command(app)
def cancel(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Requester: take an open request back; what was paid in becomes a credit."""
    from prover.cli.job import ended
    from prover.clients.common.jobs.kinds import REQUEST

    client, deployment = deployed(rpc)
    data, lines = ended(sender_for(client, account), deployment, REQUEST, job, "cancel")
    show(data, *lines)
