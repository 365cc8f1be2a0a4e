"""`zkescrow doctor`: what this machine lacks, and the fix."""

import importlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from prover.base.errors import ZkescrowError
from prover.base.units import GIB
from prover.cli.common.options import Rpc
from prover.cli.common.output import command, new_app, show

app = new_app()
APPS = {"doctor": app}
NEEDED_DISK_GIB = 2
NEEDED_MEMORY_GIB = 4
NODE_MAJOR = 20
PYTHON = (3, 11)
_PACKAGES = ("ezkl", "web3", "onnxruntime", "py-solc-x", "sqlalchemy")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `required` False means that some commands work without it."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    required: bool = True


@command(app)
def doctor(rpc: Rpc = None) -> None:
    """Look at everything that the commands need. Exit status 1 if something needed is missing."""
    findings = [check() for check in (_zkescrow, _python, _packages, _solc, _anvil)]
    findings += [_node()] if _in_checkout() else []
    findings += [_engine(), _home(), _disk(), _memory(), _srs(), _account(), *_chain(rpc)]
    lines = []
    for one in findings:
        mark = "ok     " if one.ok else ("MISSING" if one.required else "absent ")
        fix = f": {one.fix}" if not one.ok else ""
        lines.append(f"{mark} {one.name}: {one.found}{fix}")
    healthy = all(one.ok for one in findings if one.required)
    show({"ok": healthy, "findings": [asdict(one) for one in findings]}, *lines)
    if not healthy:
        raise typer.Exit(1)


def _in_checkout() -> bool:
    from prover.base.settings import get_settings

    return get_settings().project is not None


def _fix(in_checkout: str, installed: str) -> str:
    """What to do in a checkout, or where the package is installed by itself."""
    return in_checkout if _in_checkout() else installed


def _zkescrow() -> Finding:
    return Finding("zkescrow", True, importlib.metadata.version("zkescrow"))


def _python() -> Finding:
    fix = f"{'.'.join(map(str, PYTHON))} or later is needed: install it (docs/INSTALL.md)"
    return Finding("Python", sys.version_info[:2] >= PYTHON, platform.python_version(), fix)


def _packages() -> Finding:
    try:
        found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    except importlib.metadata.PackageNotFoundError as error:
        fix = _fix("run scripts/setup", "install zkescrow again, with its dependencies")
        return Finding("Python packages", False, f"{error.name} is missing", fix)
    return Finding("Python packages", True, found)


def _node() -> Finding:
    version = _version(["node", "--version"])
    major = version.lstrip("v").split(".")[0]
    good = major.isdigit() and int(major) >= NODE_MAJOR
    fix = f"install Node.js {NODE_MAJOR} or later; solc runs on it"
    return Finding("Node.js", good, version or "not on PATH", fix)


def _solc() -> Finding:
    """Outside a checkout the first command that compiles downloads it, where there is a build."""
    from prover.solidity import compiler

    def find() -> str:
        return str(compiler.find_compiler())

    name = f"solc {compiler.SOLC_VERSION}"
    return _guarded(name, find, required=_in_checkout() or not compiler.is_downloadable())


def _engine() -> Finding:
    """The Rust engine of native circuits: without it all else works."""
    try:
        importlib.import_module("zkescrow_native")
    except ImportError as error:
        what = _fix(
            "install cargo (https://rustup.rs), run scripts/setup",
            "install the wheel of zkescrow_native (docs/INSTALL.md)",
        )
        fix = f"needed for native circuits only: {what}"
        return Finding("native engine", False, str(error), fix, required=False)
    return Finding("native engine", True, "installed")


def _anvil() -> Finding:
    """For local nodes; who works on another's chain needs none."""
    from prover.chain.node.anvil import find_anvil

    return _guarded("anvil", lambda: str(find_anvil()), required=_in_checkout())


def _disk() -> Finding:
    from prover.base.settings import get_settings

    settings = get_settings()
    free = min(shutil.disk_usage(_existing(path)).free for path in (settings.home, settings.cache))
    fix = f"{NEEDED_DISK_GIB} GiB are needed: make room or set ZKESCROW_HOME and ZKESCROW_CACHE"
    return Finding("disk", free >= NEEDED_DISK_GIB * GIB, f"{free / GIB:.1f} GiB free", fix)


def _home() -> Finding:
    """Folders that are not there yet are made, where the first one that is can be written to."""
    from prover.base.settings import get_settings

    settings = get_settings()
    wrong = [
        str(path)
        for path in (settings.home, settings.cache)
        if not os.access(_existing(path), os.W_OK | os.X_OK) or not _existing(path).is_dir()
    ]
    fix = f"{', '.join(wrong)} cannot be written: set ZKESCROW_HOME and ZKESCROW_CACHE elsewhere"
    return Finding("home and cache", not wrong, f"{settings.home}, {settings.cache}", fix)


def _memory() -> Finding:
    import psutil

    free = psutil.virtual_memory().available
    fix = f"{NEEDED_MEMORY_GIB} GiB are needed to prove small models"
    good = free >= NEEDED_MEMORY_GIB * GIB
    return Finding("memory", good, f"{free / GIB:.1f} GiB free, {os.cpu_count()} cores", fix)


def _srs() -> Finding:
    """The development set-up is made where it is needed; a ceremony's must be got."""
    from prover.systems.srs import stored_set_ups

    kept = [f"{one.name} for 2^{one.logrows} rows" for one in stored_set_ups()]
    fix = "needed outside chain 31337 only: zkescrow srs fetch --logrows 17, or srs import FILE"
    found = ", ".join(kept) or "none"
    return Finding("set-ups of ceremonies", bool(kept), found, fix, required=False)


def _account() -> Finding:
    from prover.base.settings import get_settings

    settings = get_settings()
    given = settings.private_key is not None or settings.keystore is not None
    found = "configured" if given else "none"
    fix = "--account works on chain 31337; elsewhere set ZKESCROW_KEYSTORE"
    return Finding("account", given, found, fix, required=False)


def _chain(rpc: str | None) -> list[Finding]:
    """The node and the contracts; a node that nobody named is not missing: it can be started."""
    from prover.base.settings import get_settings
    from prover.chain import deployments
    from prover.cli.common.options import connected

    try:
        client = connected(rpc)
    except ZkescrowError as error:
        named = rpc is not None or "rpc_url" in get_settings().model_fields_set
        return [Finding("node", False, "none", str(error), required=named)]
    found = [Finding("node", True, f"chain {client.chain_id}")]
    try:
        predictions = deployments.load(client).prediction
    except ZkescrowError as error:
        return [*found, Finding("contracts", False, "none", str(error), required=False)]
    return [*found, Finding("contracts", True, f"PredictionMarket at {predictions}")]


def _guarded(name: str, find: Callable[[], str], required: bool) -> Finding:
    try:
        return Finding(name, True, find())
    except (ZkescrowError, OSError) as error:
        return Finding(name, False, "not found", str(error), required)


def _version(program: list[str]) -> str:
    from prover.base.redaction import child_environment

    try:
        done = subprocess.run(
            program,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env=child_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
