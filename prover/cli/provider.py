"""`zkescrow provider`: serving predictions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.cli.options import (
    AccountNumber,
    Rpc,
    address,
    connected,
    deployed,
    duration,
    sender_for,
    units,
)
from prover.cli.output import command, new_app, progress, show, show_table
from prover.errors import UsageError
from prover.protocol.words import amount_in, in_ether, moment

if TYPE_CHECKING:
    from prover.provider.policy import Policy
    from prover.provider.serve import Provider

app = new_app("Serve predictions and be paid for them.")
APPS = {"provider": app}
_BAD_ENDS = frozenset({"failed", "late"})
_STORE = "provider.sqlite"


@app.callback()
def _group() -> None:
    """Serve predictions and be paid for them."""


@command(app)
def run(
    rpc: Rpc = None,
    account: AccountNumber = None,
    once: Annotated[
        bool, typer.Option("--once", help="One round: finish what is locked, take what is open.")
    ] = False,
    payee: Annotated[str | None, typer.Option(help="Who is paid [default: the account].")] = None,
    min_reward: Annotated[str, typer.Option(help="Least reward in ETH.")] = "0",
    max_stake: Annotated[str | None, typer.Option(help="Greatest stake in ETH.")] = None,
    proof_time: Annotated[str, typer.Option(help="Time that a proof takes, at most.")] = "2s",
    token: Annotated[list[str] | None, typer.Option(help="ERC-20 to accept, besides ETH.")] = None,
    allow_files: Annotated[
        bool, typer.Option(help="Read file: inputs on other chains than 31337 too.")
    ] = False,
    withdraw: Annotated[bool, typer.Option(help="Withdraw credits at the end.")] = True,
) -> None:
    """Take open jobs for this machine's models, lock, prove, deliver, withdraw."""
    if not once:
        raise UsageError("provider run: only --once is there in this version; give it")
    policy = _policy(connected(rpc).local or allow_files, min_reward, max_stake, proof_time, token)
    worker = _provider(rpc, account, policy, address(payee, "--payee"))
    outcomes = worker.run_once()
    taken = worker.withdraw() if withdraw else {}
    jobs: list[dict[str, Any]] = [
        {
            "job": "0x" + outcome.job_id.hex(),
            "result": str(outcome.result),
            "words": outcome.words,
            "prove_seconds": round(outcome.seconds, 3),
            "gas": outcome.gas,
        }
        for outcome in outcomes
    ]
    lines = [f"{job['job']} {job['result']}: {job['words']}" for job in jobs]
    lines += [f"withdrawn: {amount_in(currency, amount)}" for currency, amount in taken.items()]
    show({"jobs": jobs, "withdrawn": taken}, *lines or ["no open job for this provider's models"])
    if any(job["result"] in _BAD_ENDS for job in jobs):
        raise typer.Exit(1)


@command(app)
def status(rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Show the jobs that this account took, and its credit."""
    from prover.chain.holders import credit_in_all
    from prover.chain.market import Market
    from prover.protocol.events import ZERO_ADDRESS
    from prover.provider.store import JobStore
    from prover.settings import get_settings

    client, deployment = deployed(rpc)
    who = sender_for(client, account).address
    market = Market(client, deployment.market)
    store = JobStore(get_settings().home / _STORE)
    rows: list[dict[str, Any]] = []
    for job in store.all(f"{client.scope}:{market.address}", who):
        standing = market.standing(job.job_id)
        rows.append(
            {
                "job": "0x" + job.job_id.hex(),
                "stage": job.stage.value,
                "on chain": standing.state.name.lower(),
                "due": standing.deadline,
                "prove_seconds": round(job.seconds, 3),
            }
        )
    credit = credit_in_all(client, deployment, ZERO_ADDRESS, who)
    data = {"account": who, "credit_wei": credit, "jobs": rows}
    dated = [one | {"due": moment(one["due"]) if one["due"] else ""} for one in rows]
    show_table(data, f"jobs of {who}, credit {in_ether(credit)}", dated)


@command(app)
def withdraw(
    rpc: Rpc = None,
    account: AccountNumber = None,
    to: Annotated[str | None, typer.Option(help="Recipient [default: the account].")] = None,
    token: Annotated[list[str] | None, typer.Option(help="ERC-20 besides ETH.")] = None,
) -> None:
    """Take out what was earned."""
    from prover.cli.withdraw import take_out

    take_out(rpc, account, to, token)


def _policy(
    files: bool, min_reward: str, max_stake: str | None, proof_time: str, tokens: list[str] | None
) -> "Policy":
    from prover.protocol.events import ZERO_ADDRESS
    from prover.provider.policy import Policy

    accepted = [str(address(token, "--token")) for token in tokens or []]
    return Policy(
        min_reward=units(min_reward, "--min-reward"),
        max_stake=None if max_stake is None else units(max_stake, "--max-stake"),
        proof_seconds=duration(proof_time, "--proof-time"),
        allow_files=files,
        currencies=frozenset([ZERO_ADDRESS, *accepted]),
    )


def _provider(rpc: str | None, account: int | None, policy: "Policy", payee: Any) -> "Provider":
    from prover.cli.models import auditor
    from prover.provider.serve import Provider, Tools
    from prover.provider.store import JobStore
    from prover.proving.ezkl.system import Ezkl
    from prover.settings import get_settings

    client, deployment = deployed(rpc)
    check = auditor(client, deployment)
    tools = Tools(
        client=client,
        deployment=deployment,
        sender=sender_for(client, account),
        store=JobStore(Path(get_settings().home) / _STORE),
        system=Ezkl(),
        check_model=lambda model_id, artifacts: _checked(check, model_id, artifacts),
        progress=progress,
    )
    return Provider(tools, policy, payee)


def _checked(check: Any, model_id: bytes, artifacts: Any) -> None:
    check.verify(model_id, artifacts)
