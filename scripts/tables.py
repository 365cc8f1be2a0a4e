"""Writes what documents show of the code, and the JSON Schema of what commands print.

    python scripts/tables.py

Tables and diagrams of states, and the limits, in docs/SPEC.md come from prover/protocol; the scores
of mutants in docs/SECURITY.md from snapshots;
docs/JSON.md and prover/cli/schema/schema.json from the models of prover/cli/schema.
tests/unit/test_docs.py and tests/unit/cli/test_schema.py compare them.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from prover.cli.schema import commands, markdown
from prover.protocol import limits, table
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.systems.native.circuit import columns

ROOT = Path(__file__).parents[1]
DOCUMENTS = tuple(ROOT / f"docs/{name}.md" for name in ("SPEC", "SECURITY", "JSON", "NATIVE"))
SCHEMA = ROOT / "prover/cli/schema/schema.json"
PROTOCOLS = {
    "prediction": prediction,
    "serving": serving,
    "accuracy": accuracy,
    "retrieval": retrieval,
}


def blocks() -> dict[str, str]:
    """Name of a block -> what stands between its marks."""
    schema = commands.schema()
    tables = {f"{name} table": table.markdown(one.TABLE) for name, one in PROTOCOLS.items()}
    tables |= {
        f"{name} diagram": table.mermaid(one.TABLE, one.VOID) for name, one in PROTOCOLS.items()
    }
    return tables | {
        "limits table": limits.markdown(),
        "mutants": mutants(),
        "native columns": columns.markdown(),
        "json commands": markdown.commands(schema),
        "json values": markdown.values(schema),
        "json objects": markdown.objects(schema),
    }


def mutants() -> str:
    """What became of the mutants that were tried, by contract, and of Python as a whole."""
    scores = json.loads((ROOT / "snapshots/mutants.json").read_text())
    rows = [(name, *counts_of(score)) for name, score in scores.items()]
    total = tuple(sum(row[at] for row in rows) for at in (1, 2, 3, 4))
    python = json.loads((ROOT / "snapshots/python_mutants.json").read_text())
    modules = [f"{python[key]:,}" for key in ("places", "tried", "killed")]
    lines = [
        "| code | possible mutants | tried, at random | noticed | took too long |",
        "|---|---|---|---|---|",
    ]
    for name, *counts in (*rows, ("all core contracts", *total)):
        lines.append(f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |")
    return "\n".join([*lines, f"| Python modules | {' | '.join(modules)} | among the noticed |"])


def counts_of(score: Mapping[str, int]) -> tuple[int, int, int, int]:
    return score["possible"], score["tried"], score["killed"], score.get("timed_out", 0)


def rendered(text: str) -> str:
    """A document with its blocks as they must be."""
    for name, block in blocks().items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        text = re.sub(
            f"{begin}.*?{end}",
            lambda _, whole=f"{begin}{block}\n{end}": whole,
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(rendered(document.read_text()))
    SCHEMA.write_text(json.dumps(commands.schema(), indent=1) + "\n")
