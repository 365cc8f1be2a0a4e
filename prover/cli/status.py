"""`zkescrow status`: every job of every protocol in which an account has a part, or could have."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.text import amount_in, as_text, how_to_withdraw
from prover.cli.common.options import AccountNumber, Rpc, address, deployed
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    from prover.chain.node.client import Client
    from prover.clients.agenda import Entry
    from prover.protocol.world import World

MAX_SET_ASIDE = 20  # shown one by one
app = new_app()
APPS = {"status": app}


@command(app)
def status(
    rpc: Rpc = None,
    account: AccountNumber = None,
    who: Annotated[
        str | None, typer.Option("--address", help="Whose jobs [default: the account's].")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everybody's jobs.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="Also jobs that have ended.")] = False,
) -> None:
    """List jobs of all protocols that are under way, and what is due. Yours, if you say who: also
    those that anybody may take and that this machine can prove.
    """
    from prover.chain.contracts.tokens import learn
    from prover.chain.state.replay import load_held, load_world
    from prover.clients.agenda import entries, reworded
    from prover.clients.common.jobs.deeds import report, unmined
    from prover.clients.common.models import provable

    client, deployment = deployed(rpc)
    me = None if every else _me(client, account, who)
    now = client.now()

    def chosen(world: "World") -> list["Entry"]:
        found = [
            one
            for one in entries(world, now)
            if (ended or not one.ended) and (me is None or me in one.people or one.wants in open_to)
        ]
        return sorted(found, key=lambda one: (one.ended, one.who != me, one.until))

    world = load_world(client, deployment)
    open_to = frozenset[bytes]() if me is None else provable(world)
    found = chosen(world)
    if me is not None:  # what is shown of these must not come from a node that left events out
        world = load_held(client, deployment, _refs(world, found))
        found = chosen(world)
    credits = {} if me is None else credits_of(world, me)
    learn(client, *(one.currency for one in found), *credits)
    found = [reworded(world, one, now) for one in found]
    done = report(client, world, lambda deed: me is None or deed.account == me)
    signed = unmined(client, world, lambda deed: me is None or deed.account == me)
    rows = [one.to_dict() | {"open_to_you": _is_open(one, me, open_to)} for one in found]
    data = {"now": now, "account": me, "jobs": rows, "credits": credits}
    data |= {"provisional": done.rows, "unmined": signed.rows, "set_aside": set_aside(world)}
    aside = set_aside_lines(world)
    show(data, *done.lines, *signed.lines, *aside, *lines(found, me, credits, open_to))


def set_aside(world: "World") -> list[dict[str, str]]:
    """Jobs of which the events make no sense, whosever they are: rows for --json."""
    from prover.clients.common.jobs.kinds import protocols

    return [
        {"protocol": kind.group, "job": "0x" + job_id.hex(), "why": why}
        for kind, jobs in protocols(world)
        for job_id, why in jobs.set_aside.items()
    ]


def set_aside_lines(world: "World") -> list[str]:
    """The same to be printed, the first of them; a job of yours may be among them."""
    rows = set_aside(world)
    shown = [
        f"{row['protocol']} {row['job']} is set aside, as its events make no sense ({row['why']}): "
        "if it is yours, use another node; `zkescrow audit replay` tells more"
        for row in rows[:MAX_SET_ASIDE]
    ]
    more = len(rows) - len(shown)
    return [*shown, *([f"{more} more jobs are set aside"] if more else [])]


def _refs(world: "World", found: Iterable["Entry"]) -> list[tuple[str, bytes]]:
    """Contract and id of the jobs that come first, as many as one request asks for."""
    from prover.chain.node.rpc import BATCH
    from prover.clients.common.jobs.kinds import protocols

    contracts = {kind: jobs.contract for kind, jobs in protocols(world)}
    return [(contracts[one.kind], one.job_id) for one in found][:BATCH]


def lines(
    found: Iterable["Entry"],
    me: str | None,
    credits: dict[str, int],
    open_to: Collection[bytes] = (),
) -> list[str]:
    """What to print: the jobs, and the credit that waits; `open_to` are models that I can prove."""
    from prover.clients.common.jobs.kinds import short

    stands = [
        f"{one.kind.name} {short(one.job_id)} is {as_text(one.state)}"
        f"{'; YOUR MOVE' if me is not None and one.who == me else ''}"
        f"{'; OPEN TO YOU' if _is_open(one, me, open_to) else ''}; next: {one.next}"
        for one in found
    ]
    if not stands:
        stands = ["no job is under way" + ("" if me is None else f" in which {me} has a part")]
    return [
        *stands,
        *(
            f"credit of {amount_in(one, units)}: {how_to_withdraw(one)}"
            for one, units in credits.items()
        ),
    ]


def _is_open(one: "Entry", me: str | None, open_to: Collection[bytes]) -> bool:
    """Whether I may take a job of somebody else, and have what it takes to prove it."""
    return one.wants in open_to and me not in one.people


def credits_of(world: "World", account: str) -> dict[str, int]:
    """Currency -> what an account may withdraw from all contracts, in wei or token units."""
    total: dict[str, int] = {}
    for state in world.escrows.values():
        for (currency, who), units in state.credits.items():
            if who == account and units:
                total[currency] = total.get(currency, 0) + units
    return total


def _me(client: "Client", account: int | None, who: str | None) -> Any:
    """The account that the user acts for, without asking for a password; None if none is set."""
    from prover.chain.accounts import configured_address

    return address(who, "--address") or configured_address(client, account)
