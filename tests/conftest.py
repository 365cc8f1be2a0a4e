"""Circuits and proofs that many tests share. Keys are made once and cached by content."""

import gc
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import psutil
import pytest
from hypothesis import settings
from onnx import TensorProto, helper, numpy_helper

import prover
from prover.base.console import OUTPUT
from prover.base.files import locked
from prover.base.settings import get_settings
from prover.chain.sending.wallet import PEN
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item, salted
from prover.systems.ezkl.artifacts import Artifacts, list_artifacts
from prover.systems.ezkl.inputs import shape_of
from prover.systems.ezkl.planner.plan import Accuracy, Plan
from prover.systems.ezkl.prover import Witness
from prover.systems.ezkl.system import Ezkl, Planned
from prover.systems.onnx.onnx_file import ImportedModel, load
from prover.systems.proof import Proof
from prover.systems.srs import development_record
from tests import direct, estimates, forked, kept, printed

# Nothing here is a timed test: a busy machine must not fail one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

printed.watch()
kept.keep()
forked.fork()
estimates.keep()
direct.ask()

OPEN_FILES = 400  # a system may allow no more than 1,024
CEREMONY = "ceremony"  # marks the only tests that CI may skip: they need a file that is not ours


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that take long run with scripts/test --deep, and are no part of any other run."""
    if os.environ.get("ZKESCROW_DEEP"):
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    config.hook.pytest_deselected(items=deep)
    items[:] = [item for item in items if item not in deep]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it at each collection took a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)  # after a test's own changes of what follows are undone
def pytest_runtest_teardown() -> None:
    """What a command line asked for ends with its test.

    So seldom collected, databases and connections that nobody has any more are open for long.
    """
    OUTPUT.json = OUTPUT.debug = PEN.unsigned = False
    PEN.sender = None
    if psutil.Process().num_fds() > OPEN_FILES:
        gc.collect()


def pytest_configure(config: pytest.Config) -> None:
    """Where all processes of this run write down which commands they saw; kept if it was named."""
    if printed.SEEN not in os.environ and not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="zkescrow-seen-")
        os.environ[printed.SEEN] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A whole run has seen what every command prints."""
    if not _is_whole(session.config) or session.exitstatus != pytest.ExitCode.OK:
        return
    missing = printed.unseen(Path(os.environ[printed.SEEN]))
    if missing:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.get_terminal_writer().line(
            f"\nprinted by a command, seen by no test: {missing}"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests stand behind the one that runs forge's."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{name}: {value}")


def _is_whole(config: pytest.Config) -> bool:
    """Whether this process ends a run of all tests."""
    option = config.option
    part = (option.keyword, option.markexpr, option.deselect, option.ignore, option.collectonly)
    all_of_them = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(part)
    return all_of_them and not hasattr(config, "workerinput") and "ZKESCROW_DEEP" not in os.environ


def left_out_in_ci(skipped: bool, markers: Iterable[str]) -> bool:
    """Whether a test that did not run is a failure: in CI nothing is left out unnoticed."""
    return skipped and bool(os.environ.get("CI")) and CEREMONY not in markers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    expected = hasattr(report, "wasxfail")
    markers = [mark.name for mark in item.iter_markers()]
    if not expected and left_out_in_ci(report.skipped, markers):
        report.outcome, report.longrepr = "failed", f"left out in CI: {report.longreprtext}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if left_out_in_ci(report.skipped, ()):
        report.outcome, report.longrepr = "failed", f"left out in CI: {report.longreprtext}"
    return report


JOB = JobContext(31337, b"\x11" * 20, b"\x22" * 32, b"\x33" * 20, b"\x44" * 32)
ELEMENTS, CLASSES = 4, 3
SOURCES = ("systems/ezkl", "systems/onnx", "systems/srs", "statement", "solidity")

PLAIN = Plan(
    system="ezkl",
    items=1,
    input_mode="public",
    weights="fixed",
    input_scale=4,
    param_scale=4,
    decomp_base=256,
    decomp_legs=2,
    num_inner_cols=2,
    logrows=9,
    scale_rebase_multiplier=10,
    context_limbs=10,
    context_bits=15,
    salt_elements=0,
    salt_bits=0,
    input_min=-128,
    input_max=128,
    lookup_min=-2,
    lookup_max=2,
    exact=True,
    tolerance=0,
    output_scale=8,
    rows=0,
    accuracy=Accuracy(1.0, 0.0, 1, None, None),
)
SALTED = replace(PLAIN, input_mode="hashed", salt_elements=8, salt_bits=15, logrows=10)
PLANS = {
    "plain": PLAIN,
    "salted": SALTED,
    "batch": replace(SALTED, items=2, logrows=11),
    "hidden": replace(SALTED, items=2, weights="hashed", logrows=11),
    "open": replace(PLAIN, weights="hashed", logrows=10),
}


@dataclass(frozen=True)
class Proven:
    """A circuit with an honest proof of two (or one) items for JOB."""

    artifacts: Artifacts
    witness: Witness
    proof: Proof


def tiny_model(path: Path, seed: int = 0) -> ImportedModel:
    """Gemm and Relu from 4 values to 3 scores."""
    draw = np.random.default_rng(seed)
    weights = draw.uniform(-1, 1, (ELEMENTS, CLASSES)).astype(np.float32)
    bias = draw.uniform(0.1, 1, CLASSES).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "weights", "bias"], ["dense"], "dense"),
            helper.make_node("Relu", ["dense"], ["scores"], "relu"),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, ELEMENTS])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(made.SerializeToString(deterministic=True))
    onnx.checker.check_model(made)
    return load(path)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ImportedModel:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny.onnx")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user directory of this test's own; the cache (SRS, compiled contracts) is shared."""
    monkeypatch.setenv("ZKESCROW_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    yield tmp_path / "home"
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def proven(tiny: ImportedModel) -> Callable[[str], Proven]:
    """A proof by the plan's name, cached as long as the code and the model are the same."""
    made: dict[str, Proven] = {}

    def get(name: str) -> Proven:
        if name not in made:
            made[name] = _cached(tiny, PLANS[name])
        return made[name]

    return get


def _cached(model: ImportedModel, plan: Plan) -> Proven:
    reference = development_record(plan.logrows)
    content = f"{model.sha256} {plan} {reference} {_sources()}"
    key = hashlib.sha256(content.encode()).hexdigest()[:32]
    directory = get_settings().cache / "tests" / key
    with locked(directory.with_suffix(".lock")), _home_at(directory):
        found = list_artifacts()
        artifacts = found[0] if found else Ezkl().setup(Planned(model, plan))
        return _prove(artifacts, directory / "proof.json")


@cache
def _sources() -> str:
    """The code that artifacts and proofs are made by."""
    folders = [Path(prover.__file__).parent / room for room in SOURCES]
    files = sorted(file for folder in folders for file in folder.rglob("*.py"))
    return "".join(file.read_text() for file in files)


@contextmanager
def _home_at(directory: Path) -> Iterator[None]:
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZKESCROW_HOME", str(directory))
            get_settings.cache_clear()
            yield
    finally:
        get_settings.cache_clear()


def _prove(artifacts: Artifacts, cached: Path) -> Proven:
    if cached.exists():
        content = json.loads(cached.read_text())
        items = [Item(tuple(values), tuple(salt)) for values, salt in content["items"]]
        witness = Ezkl().witness(artifacts, items, JOB)
        return Proven(artifacts, witness, Proof.from_dict(content))
    items = sample_items(artifacts)
    witness = Ezkl().witness(artifacts, items, JOB)
    proof = Ezkl().prove(artifacts, witness)
    rows = [[item.values, item.salt] for item in items]
    cached.write_text(json.dumps(proof.to_dict() | {"items": rows}))
    return Proven(artifacts, witness, proof)


def sample_items(artifacts: Artifacts) -> list[Item]:
    """As many items as the circuit takes, each different."""
    shape = shape_of(artifacts.manifest)
    return [salted(range(-5 + slot, -1 + slot), shape) for slot in range(shape.slots)]
