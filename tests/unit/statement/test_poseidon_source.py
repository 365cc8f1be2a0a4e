"""Poseidon.sol is what scripts/poseidon.py renders."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "scripts" / "poseidon.py"


def test_the_contract_is_rendered_from_the_constants() -> None:
    script = runpy.run_path(str(SCRIPT))
    assert script["TARGET"].read_text() == script["rendered"](), "run python scripts/poseidon.py"
    assert script["RUST"].read_text() == script["rendered_rust"](), "run python scripts/poseidon.py"
