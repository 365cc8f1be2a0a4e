"""An audit's report: as data, as lines, as one HTML page without scripts."""

from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from prover.audit.findings import AuditReport, Gift
from prover.base.files import write_atomically
from prover.base.text import amount_in
from prover.protocol.jobs import Record
from prover.protocol.table import title
from prover.protocol.world import PROTOCOLS

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:88rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .6rem;"
    "text-align:left;overflow-wrap:break-word}.good{color:#06632b}.bad{color:#a3000b}"
)


def to_dict(report: AuditReport) -> dict[str, Any]:
    """For --json."""
    found = report.findings
    states = _states(report)
    return {
        "chain_id": report.chain_id,
        "addresses": report.contracts,
        "last_block": report.last,
        "events_read": found.events,
        "transactions_read": found.transactions,
        "jobs_by_state": dict(sum(states.values(), Counter())),
        "jobs_by_protocol": {name: dict(counts) for name, counts in states.items()},
        "datasets_read": len(report.world.retrieval.datasets),
        "steps_compared": found.steps_compared,
        "transfers_unknown": found.transfers_unknown,
        "steps_not_comparable": found.steps_not_comparable,
        "deliveries": found.deliveries,
        "disputes": found.disputes,
        "proofs_accepted": found.proofs_accepted,
        "proofs_reverified": found.proofs_reverified,
        "proofs_not_reverifiable": found.proofs_not_reverifiable,
        "left_out": list(found.left_out),
        "mismatches": [{"where": one.where, "what": one.what} for one in found.mismatches],
        "ledgers": [dict(vars(ledger)) for ledger in found.ledgers],
        "gifts": [dict(vars(gift)) for gift in found.gifts],
    }


def lines(report: AuditReport) -> list[str]:
    """As text."""
    found, states = report.findings, _states(report)
    jobs = ", ".join(f"{counts.total()} of {name}" for name, counts in states.items())
    lines = [
        f"replayed {found.events} events of {found.transactions} transactions up to block "
        f"{report.last}: jobs {jobs}",
        f"compared {found.steps_compared} steps of jobs with the contracts' views",
        f"re-verified {found.proofs_reverified} of {found.proofs_accepted} accepted proofs "
        f"off-chain, and {found.disputes} disputes",
    ]
    if found.transfers_unknown:
        lines.append(
            "a hidden job in a token of its own would not show: transfers cannot be compared: "
            f"{found.transfers_unknown}"
        )
    lines += [_given(gift) for gift in found.gifts]
    if found.steps_not_comparable:
        lines.append(f"{found.steps_not_comparable} steps not compared: the node keeps no history")
    if found.proofs_not_reverifiable:
        lines.append(
            f"{found.proofs_not_reverifiable} proofs are of circuits without artifacts on this "
            "machine: checked by the contract's verifier only; `zkescrow model import` takes in "
            "the folder that their provider gives"
        )
    lines += [f"left out, as was asked: {what}" for what in found.left_out]
    lines += [f"MISMATCH {one.where}: {one.what}" for one in found.mismatches]
    lines.append(f"{len(found.mismatches)} mismatches")
    return lines


def _given(gift: Gift) -> str:
    """Money that is nobody's, as text."""
    when = "in smaller amounts" if gift.block is None else f"in block {gift.block}"
    amount = amount_in(gift.currency, gift.amount)
    return f"given to {gift.contract} {when}: {amount}, no job's; nobody can take it out"


def write_html(report: AuditReport, path: Path) -> None:
    """One self-contained page, whole or not at all."""
    write_atomically(path.absolute(), html(report).encode(), private=False)


def html(report: AuditReport) -> str:
    """The page. Everything that comes from the chain is escaped."""
    found = report.findings
    kind, verdict = ("bad", "mismatches found") if found.mismatches else ("good", "no mismatch")
    shown = to_dict(report).items()
    facts = [(name, value) for name, value in shown if isinstance(value, int | str)]
    problems = [(one.where, one.what) for one in found.mismatches]
    ledgers = [tuple(vars(ledger).values()) for ledger in found.ledgers]
    return "".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8><title>zkescrow audit</title>",
            f"<style>{_STYLE}</style><h1>Audit of all jobs</h1>",
            f"<p class={kind}><strong>{verdict}</strong></p>",
            _table(("fact", "value"), facts),
            "<h2>Contracts</h2>" + _table(("name", "address"), list(report.contracts.items())),
            "<h2>Mismatches</h2>" + _table(("where", "what"), problems) if problems else "",
            "<h2>Money</h2>",
            "<p>In wei or token units; the zero address is ETH.</p>",
            _table(("contract", "currency", "escrowed", "credited", "surplus"), ledgers),
            "<h2>Jobs</h2>",
            _table(("protocol", "job", "state", "paid in by the consumer", "payee"), _jobs(report)),
            "</html>\n",
        ]
    )


def _table(head: tuple[str, ...], rows: "list[tuple[Any, ...]]") -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{cells}</tr>{body}</table>"


def _jobs(report: AuditReport) -> list[tuple[Any, ...]]:
    return [
        (name, "0x" + job_id.hex(), title(record.state), record.escrow, record.payee)
        for name, records in _records(report).items()
        for job_id, record in records.items()
    ]


def _records(report: AuditReport) -> "dict[str, dict[bytes, Record[Any]]]":
    return {name: dict(getattr(report.world, name).jobs) for name in PROTOCOLS}


def _states(report: AuditReport) -> dict[str, Counter[str]]:
    return {
        name: Counter(record.state.name.lower() for record in records.values())
        for name, records in _records(report).items()
    }
