"""Writes what docs/SPEC.md and docs/SECURITY.md show of the code and of the snapshots.

    python scripts/tables.py

That is tables and diagrams of states and the limits, from prover/protocol, and the scores of
mutants, from snapshots/. tests/unit/test_docs.py compares them.
"""

import json
import re
from pathlib import Path

from prover.protocol import limits, table
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "docs/SPEC.md", ROOT / "docs/SECURITY.md")
PROTOCOLS = {
    "prediction": prediction,
    "serving": serving,
    "accuracy": accuracy,
    "retrieval": retrieval,
}


def blocks() -> dict[str, str]:
    """Name of a block -> what stands between its marks."""
    tables = {f"{name} table": table.markdown(one.TABLE) for name, one in PROTOCOLS.items()}
    tables["limits table"] = limits.markdown()
    tables["mutants"] = mutants()
    return tables | {
        f"{name} diagram": table.mermaid(one.TABLE, one.VOID) for name, one in PROTOCOLS.items()
    }


def mutants() -> str:
    """How many mutants were possible, tried and noticed, by contract, and of Python as a whole."""
    scores = json.loads((ROOT / "snapshots/mutants.json").read_text())
    rows = [(name, one["possible"], one["tried"], one["killed"]) for name, one in scores.items()]
    total = tuple(sum(row[at] for row in rows) for at in (1, 2, 3))
    python = json.loads((ROOT / "snapshots/python_mutants.json").read_text())
    modules = ("Python modules", python["places"], python["tried"], python["killed"])
    lines = ["| code | possible mutants | tried, at random | noticed |", "|---|---|---|---|"]
    for name, *counts in (*rows, ("all core contracts", *total), modules):
        lines.append(f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |")
    return "\n".join(lines)


def rendered(text: str) -> str:
    """A document with its blocks as they must be."""
    for name, block in blocks().items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        text = re.sub(f"{begin}.*?{end}", f"{begin}{block}\n{end}", text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(rendered(document.read_text()))
