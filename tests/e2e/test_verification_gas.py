"""What the generated verifiers take, against snapshots/verification.json."""

import json
from collections.abc import Iterator

import pytest

from benchmarks import verification
from benchmarks.circuits import use_own_home
from benchmarks.performance import read
from prover.base.settings import get_settings

RISE = 0.02
QUICK = ("digits, 1 public", "breast cancer, 1 public")  # the others take minutes to set up


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The benchmarks' own, where the circuits stay from one run to the next."""
    for name in ("ZKESCROW_HOME", "ZKESCROW_DEPLOYMENTS"):
        monkeypatch.setenv(name, "")  # put back afterwards
    use_own_home()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def committed() -> dict[str, int]:
    values: dict[str, int] = json.loads(verification.SNAPSHOT.read_text())
    return values


def test_verification_did_not_rise(home: None) -> None:
    measured = verification.measured(QUICK)
    for name, gas in measured.items():
        assert gas <= committed()[name] * (1 + RISE), name


def test_every_circuit_has_its_snapshot() -> None:
    assert list(committed()) == list(verification.CIRCUITS)


def test_real_proofs_take_what_the_samples_take() -> None:
    runs = {f"{run['batch']} {run['input_mode']}": run for run in read("batching_runs")["runs"]}
    for name, gas in committed().items():
        model, _, kind = name.partition(", ")
        if model == "digits":
            assert runs[kind]["verify_gas"] == pytest.approx(gas, rel=RISE), name
