"""Secrets are neither shown nor handed to programs that we start."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base import redaction
from prover.base.redaction import MASK, bare_environment, child_environment, public_url, redacted
from prover.chain.node import anvil as node
from prover.cli.app import run
from prover.cli.common import output
from prover.solidity import compile as compiler
from prover.systems.onnx.onnx_file import ImportedModel

KEY = "0x" + "5ec2e7" * 10 + "abcd"
SECRETS = {
    "ZKESCROW_PRIVATE_KEY": KEY,
    "zkescrow_keystore_password": "open sesame",
    "ZKESCROW_RPC_URL": "https://user:pa55word@node.example:8545/v3/0123456789abcdef?apikey=q1w2e3r4t5",
    "SOME_CLOUD_TOKEN": "cloud-token",
}
IN_URL = ("user:pa55word", "pa55word", "0123456789abcdef", "q1w2e3r4t5")


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(redaction, "_kept", set())


@pytest.mark.usefixtures("secrets")
def test_a_child_gets_no_key() -> None:
    passed = child_environment()
    assert passed["PATH"] == os.environ["PATH"]
    assert not set(passed) & set(SECRETS)


@pytest.mark.usefixtures("secrets")
def test_a_local_node_gets_no_key() -> None:
    before = psutil.Process().children()
    with node.running():
        (anvil,) = set(psutil.Process().children()) - set(before)
        assert not set(anvil.environ()) & set(SECRETS)


@pytest.mark.usefixtures("secrets")
def test_the_compiler_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_standard(_request: Any, **_: Any) -> dict[str, Any]:
        assert not set(os.environ) & set(SECRETS)
        return {"contracts": {}}

    monkeypatch.setattr(compiler.solcx, "compile_standard", compile_standard)
    compiler._run_solc({})
    assert set(SECRETS) <= set(os.environ)


@pytest.mark.usefixtures("secrets")
def test_the_environment_is_whole_again_after_a_failure() -> None:
    before = dict(os.environ)
    with pytest.raises(RuntimeError), bare_environment():
        raise RuntimeError
    assert dict(os.environ) == before


@pytest.mark.usefixtures("secrets")
def test_secrets_of_the_settings_are_not_shown() -> None:
    text = redacted(f"{SECRETS} {KEY[2:].upper()}")
    for secret in (KEY[2:], "open sesame", *IN_URL):
        assert secret.lower() not in text.lower()
    assert "node.example:8545" in text


@given(st.sampled_from(["http", "https", "wss"]), st.text("abcdef0123456789", min_size=8))
def test_an_address_is_shown_by_its_host(scheme: str, key: str) -> None:
    for rest in (f"/{key}", f"/?k={key}", f"/v3/{key}", f"#{key}"):
        assert public_url(f"{scheme}://u:{key}@host.example:1{rest}") == (
            f"{scheme}://host.example:1/{MASK}"
        )
    assert public_url(f"{scheme}://host.example/") == f"{scheme}://host.example"


@pytest.mark.parametrize("url", ["localhost:8545", "127.0.0.1:1", "my-node.example.org:65535"])
def test_a_host_and_a_port_are_shown_as_they_were_typed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKESCROW_RPC_URL", url)
    assert redacted(public_url(url)) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        "https://[::1/key",
        "user:12345",
        "node.example:pa55word",
        "user:12345@node.example:8545",
        "user:pa55word@localhost:8545",
        "localhost:8545/key",
        "localhost:8545?key=1",
        "localhost:8545#key",
        "localhost:8545\n",
        "0123456789abcdef0123456789abcdef:8545",
        "0123456789abcdef0123456789abcdef.example:8545",
    ],
)
def test_an_odd_address_is_not_shown(url: str) -> None:
    assert public_url(url) == MASK


@pytest.mark.parametrize("scheme", ["http", "wss"])
def test_the_key_of_a_node_s_address_is_not_in_errors_nor_tracebacks(
    scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The libraries name the address in their exceptions, which --debug prints."""
    url = f"{scheme}://user:pa55word@127.0.0.1:1/v3/0123456789abcdef?apikey=q1w2e3r4t5"
    assert run(["prediction", "status", "--rpc", url, "--debug"]) != 0
    said = capsys.readouterr()
    assert "127.0.0.1:1" in said.err
    for secret in IN_URL:
        assert secret not in said.err + said.out


def test_running_a_model_tells_nobody_and_leaves_nothing(
    tmp_path: Path, tiny: ImportedModel
) -> None:
    """onnxruntime reports to its maker unless told otherwise before it is imported."""
    code = "import sys; from pathlib import Path\n"
    code += "from prover.systems.onnx import floating, onnx_file\n"
    code += "print(onnx_file.load(Path(sys.argv[1])).classes)"
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        (tmp_path / name).mkdir()
    places = {path.name: str(path) for path in tmp_path.iterdir()}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny.path)],
        env=child_environment() | places,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3\n"
    assert [path for place in places.values() for path in Path(place).rglob("*")] == []


@pytest.mark.usefixtures("secrets")
def test_the_traceback_of_a_mistake_shows_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.OUTPUT, "debug", True)
    output.say_mistake(ValueError(f"odd {SECRETS['ZKESCROW_RPC_URL']}"))
    said = capsys.readouterr().err
    assert "ValueError: odd" in said
    for secret in IN_URL:
        assert secret not in said
