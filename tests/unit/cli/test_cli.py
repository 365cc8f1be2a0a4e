"""The command line without a chain: help, options, exit statuses."""

import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperGroup

from prover.base.errors import UsageError
from prover.base.parsing import duration, units
from prover.base.text import in_ether
from prover.chain.node import anvil as node
from prover.cli.app import COMMANDS, LazyGroup, run
from prover.cli.common.options import connected
from prover.cli.common.output import show_jobs
from tests.localchain import settings_of

ZKESCROW = str(Path(sys.executable).with_name("zkescrow"))
HELP_MODULES = 250
GROUPS = [name for name in COMMANDS if isinstance(LazyGroup().get_command(None, name), TyperGroup)]


def test_help_imports_little_and_nothing_heavy() -> None:
    """What makes it quick; seconds would depend on the machine."""
    heavy = "[m for m in sys.modules if m in ('web3', 'ezkl', 'onnx', 'numpy', 'rich', 'pydantic')]"
    code = f"import sys, prover.cli.app as a; a.run(['--help']); print({heavy}, len(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found, count = done.stdout.splitlines()[-1].rsplit(maxsplit=1)
    assert found == "[]"
    assert int(count) < HELP_MODULES


def test_options_import_nothing_heavy() -> None:
    heavy = "[m for m in sys.modules if m in ('web3', 'eth_abi', 'numpy', 'sqlalchemy')]"
    code = f"import sys, prover.cli.common.options, prover.base.text; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("module", ["serving.status", "accuracy.status"])
def test_a_status_does_not_wait_for_what_proves(module: str) -> None:
    """SQLAlchemy it does need: a status reads the store of events."""
    heavy = "[m for m in sys.modules if m in ('numpy', 'onnx', 'onnxruntime', 'ezkl')]"
    code = f"import sys, prover.cli.{module}; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert "--json" in out or "Commands:" in out


@pytest.mark.parametrize("group", [[], *([name] for name in GROUPS)])
def test_without_a_command_the_help_is_printed_as_it_is(
    group: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*group, "--help"]) == 0
    shown = capsys.readouterr().out
    assert run(group) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", shown)
    assert "\nCommands:\n" in shown
    assert not group or COMMANDS[group[0]].help in " ".join(shown.split())


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"zkescrow {version('zkescrow')}\n"


KEY = "0x" + "5e" * 32


ADDRESS = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"


@pytest.mark.parametrize("typed", [ADDRESS, KEY, str(int(KEY, 16)), "first", ""])
def test_an_account_is_given_by_its_number(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was typed in its place may be a key, and is not shown."""
    assert run(["withdraw", "--account", typed]) == 2
    said = capsys.readouterr().err
    assert said.startswith("zkescrow: --account: expected 0 to 9, the number of one of Anvil's")
    assert not typed or typed not in said


@pytest.mark.parametrize("data", ["0x12", "0x1234", "123456"])
def test_less_than_a_selector_is_no_revert_data(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain-revert", data]) == 2
    said = capsys.readouterr().err
    assert f"'{data}' has {len(bytes.fromhex(data.removeprefix('0x')))} bytes: expected" in said
    assert run(["explain-revert", "0x12345678"]) == 0


def test_a_node_s_address_without_a_scheme_is_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed, or of the environment, whose secrets are hidden in whatever is said."""
    for where in ("localhost:8545", "127.0.0.1:8545", "node.example:443"):
        monkeypatch.setenv("ZKESCROW_RPC_URL", where)
        assert run(["status", "--rpc", where]) == 2
        said = capsys.readouterr().err
        assert f"RPC address '{where}': expected http:// or https://" in said
        assert "such as http://127.0.0.1:8545" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["node", "--port", "x"],
        ["node", "--port", "0"],
        ["node", "--port", "65536"],
        ["prediction", "post"],
        ["explain-revert", "zz"],
        ["model", "add", "missing.onnx"],
    ],
)
def test_wrong_usage_is_one_message_and_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"zkescrow: [^\n]+\n", err)


def test_a_traceback_comes_with_debug_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain-revert", "zz"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert run(["explain-revert", "zz", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
    assert run(["withdraw", "--account", "first"]) == 2  # no command begins that would say so
    assert "Traceback" not in capsys.readouterr().err


def test_revert_data_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain-revert", "0x"]) == 0
    assert "reverted without data" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("10m", 600), ("1h", 3600), ("2d", 172800)]
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text, "--x") == seconds


def test_numbers_that_no_contract_has_room_for_are_refused_by_their_option() -> None:
    assert duration("4294967295s", "--open-for") == 2**32 - 1
    with pytest.raises(UsageError, match="--open-for '49711d': expected at most 4294967295 s"):
        duration("49711d", "--open-for")
    assert units(str(2**128 - 1), "--reward", 0) == 2**128 - 1
    with pytest.raises(UsageError, match=r"--reward .*: expected at most .* smallest units"):
        units(str(2**128), "--reward", 0)


@pytest.mark.parametrize("text", ["", "-1", "1.5h", "1w", "h", "1 h"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--x"):
        duration(text, "--x")


@given(st.integers(0, 10**30))
def test_an_amount_is_read_back_exactly(wei: int) -> None:
    assert units(in_ether(wei).removesuffix(" ETH"), "--reward") == wei


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "1e-19", "0x1", "1,5"])
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--reward"):
        units(text, "--reward")


def test_all_jobs_are_told_a_line_each_with_what_is_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_jobs("bounties", [{"job": "0x12", "state": "key_withheld", "next": "nothing: a"}])
    show_jobs("bounties", [])
    told = "0x12 is key withheld; next: nothing: a\nbounties: none\n"
    assert capsys.readouterr().out == told


def test_what_a_stranger_wrote_is_printed_whatever_the_terminal_takes() -> None:
    """An address in another script, on a terminal of Latin letters: nothing stops."""
    program = (
        "from prover.cli import app\n"
        "from prover.cli.common import output\n"
        "app.run = lambda _: output.show({}, 'uri \u4f60 end') or 0\n"
        "app.main([])"
    )
    environment = os.environ | {"PYTHONIOENCODING": "iso-8859-1", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"uri \\u4f60 end\n"), done.stderr


def test_ctrl_c_is_told_in_one_message(tmp_path: Path) -> None:
    """While a node is waited for that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as node:
        process = subprocess.Popen(
            [ZKESCROW, "status", "--rpc", f"http://127.0.0.1:{node.getsockname()[1]}"],
            env=os.environ | {"ZKESCROW_HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's `&` has it ignored, and so would the command.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        node.settimeout(60)
        connection, _ = node.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].startswith("zkescrow: interrupted: what was sent is written down")
    assert "Traceback" not in err


def test_a_node_of_another_chain_than_the_settings_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with node.running() as client:
        url = str(client.web3.provider.endpoint_uri)
        with settings_of(chain_id="1"):
            assert run(["status", "--rpc", url]) == 1
        assert "serves chain 31337: expected chain 1" in capsys.readouterr().err
        with settings_of(chain_id="31337"):
            assert connected(url).chain_id == 31337
