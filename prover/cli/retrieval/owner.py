"""What to say of an owner's commitment and acceptance, for --json and as text."""

from pathlib import Path
from typing import Any

from prover.base.text import counted, shown
from prover.chain.sending import handing
from prover.cli.retrieval.job import Found
from prover.clients.common.seeds import SeedFile
from prover.clients.retrieval.owner import Quote
from prover.clients.retrieval.secrets import Committed
from prover.clients.retrieval.status import amount


def describe_commitment(
    committed: Committed, data: Path, kept: SeedFile
) -> tuple[dict[str, Any], list[str]]:
    """A committed dataset."""
    dataset = committed.dataset
    facts = {
        "dataset": "0x" + dataset.id.hex(),
        "owner": dataset.owner,
        "records": dataset.count,
        "records_root": "0x" + dataset.root.hex(),
        "data_hash": "0x" + dataset.data_hash.hex(),
        "given": str(committed.file),
        "uri": shown(dataset.uri),
        "seed": str(kept.path),
        "committed_at": dataset.committed_at,
        "gas": committed.gas,
    }
    how = f"{committed.gas} gas" if committed.gas else f"it was, since {dataset.committed_at}"
    lines = [
        f"dataset 0x{dataset.id.hex()} is committed: {dataset.count} records, {how}",
        f"public {how_to_get(committed.file, dataset.uri)}; nothing in it can be read without keys",
        kept.warning,
        f"keep {data} too, unchanged: records are proven from data and seed",
    ]
    return facts, lines


def how_to_get(file: Path, uri: bytes | str) -> str:
    """How requesters come by a public file, as text."""
    return handing.how(file, shown(uri), "requesters", "--file")


def _consent(seen: Quote, count: int) -> str:
    """What must be said besides, where more than half of the records match."""
    many = len(seen.matches)
    return f", with --max-matches {many}: more than half match" if 2 * many > count else ""


def describe_acceptance(
    found: Found, seen: Quote, payee: str, gas: int | None
) -> tuple[dict[str, Any], list[str]]:
    """An accepted request; one that was only looked at if `gas` is None."""
    record, terms = found.record, found.record.job.terms
    facts = {
        "job": found.name,
        "state": "open" if gas is None else "proving",
        "records": record.count,
        "expected_matches": len(seen.matches),
        "expected_matching_records": list(seen.matches),
        "earns": record.escrow,
        "stake": terms.stake,
        "currency": terms.currency,
        "payee": payee,
        "expected_proofs": seen.proofs,
        "expected_proof_seconds": round(seen.proof_seconds, 3),
        "gas": gas,
    }
    lines = [
        f"{len(seen.matches)} of {record.count} records match: these, and only these, everybody "
        "will be able to read",
        f"{counted(seen.proofs, 'proof')} of {seen.proof_seconds:.1f} s earn "
        f"{amount(terms, record.escrow)}, if all is proven within {terms.prove_seconds} s; else "
        f"the stake, {amount(terms, terms.stake)}, is lost",
        f"nothing was staked; without --preview it is{_consent(seen, record.count)}"
        if gas is None
        else f"accepted {found.name} for {payee}: {gas} gas; next: zkescrow retrieval prove",
    ]
    return facts, lines
