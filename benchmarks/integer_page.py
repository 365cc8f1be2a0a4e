"""Writes the table of docs/INTEGER.md from benchmarks/results/integer_models.json.

Usage: python -m benchmarks.integer_page
"""

import re
from typing import Any

from benchmarks.networks import ROOT
from benchmarks.performance import read, table

PAGE = ROOT / "docs" / "INTEGER.md"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


def page() -> str:
    """The page with its table as the results give it."""
    block = f"<!-- begin agreement -->\n{agreement()}\n<!-- end agreement -->"
    marks = r"<!-- begin agreement -->\n.*<!-- end agreement -->"
    return re.sub(marks, lambda _: block, PAGE.read_text(), flags=re.DOTALL)


def agreement() -> str:
    """One line a model."""
    results = read("integer_models")
    header = (
        "model",
        "inputs",
        "same label",
        "same label, confident",
        "overlap of the top five",
        "mean score error",
        "s",
        "table rows",
    )
    rows = [_row(name, results[name]) for name in results if name != "machine"]
    return table(header, rows)


def _row(name: str, found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        name,
        found["inputs"],
        f"{found['top1_agreement']:.1%}",
        f"{found['top1_agreement_confident']:.1%} of {found['confident_inputs']}",
        f"{found['top5_overlap']:.1%}",
        f"{found['score_error_mean']} of {found['score_largest']}",
        found["tables"]["shift"],
        f"{found['tables']['entries']:,}",
    )


if __name__ == "__main__":
    main()
