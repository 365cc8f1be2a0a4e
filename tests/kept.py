"""What ezkl made of the same files and numbers once, it does not make again in tests.

Keys, witnesses, proofs and verifiers' sources are kept by the content of all that goes into them:
the task, its code, its arguments and the files that they name. Real ones, made by the product's
own call the first time that any test asks, in this run or an earlier one on this machine. What
verifies a proof is never kept. The tests of the proof systems themselves do not use this: they
would not see that keys made twice are equal.
"""

import hashlib
import inspect
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prover.base.files import locked, publish
from prover.base.settings import get_settings
from prover.statement import field
from prover.systems import child, worker
from prover.systems.ezkl import circuit, engine, planning, prover, rules
from prover.systems.worker import Limits, Progress

TASKS = {
    f"{engine.__name__}:{name}"
    for name in (
        *("gen_settings", "table", "compile_circuit", "setup", "verifier_source"),
        *("witnesses", "compile_and_evaluate", "prove"),
    )
}
CALLERS = (circuit, planning, prover)
LEAST = Limits(seconds=300.0, memory_bytes=1 << 30)  # less is asked by tests of the limits
DAYS = 14  # that nobody asks for something until it is deleted
Run = Callable[..., dict[str, Any]]
_ON = [True]


def keep() -> None:
    """From now on, in this process and those forked from it."""
    folder = get_settings().cache / "tests" / "tasks"
    get_settings.cache_clear()  # whoever is forked from this has settings of his own
    _sweep(folder)
    kept = _reusing(worker.run, folder)
    for module in CALLERS:
        assert module.run is worker.run
        module.run = kept  # type: ignore[attr-defined]


@contextmanager
def anew() -> Iterator[None]:
    """Everything that is made inside is made by ezkl."""
    _ON.append(False)
    yield
    _ON.pop()


def _reusing(run: Run, folder: Path) -> Run:
    def asked(
        task: str,
        arguments: Mapping[str, Any],
        limits: Limits | None = None,
        *,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        if not _ON[-1] or task not in TASKS or not _is_ample(limits):
            return run(task, arguments, limits, progress=progress)
        paths = sorted(set(_paths(arguments.values())))
        before = {path: _digest_of(Path(path)) for path in paths}
        entry = folder / _key(task, arguments, before)
        folder.mkdir(parents=True, exist_ok=True)
        with locked(entry.with_suffix(".lock")):
            if not entry.exists():
                stages: list[str] = []

                def report(stage: str) -> None:
                    stages.append(stage)
                    if progress is not None:
                        progress(stage)

                answer = run(task, arguments, limits, progress=report)
                written = [path for path in paths if _digest_of(Path(path)) != before[path]]
                _keep(entry, answer, stages, {path: paths.index(path) for path in written})
                return answer
            return _again(entry, paths, progress)

    return asked


def _is_ample(limits: Limits | None) -> bool:
    return limits is None or (
        limits.seconds >= LEAST.seconds and limits.memory_bytes >= LEAST.memory_bytes
    )


def _paths(values: Iterable[Any]) -> Iterator[str]:
    """What a task reads or writes; none names a folder."""
    for value in values:
        if isinstance(value, str) and value.startswith("/"):
            yield value


def _key(task: str, arguments: Mapping[str, Any], before: Mapping[str, str | None]) -> str:
    content = {
        name: ["file", before[value]] if isinstance(value, str) and value in before else value
        for name, value in arguments.items()
    }
    # Two arguments that name one file are told from two equal files.
    same = [sorted(before).index(value) for value in _paths(arguments.values())]
    whole = json.dumps([task, content, same, _code()], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """Of the tasks, with what they call, and of this module."""
    sources = [inspect.getsource(module) for module in (engine, rules, field, child)]
    return f"{version('ezkl')} {''.join(sources)} {Path(__file__).read_text()}"


def _digest_of(path: Path) -> str | None:
    """Of a file; None if it is not there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return _digest(path, status.st_ino, status.st_size, status.st_mtime_ns)


@cache
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(
    entry: Path, answer: Mapping[str, Any], stages: list[str], written: Mapping[str, int]
) -> None:
    made = entry.with_suffix(f".{os.getpid()}")
    made.mkdir()
    for path, at in written.items():
        shutil.copyfile(path, made / str(at))
    told = {"answer": answer, "stages": stages, "files": sorted(written.values())}
    (made / "told.json").write_text(json.dumps(told))
    publish(made, entry)


def _again(entry: Path, paths: list[str], progress: Progress | None) -> dict[str, Any]:
    os.utime(entry)
    told = json.loads((entry / "told.json").read_text())
    if progress is not None:
        for stage in told["stages"]:
            progress(stage)
    for at in told["files"]:
        shutil.copyfile(entry / str(at), paths[at])
    answer: dict[str, Any] = told["answer"]
    return answer


def _sweep(folder: Path) -> None:
    """Delete what was not asked for lately."""
    for entry in folder.iterdir() if folder.exists() else ():
        if entry.is_dir() and entry.stat().st_mtime < time.time() - DAYS * 86400:
            shutil.rmtree(entry, ignore_errors=True)
