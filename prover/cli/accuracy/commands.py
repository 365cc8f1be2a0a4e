"""`zkescrow accuracy`: a bounty for a hidden model that reaches a target on a sealed test set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prover.base.console import progress
from prover.base.errors import UsageError
from prover.base.parsing import duration
from prover.cli.common.handover import HandedOver, Uri, keep_handed
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

if TYPE_CHECKING:
    from prover.chain.deployments import Deployment
    from prover.chain.sending.transactions import Sender
    from prover.clients.common.models import KnownModel
    from prover.protocol.accuracy.state import Record

app = new_app()
APPS = {"accuracy": app}
# Windows that are usual; a chain may take no shorter ones.
REVEAL_WITHIN = "1h"
PROVE_WITHIN = "2h"
JobArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[BOUNTY]",
        help="Bounty's id, or its beginning [default: the last one used here, or the sole one].",
    ),
]
AllowFiles = Annotated[bool, typer.Option(help="Read file: test sets on other chains than 31337.")]


@app.callback()
def _group() -> None:
    """Pay for a model that reaches a target on a sealed test set."""


@command(app)
def post(
    model: Annotated[
        str, typer.Option("--model", help="A circuit's id, or a model of it by name or id.")
    ],
    data: Annotated[Path, typer.Option(help="NPZ archive with `inputs` and `labels`.")],
    target: Annotated[str, typer.Option(help="Share to reach: 90% or 58/64.")],
    rows: Annotated[str | None, typer.Option(help="Part of the data, A:B.")] = None,
    items: Annotated[
        int | None, typer.Option(help="Draw so many rows at random [default: all].")
    ] = None,
    eps: Annotated[
        str | None,
        typer.Option(help=f"Draw as many as support target - EPS with {CONFIDENCE:.0%}."),
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(help="File of your seed; made if it is not there.")
    ] = None,
    reward: Annotated[
        str | None, typer.Option(help="For the target, ETH or tokens [default: by cost].")
    ] = None,
    bond: Annotated[
        str | None, typer.Option(help="Yours to lose if you keep the key [default: by reward].")
    ] = None,
    stake: Annotated[
        str | None, typer.Option(help="What the provider risks [default: by reward].")
    ] = None,
    miss_penalty: Annotated[
        str | None, typer.Option(help="Part of it that a missed target costs.")
    ] = None,
    test_set_cost: Annotated[
        str | None,
        typer.Option(help="What the labels cost you, as a try uses them up; of tokens, and gas."),
    ] = None,
    low_penalty: Annotated[
        bool, typer.Option(help="Let anyone hold your bond for less than a try costs you.")
    ] = False,
    token: PaidIn = None,
    provider: Annotated[str | None, typer.Option(help="Who may accept [default: anyone].")] = None,
    open_for: Annotated[
        str | None,
        typer.Option(help=f"Time to find a provider [default: {OPEN_FOR} or more]."),
    ] = None,
    reveal_within: Annotated[
        str | None,
        typer.Option(help=f"Your time to reveal the key [default: {REVEAL_WITHIN} or more]."),
    ] = None,
    prove_within: Annotated[
        str | None,
        typer.Option(help=f"Time to prove, from the key [default: {PROVE_WITHIN} or more]."),
    ] = None,
    uri: Uri = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Seal a test set and post a bounty on it. Checks the circuit first."""
    from prover.base.files import sha256_file
    from prover.base.parsing import part, percent
    from prover.base.settings import get_settings
    from prover.cli.accuracy import post as accuracy_post
    from prover.cli.accuracy.job import find_bounty
    from prover.clients.accuracy import test_items as accuracy_tests
    from prover.clients.accuracy.consumer import post_bounty, posting
    from prover.clients.common.models import auditor
    from prover.clients.common.seeds import make_seed

    count = accuracy_post.sample_size(items, None if eps is None else percent(eps, "--eps"))
    client, deployment = deployed(rpc)
    options = accuracy_post.PostOptions(
        target=accuracy_post.target_of(target),
        reward=reward,
        bond=bond,
        stake=stake,
        miss_penalty=miss_penalty,
        test_set_cost=test_set_cost,
        low_penalty=low_penalty,
        currency=currency(client, token),
        provider=address(provider, "--provider"),
        open_seconds=window(client, open_for, "--open-for", OPEN_FOR),
        reveal_seconds=window(client, reveal_within, "--reveal-within", REVEAL_WITHIN),
        prove_seconds=window(client, prove_within, "--prove-within", PROVE_WITHIN),
        uri=uri,
    )
    sender = sender_for(client, account)
    known = accuracy_post.circuit_of(client, deployment, model)
    accuracy_tests.check_circuit(known.artifacts)
    tests = accuracy_tests.read_tests(known.artifacts, data, part(rows), count)
    spec = accuracy_post.spec_of(client, known, len(tests.labels), options)
    progress("checking that the verifier on the chain is the circuit's")
    auditor(client, deployment).verify(known.model_id, known.artifacts)
    seed_file = (seed or get_settings().home / "seed.json").resolve()
    if make_seed(seed_file):
        progress(f"a new seed is in {seed_file}: keep it, and show it to nobody")
    asked = vars(options) | {"data": sha256_file(data), "rows": rows, "items": items, "eps": eps}
    with posting(sender, deployment, spec, tests, seed_file, asked, progress) as drawn:
        posted = post_bounty(sender, deployment, drawn)
        _, record = find_bounty(client, deployment, "0x" + posted.job_id.hex())
        facts, lines = accuracy_post.describe(sender, deployment, known, posted, record, seed_file)
        show(facts, *lines)


