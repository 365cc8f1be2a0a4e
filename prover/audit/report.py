"""An audit's report: as data, as lines, as one HTML page without scripts."""

from html import escape
from pathlib import Path
from typing import Any

from prover.audit.replay import AuditReport
from prover.files import write_atomically

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:88rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .6rem;"
    "text-align:left;overflow-wrap:break-word}.good{color:#06632b}.bad{color:#a3000b}"
)


def to_dict(report: AuditReport) -> dict[str, Any]:
    """For --json; `mismatches` is their number, `problems` says what they are."""
    found = report.findings
    return {
        "chainId": report.chain_id,
        "market": report.market,
        "lastBlock": report.last,
        "events": found.events,
        "transactions": found.transactions,
        "jobs": _states(report),
        "deliveries": found.deliveries,
        "proofs_reverified": found.proofs_reverified,
        "proofs_not_reverifiable": found.proofs_not_reverifiable,
        "mismatches": len(found.mismatches),
        "problems": [{"where": one.where, "what": one.what} for one in found.mismatches],
        "ledgers": [dict(vars(ledger)) for ledger in found.ledgers],
    }


def lines(report: AuditReport) -> list[str]:
    """In words."""
    found = report.findings
    told = [
        f"replayed {found.events} events of {found.transactions} transactions up to block "
        f"{report.last}: {len(report.world.prediction.jobs)} jobs",
        f"re-verified {found.proofs_reverified} of {found.deliveries} accepted proofs off-chain",
    ]
    if found.proofs_not_reverifiable:
        told.append(
            f"{found.proofs_not_reverifiable} proofs are of circuits without artifacts on this "
            "machine: checked by the contract's verifier only"
        )
    told += [f"MISMATCH {one.where}: {one.what}" for one in found.mismatches]
    told.append(f"{len(found.mismatches)} mismatches")
    return told


def write_html(report: AuditReport, path: Path) -> None:
    """One self-contained page, whole or not at all."""
    write_atomically(path.absolute(), html(report).encode())


def html(report: AuditReport) -> str:
    """The page. Everything that comes from the chain is escaped."""
    found = report.findings
    kind, verdict = ("bad", "mismatches found") if found.mismatches else ("good", "no mismatch")
    shown = to_dict(report).items()
    facts = [(name, value) for name, value in shown if isinstance(value, int | str)]
    problems = [(one.where, one.what) for one in found.mismatches]
    ledgers = [tuple(vars(ledger).values()) for ledger in found.ledgers]
    jobs = [
        ("0x" + job_id.hex(), record.state.name.lower(), record.job.terms.reward, record.payee)
        for job_id, record in report.world.prediction.jobs.items()
    ]
    return "".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8><title>zkescrow audit</title>",
            f"<style>{_STYLE}</style><h1>Audit of PredictionMarket</h1>",
            f"<p class={kind}><strong>{verdict}</strong></p>",
            _table(("fact", "value"), facts),
            "<h2>Mismatches</h2>" + _table(("where", "what"), problems) if problems else "",
            "<h2>Money</h2>",
            "<p>In wei or token units; the zero address is ETH.</p>",
            _table(("currency", "escrowed", "credited", "surplus"), ledgers),
            "<h2>Jobs</h2>",
            _table(("job", "state", "reward", "payee"), jobs),
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


def _states(report: AuditReport) -> dict[str, int]:
    counts: dict[str, int] = {}
    for record in report.world.prediction.jobs.values():
        name = record.state.name.lower()
        counts[name] = counts.get(name, 0) + 1
    return counts
