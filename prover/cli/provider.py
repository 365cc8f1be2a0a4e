"""`zkescrow provider`: proving predictions; and what any provider has, its key and its credit."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.console import progress
from prover.base.parsing import duration
from prover.base.text import amount_in, moment
from prover.cli.common.handover import HandedFiles, HandedOver
from prover.cli.common.limits import AllStakes, AtALoss, MaxStakes, MinRewards, ProofTime, purse_of
from prover.cli.common.options import (
    AccountNumber,
    Payee,
    Rpc,
    address,
    connected,
    deployed,
    sender_for,
)
from prover.cli.common.output import command, new_app, show, show_table
from prover.cli.prediction.passes import Loop, one_pass, only_pass
from prover.cli.withdraw import Token, withdraw_all

if TYPE_CHECKING:
    from prover.chain.node.client import Client
    from prover.clients.common.money import Purse
    from prover.clients.prediction.policy import Policy
    from prover.clients.prediction.provider import Provider

app = new_app()
APPS = {"provider": app}
_STORE = "provider.sqlite"


@app.callback()
def _group() -> None:
    """Prove predictions and be paid for them."""


@command(app)
def run(
    rpc: Rpc = None,
    account: AccountNumber = None,
    once: Annotated[
        bool, typer.Option("--once", help="One pass: finish what is locked, take what is open.")
    ] = False,
    every: Annotated[str, typer.Option(help="Without --once: time between two passes.")] = "30s",
    payee: Payee = None,
    min_reward: MinRewards = None,
    max_stake: MaxStakes = None,
    max_stakes: AllStakes = None,
    at_a_loss: AtALoss = False,
    proof_time: ProofTime = None,
    allow_files: Annotated[
        bool, typer.Option(help="Read file: inputs on other chains than 31337 too.")
    ] = False,
    inputs: HandedOver = None,
    withdraw: Annotated[bool, typer.Option(help="Withdraw credits at the end.")] = True,
) -> None:
    """Take open jobs for this machine's models, lock, prove, deliver, withdraw, pass after pass.

    A token is accepted if --max-stake AMOUNT:TOKEN and --min-reward AMOUNT:TOKEN are given.
    """
    handed = HandedFiles(inputs)
    handed.take_named()
    client = connected(rpc)
    purse = purse_of(client, min_reward, max_stake, max_stakes, at_a_loss)
    policy = _policy(client.local or allow_files, purse, proof_time)
    worker = _provider(rpc, account, policy, address(payee, "--payee"))
    work = partial(one_pass, worker, withdraw, partial(_remember, client))
    take = partial(_take, handed, worker)
    if once:
        if only_pass(work, take).bad:
            raise typer.Exit(1)
        return
    pause = duration(every, "--every")
    progress(f"a pass every {pause} s, until Ctrl-C; what is new is told")
    Loop(work, take, pause).run()


@command(app)
def status(rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Show the jobs that this account took, and its credit."""
    from prover.base.settings import get_settings
    from prover.chain.contracts.tokens import learn
    from prover.chain.state.replay import load_world
    from prover.cli.status import credits_of
    from prover.clients.prediction.store import JobStore
    from prover.protocol.events import ZERO_ADDRESS

    client, deployment = deployed(rpc)
    who = sender_for(client, account).address
    world = load_world(client, deployment)
    jobs = world.prediction
    store = JobStore(get_settings().home / _STORE)
    rows: list[dict[str, Any]] = []
    for job in store.all(f"{client.scope}:{jobs.contract}", who):
        record = jobs.jobs.get(job.job_id)
        unknown = "set aside" if job.job_id in jobs.set_aside else "none"
        rows.append(
            {
                "job": "0x" + job.job_id.hex(),
                "stage": job.stage.value,
                "final": job.final,
                "on_chain": unknown if record is None else record.state.name.lower(),
                "until": 0 if record is None else record.state_deadline,
                "proof_seconds": round(job.seconds, 3),
            }
        )
    credits = credits_of(world, who)
    learn(client, *credits)
    worth = {ZERO_ADDRESS: 0} | credits
    credit = ", ".join(amount_in(currency, units) for currency, units in worth.items())
    dated = [one | {"until": moment(one["until"]) if one["until"] else ""} for one in rows]
    data = {"account": who, "credits": credits, "jobs": rows}
    show_table(data, f"jobs of {who}, credit {credit}", dated)


@command(app)
def key(
    out: Annotated[Path, typer.Option(help="File to write, to be given to consumers.")],
    rpc: Rpc = None,
    account: AccountNumber = None,
) -> None:
    """Write this machine's public key, signed by the account: consumers encrypt inputs to it."""
    from prover.base.files import write_atomically
    from prover.chain.accounts import signer
    from prover.chain.readers import Reader, own_public_key

    reader = Reader.signed_by(signer(connected(rpc), account), own_public_key())
    write_atomically(out.absolute(), reader.to_bytes(), private=False)
    data = {"account": reader.account, "public_key": "0x" + reader.public_key.hex()}
    show(
        data | {"file": str(out)},
        f"{out}: give it to consumers, who name it with --provider-key; only this machine's home "
        "can open what they encrypt to it, so keep a copy of that",
    )


@command(app)
def withdraw(
    rpc: Rpc = None,
    account: AccountNumber = None,
    to: Annotated[str | None, typer.Option(help="Recipient [default: the account].")] = None,
    token: Token = None,
) -> None:
    """Withdraw what was earned."""
    withdraw_all(rpc, account, to, token)


def _take(handed: HandedFiles, worker: "Provider") -> bool:
    """Take what is new of files, and of folders what jobs wait for; whether there was any."""
    changed = handed.take_named()
    return handed.take(worker.wanted() if handed.has_folders else {}) or changed


def _remember(client: "Client", job_ids: list[bytes]) -> None:
    """Let `prediction status` mean the last job that was worked on here."""
    from prover.chain import deployments
    from prover.clients.common.jobs.recent import remember

    if job_ids:
        remember(client, deployments.load(client).prediction, job_ids[-1])


def _policy(files: bool, purse: "Purse", proof_time: str | None) -> "Policy":
    from prover.clients.prediction.policy import Policy

    seconds = None if proof_time is None else duration(proof_time, "--proof-time")
    return Policy(purse=purse, proof_seconds=seconds, allow_files=files)


def _provider(rpc: str | None, account: int | None, policy: "Policy", payee: Any) -> "Provider":
    from prover.base.settings import get_settings
    from prover.chain.contracts.prediction import PredictionMarket
    from prover.clients.common.tools import tools_of
    from prover.clients.prediction.examine import PredictionTools
    from prover.clients.prediction.provider import Provider
    from prover.clients.prediction.store import JobStore

    client, deployment = deployed(rpc)
    predictions = PredictionMarket(client, deployment.prediction)
    usual = tools_of(
        sender_for(client, account), deployment, predictions, allow_files=policy.allow_files
    )
    tools = PredictionTools(**vars(usual), store=JobStore(Path(get_settings().home) / _STORE))
    return Provider(tools, policy, payee)
