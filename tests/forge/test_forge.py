"""What forge tests, in tests/forge: invariants, fuzzing, gas. All of it as one test of pytest.

So it runs beside the others: the compiler, with which it begins, has work for one core only.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from prover.base.files import locked

ROOT = Path(__file__).parents[2]
FORGE_TESTS = 74  # fewer, and some were not found


def test_everything_that_forge_tests_holds(record_property: Callable[[str, object], None]) -> None:
    with locked(ROOT / "cache" / "build.lock"):  # scripts/snapshot.py uses the build, too
        done = subprocess.run(
            ["forge", "test"], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    found = re.search(r"(\d+) tests passed, 0 failed, 0 skipped", done.stdout)
    assert found is not None, done.stdout[-2_000:]
    assert int(found[1]) >= FORGE_TESTS
    record_property("forge", found[0])