@command(app)
def accept(
    model: ModelName,
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
    """Enter a model: fetch and check the test set and the circuit, stake."""
    from prover.chain.state.replay import load_world
    from prover.cli.accuracy.job import acceptable, find_bounty
    from prover.cli.job import moved
    from prover.clients.accuracy.provider import BountyProvider, acceptance
    from prover.clients.accuracy.status import consumers_past, past_message
    from prover.clients.common.jobs.kinds import BOUNTY
    from prover.clients.common.jobs.recent import remember
    from prover.clients.common.limits import ProviderLimits
    from prover.clients.common.models import find

    seconds = None if proof_time is None else duration(proof_time, "--proof-time")
    whom = address(payee, "--payee")
    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    whom = whom or sender.address

    def same(record: "Record") -> bool:
        entered = find(client, deployment, model).model_id
        return (record.payee, record.model_id) == (whom, entered)

    wanted = acceptable(sender.address, accepting("the bounty", min_reward, max_stake), same)
    found = job_id, record = find_bounty(client, deployment, job, wanted)
    keep_handed(inputs, record.job.terms.data_hash)
    currency = record.job.terms.currency
    purse = purse_in(client, currency, min_reward, max_stake, max_stakes, at_a_loss)
    past = consumers_past(
        load_world(client, deployment).accuracy.jobs.values(), record.job.consumer
    )
    progress(past_message(past))
    with sender.deciding(acceptance(job_id)):
        known = find(client, deployment, model)
    provider = BountyProvider.of(
        sender, deployment, found, known.artifacts, whom, allow_files=allow_files
    )
    remember(client, deployment.accuracy, job_id)  # before: the same command, once more, means it
    gas = provider.accept(known.model_id, known.circuit_id, ProviderLimits(purse, seconds))
    data, lines = moved(client, deployment, BOUNTY, job_id, gas)
    show(data | {"consumers_past": past}, *lines)


@command(app, "reveal-key")
def reveal_key(
    job: JobArgument = None,
    seed: Annotated[
        Path | None, typer.Option(help="Seed file [default: the one of the post].")
    ] = None,
    never_signed: Annotated[
        bool,
        typer.Option(help="No wallet will send a bounty on these rows that it was given."),
    ] = False,
    never_shared: Annotated[
        bool,
        typer.Option(
            help="The rows of this bounty are in no other one; of use in a home that has its seed "
            "alone."
        ),
    ] = False,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Open the test set, once the acceptance is final. From then on everybody can read it."""
    from prover.cli.accuracy.job import find_bounty, to_reveal
    from prover.cli.job import moved
    from prover.clients.accuracy.reveal import Assured, reveal
    from prover.clients.common.jobs.kinds import BOUNTY

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    found = find_bounty(client, deployment, job, to_reveal(sender.address))
    assured = Assured(never_signed, never_shared)
    gas = reveal(sender, deployment, found, seed, progress, assured)
    data, lines = moved(client, deployment, BOUNTY, found[0], gas)
    show(data, "the key is public: never use this test set again", *lines)


@command(app)
def prove(
    job: JobArgument = None,
    force: Annotated[
        bool, typer.Option(help="Prove what is right although the target is missed.")
    ] = False,
    allow_files: AllowFiles = False,
    inputs: HandedOver = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Open, check and evaluate all items; prove until the target is shown, or dispute.

    May be run again after a kill: nothing is proven twice.
    """
    from prover.cli.job import moved
    from prover.clients.accuracy import provider
    from prover.clients.accuracy.status import describe
    from prover.clients.common.jobs.kinds import BOUNTY

    sender, deployment, found, known = _accepted(rpc, account, job)
    keep_handed(inputs, found[1].job.terms.data_hash)
    outcome = provider.prove(
        sender, deployment, found, known.artifacts, allow_files=allow_files, force=force
    )
    state, lines = moved(sender.client, deployment, BOUNTY, found[0], outcome.gas)
    data, said = describe(outcome)
    show(state | data, *said, *lines)
    if outcome.gave_up:
        raise typer.Exit(1)


@command(app)
def dispute(
    index: Annotated[int, typer.Option(help="The malformed item.")],
    job: JobArgument = None,
    allow_files: AllowFiles = False,
    inputs: HandedOver = None,
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Show that a test item is malformed: everything goes to you. `prove` does it by itself."""
    from prover.cli.job import moved
    from prover.clients.accuracy.provider import BountyProvider
    from prover.clients.common.jobs.kinds import BOUNTY

    sender, deployment, found, known = _accepted(rpc, account, job)
    keep_handed(inputs, found[1].job.terms.data_hash)
    provider = BountyProvider.of(
        sender, deployment, found, known.artifacts, found[1].payee, allow_files=allow_files
    )
    data, lines = moved(sender.client, deployment, BOUNTY, found[0], provider.dispute(index))
    show(data, *lines)


@command(app)
def status(
    job: JobArgument = None,
    every: Annotated[bool, typer.Option("--all", help="All bounties of the chain.")] = False,
    rpc: Rpc = None,
) -> None:
    """Say where a bounty stands, who must act until when, and what each outcome pays."""
    from prover.cli.accuracy.status import all_bounties, status_of

    client, deployment = deployed(rpc)
    if every:
        show_jobs("bounties", all_bounties(client, deployment))
        return
    data, lines = status_of(client, deployment, job)
    show(data, *lines)


@command(app)
def cancel(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Take an open bounty back; reward and bond become a credit to withdraw."""
    _end(job, rpc, account, "cancel")


@command(app)
def settle(job: JobArgument = None, rpc: Rpc = None, account: AccountNumber = None) -> None:
    """End a bounty whose deadline passed; what is due becomes credits. Anyone may do it."""
    _end(job, rpc, account, "settle")


def _accepted(
    rpc: str | None, account: int | None, job: str | None
) -> "tuple[Sender, Deployment, tuple[bytes, Record], KnownModel]":
    """A bounty that the account accepted, with the model that it entered."""
    from prover.cli.accuracy.job import find_bounty, to_prove
    from prover.clients.common.models import find

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    job_id, record = find_bounty(client, deployment, job, to_prove(sender.address))
    if not record.joined:
        raise UsageError(
            f"bounty 0x{job_id.hex()} is {record.state.name.lower()}: expected one that a provider "
            "accepted; see `zkescrow accuracy status`"
        )
    known = find(client, deployment, record.model_id.hex())
    return sender, deployment, (job_id, record), known


def _end(job: str | None, rpc: str | None, account: int | None, how: str) -> None:
    from prover.cli.job import ended
    from prover.clients.common.jobs.kinds import BOUNTY

    client, deployment = deployed(rpc)
    data, lines = ended(sender_for(client, account), deployment, BOUNTY, job, how)
    show(data, *lines)
