"""CI leaves nothing out unnoticed: neither a skipped test nor an engine that is not built."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.forked import leave

ROOT = Path(__file__).parents[2]
SKIPPED = """
import pytest
{header}
def test_one():
    pytest.skip("not here")
"""


def run_pytest(directory: Path, source: str, ci: str) -> pytest.ExitCode:
    """The exit status of a test file under this project's hooks.

    In a process that is forked from this one, which has loaded all that the hooks load.
    """
    (directory / "test_it.py").write_text(source)
    command = ["-q", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir"]
    child = os.fork()
    if child == 0:
        with (directory / "output").open("wb") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        for name in [one for one in os.environ if one.startswith("PYTEST_")]:
            del os.environ[name]
        os.environ["CI"] = ci
        os.chdir(directory)
        leave(lambda: pytest.main([*command, str(directory), str(directory / "test_it.py")]))
    _, status = os.waitpid(child, 0)
    return pytest.ExitCode(os.waitstatus_to_exitcode(status))


@pytest.mark.parametrize(
    ("header", "ci", "status"),
    [
        ("", "true", pytest.ExitCode.TESTS_FAILED),
        ("", "", pytest.ExitCode.OK),
        ("@pytest.mark.ceremony", "true", pytest.ExitCode.OK),
    ],
)
def test_a_skip_is_a_failure_in_ci_only(
    tmp_path: Path, header: str, ci: str, status: pytest.ExitCode
) -> None:
    assert run_pytest(tmp_path, SKIPPED.format(header=header), ci) == status


def test_a_skipped_module_is_a_failure_in_ci(tmp_path: Path) -> None:
    source = "import pytest\npytest.importorskip('there_is_none_of_this_name')\n"
    assert run_pytest(tmp_path, source, "true") == pytest.ExitCode.INTERRUPTED
    assert run_pytest(tmp_path, source, "") == pytest.ExitCode.NO_TESTS_COLLECTED


def native(checkout: Path, ci: str, **tools: str) -> subprocess.CompletedProcess[str]:
    """scripts/native of a checkout whose only tools are the given scripts and the system's."""
    programs = checkout / "bin"
    programs.mkdir(parents=True)
    for name, script in tools.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    for name in (
        "bash",
        "dirname",
        "grep",
        "find",
        "sort",
        "xargs",
        "sha256sum",
        "cut",
        "cat",
        "rm",
    ):
        found = shutil.which(name)
        assert found is not None
        if name in tools:
            continue
        (programs / name).symlink_to(found)
    (checkout / "scripts").mkdir()
    debian = f"debian={checkout}/debian"  # what this machine has there is not asked
    script = (ROOT / "scripts/native").read_text().replace("debian=/usr/bin", debian)
    program(checkout / "scripts/native", script.removeprefix("#!/usr/bin/env bash\n"), "bash")
    return subprocess.run(
        [checkout / "scripts/native"], env={"PATH": str(programs), "CI": ci},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def built(checkout: Path) -> None:
    """A checkout with sources and a .venv whose programs do what the test says."""
    (checkout / "native/src").mkdir(parents=True)
    for name in ("Cargo.toml", "Cargo.lock", "pyproject.toml", "zkescrow_native.pyi"):
        (checkout / "native" / name).write_text("")
    (checkout / ".venv/bin").mkdir(parents=True)
    (checkout / ".venv/.stamp").write_text("")


def program(path: Path, script: str, shell: str = "sh") -> None:
    path.write_text(f"#!/bin/{shell}\n{script}\n")
    path.chmod(0o755)


def test_without_cargo_the_engine_is_left_out_but_not_in_ci(tmp_path: Path) -> None:
    here = native(tmp_path / "here", "")
    assert (here.returncode, "left out" in here.stdout) == (0, True)
    there = native(tmp_path / "there", "true")
    assert (there.returncode, "cargo is missing" in there.stderr) == (1, True)


@pytest.mark.parametrize("fault", ["cannot be built", "cannot be loaded"])
def test_an_engine_that_does_not_build_or_load_fails_in_ci(tmp_path: Path, fault: str) -> None:
    if "adx" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("this processor has no ADX, and that is said first")
    for ci, status in (("", 0), ("true", 1)):
        checkout = tmp_path / (ci or "here")
        built(checkout)
        program(checkout / ".venv/bin/maturin", "exit 1" if "built" in fault else "exit 0")
        program(checkout / ".venv/bin/uv", "exit 0")
        program(checkout / ".venv/bin/python", "exit 1")
        done = native(checkout, ci, cargo="exit 0")
        said = done.stderr if ci else done.stdout
        assert done.returncode == status
        assert "could not be built" in said if "built" in fault else "cannot load it" in said
        assert not (checkout / ".venv/.native-stamp").exists()


@pytest.mark.parametrize("lacking", ["adx", "bmi2"])
def test_a_processor_that_the_engine_cannot_run_on_fails_in_ci(
    tmp_path: Path, lacking: str
) -> None:
    for ci, status in (("", 0), ("true", 1)):
        lacks = f'[ "$2" != {lacking} ]'
        done = native(tmp_path / (ci or "here"), ci, cargo="exit 0", grep=lacks)
        assert done.returncode == status
        assert "this processor lacks ADX or BMI2" in (done.stderr if ci else done.stdout)


RUST = "rustc-web cargo-web rustfmt-web rust-web-clippy"


def without_cargo(checkout: Path, user: int, works: bool = True) -> tuple[str, list[str]]:
    """What scripts/native says in CI, and what it asks of a package manager that brings cargo."""
    built(checkout)
    program(checkout / ".venv/bin/maturin", "exit 1")
    brings = f"ln -s id {checkout}/bin/cargo" if works else "exit 100"
    packages = f'echo "$@" >>{checkout}/asked; [ "$1" = update ] || {brings}'
    done = native(checkout, "true", **{"id": f"echo {user}", "apt-get": packages, "ln": LN})
    assert done.returncode == 1
    asked = checkout / "asked"
    return done.stderr, asked.read_text().splitlines() if asked.exists() else []


LN = f'exec {shutil.which("ln")} "$@"'


def test_root_gets_debians_rust(tmp_path: Path) -> None:
    if "adx" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("this processor has no ADX, and that is said first")
    said, asked = without_cargo(tmp_path, 0)
    assert [line.split()[0] for line in asked] == ["update", "install"]
    assert asked[1].endswith(RUST)
    assert "could not be built" in said  # so it went on


def test_where_debians_rust_cannot_be_installed_it_is_said(tmp_path: Path) -> None:
    said, asked = without_cargo(tmp_path, 0, works=False)
    assert len(asked) == 2
    assert "apt-get could not install it" in said
    assert "cargo is missing" in said


def test_other_users_are_told_how_to_get_rust(tmp_path: Path) -> None:
    said, asked = without_cargo(tmp_path, 1000)
    assert asked == []
    assert f"apt-get install {RUST}" in said
    assert "https://rustup.rs" in said


SHIM = "echo 'error: no toolchain is installed' >&2; echo 'help: install one' >&2; exit 1"


def test_a_cargo_that_does_not_run_is_not_called_missing(tmp_path: Path) -> None:
    done = native(tmp_path, "true", cargo=SHIM)
    assert done.returncode == 1
    assert f"{tmp_path}/bin/cargo does not run (help: install one): repair it" in done.stderr
    assert "missing" not in done.stderr


@pytest.mark.parametrize("tools", [{}, {"cargo": SHIM}])
def test_debians_cargo_is_tried_before_anything_is_installed(
    tmp_path: Path, tools: dict[str, str]
) -> None:
    if "adx" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("this processor has no ADX, and that is said first")
    built(tmp_path)
    (tmp_path / "debian").mkdir()
    program(tmp_path / "debian/cargo", "exit 0")
    program(tmp_path / ".venv/bin/maturin", f"command -v cargo >{tmp_path}/used; exit 1")
    asked = f'echo "$@" >>{tmp_path}/asked'
    done = native(tmp_path, "true", **tools, **{"id": "echo 0", "apt-get": asked, "dpkg": "exit 1"})
    assert "could not be built" in done.stderr
    assert (tmp_path / "used").read_text() == f"{tmp_path}/debian/cargo\n"
    assert not (tmp_path / "asked").exists()


def test_packages_that_are_there_are_not_installed_again(tmp_path: Path) -> None:
    asked = f'echo "$@" >>{tmp_path}/asked'
    tools = {"cargo": SHIM, "id": "echo 0", "apt-get": asked}
    done = native(tmp_path / "there", "true", **tools, dpkg="exit 0")
    assert "does not run" in done.stderr
    assert not (tmp_path / "asked").exists()
    native(tmp_path / "not", "true", **tools, dpkg="exit 1")
    assert (tmp_path / "asked").read_text().split("\n")[1].endswith(RUST)


def test_ci_checks_and_tests(tmp_path: Path) -> None:
    for folder in ("scripts", ".ci"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    for name in ("check", "test"):
        program(tmp_path / "scripts" / name, f'echo "{name} $CI"')
    environment = {"PATH": str(os.environ["PATH"])}
    done = subprocess.run(
        [tmp_path / ".ci/run"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "check true\ntest true\n"


def test_deep_tests_run_only_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import pytest\n@pytest.mark.deep\ndef test_long():\n    assert False\n"
    assert run_pytest(tmp_path, source, "true") == pytest.ExitCode.NO_TESTS_COLLECTED
    monkeypatch.setenv("ZKESCROW_DEEP", "1")
    assert run_pytest(tmp_path, source, "true") == pytest.ExitCode.TESTS_FAILED
