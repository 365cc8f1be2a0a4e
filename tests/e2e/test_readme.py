"""The quick start of README.md, line by line, as a new user would type it, and the walkthroughs."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from prover.chain.node import anvil as node
from prover.cli.app import app
from tests.e2e.conftest import ROOT, ZKESCROW, Cli, running_node


def blocks(document: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def typed(block: str) -> list[str]:
    """The commands of a block; one that goes on after a backslash is one."""
    lines = re.sub(r" *\\\n *", " ", block).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


QUICK_START = blocks("README.md")
WALKS = blocks("docs/WALKTHROUGHS.md")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "ZKESCROW_HOME": str(tmp_path / "home"),
        "ZKESCROW_DEPLOYMENTS": str(tmp_path / "deployments"),
        "ZKESCROW_RPC_URL": f"http://127.0.0.1:{node.free_port()}",
        "PATH": f"{Path(ZKESCROW).parent}:{os.environ['PATH']}",
    }


def test_the_quick_start_of_the_readme_works(environment: dict[str, str], tmp_path: Path) -> None:
    """The first block sets up and starts the node; the second is run here, in a fresh chain."""
    first, second = QUICK_START
    assert [line.split("#")[0].split()[:2] for line in typed(first)[1:]] == [
        ["zkescrow", "doctor"],
        ["zkescrow", "node"],
    ]
    port = int(environment["ZKESCROW_RPC_URL"].rsplit(":", 1)[1])
    with running_node(Cli(environment), port):
        said = [run(line, environment, tmp_path) for line in typed(second)]
    assert "plans not chosen: costs more" in said[1]
    assert "proven label" in said[-2]
    assert (tmp_path / "report.html").exists()


def test_there_is_a_walk_through_each_of_the_other_protocols() -> None:
    """Each is made of commands alone, and of none that the walk does not show."""
    assert len(WALKS) == 3
    for protocol, walk in zip(("serving", "accuracy", "retrieval"), WALKS, strict=True):
        groups = [line.split()[:2] for line in typed(walk)]
        assert groups[0] == ["zkescrow", "model"]
        assert {tuple(group) for group in groups[1:]} == {("zkescrow", protocol)}


@pytest.mark.parametrize(
    "line",
    [line for block in (*QUICK_START, *WALKS) for line in typed(block) if line[:2] == "zk"],
)
def test_every_command_shown_parses(line: str) -> None:
    """Options and arguments are those of the command; what they lead to, the other tests play."""
    words = shlex.split(line, comments=True)[1:]
    parse(words)


@pytest.mark.parametrize(
    "wrong",
    [
        ["nosuch", "thing"],
        ["serving", "fly"],
        ["prediction", "post", "--model", "digits", "--no-such-option", "3"],
        ["model", "show", "digits", "another"],
    ],
)
def test_a_command_that_is_none_does_not_parse(wrong: list[str]) -> None:
    with pytest.raises(Exception, match=r"No such|unexpected extra"):
        parse(wrong)


def parse(words: list[str]) -> None:
    """Read words as the command line does. Raises what it says of wrong ones."""
    command: Any = typer.main.get_command(app)
    names: list[str] = []
    while hasattr(command, "resolve_command"):
        context = command.make_context(" ".join(names), words)
        name, command, words = command.resolve_command(context, words)
        names.append(name)
    command.make_context(" ".join(names), words)


def run(line: str, environment: dict[str, str], directory: Path) -> str:
    """What a line says, with its example files taken from the checkout."""
    words = [str(ROOT / w) if w.startswith("examples/") else w for w in shlex.split(line)]
    done = subprocess.run(
        words,
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout
