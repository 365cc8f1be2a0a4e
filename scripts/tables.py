"""Writes tables and diagrams of states, and the limits, in docs/SPEC.md from prover/protocol.

    python scripts/tables.py

tests/unit/test_docs.py compares them.
"""

import re
from pathlib import Path

from prover.protocol import limits, table
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving

SPEC = Path(__file__).parents[1] / "docs/SPEC.md"
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
    return tables | {
        f"{name} diagram": table.mermaid(one.TABLE, one.VOID) for name, one in PROTOCOLS.items()
    }


def rendered(text: str) -> str:
    """A document with its blocks as they must be."""
    for name, block in blocks().items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        text = re.sub(f"{begin}.*?{end}", f"{begin}{block}\n{end}", text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    SPEC.write_text(rendered(SPEC.read_text()))
