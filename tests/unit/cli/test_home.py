"""What a home holds, by which it is known as one."""

from collections.abc import Callable
from pathlib import Path

from prover.base.settings import HOME_NAMES
from tests.conftest import Proven
from tests.localchain import PROVIDER, Chain
from tests.unit.cli.common.test_reorganised import Play


def test_all_that_a_home_holds_is_known_as_its_own(
    chain: Chain, proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    """Else it would be taken for somebody else's folder, and stay readable to all."""
    folder = tmp_path / "rows"
    folder.mkdir()
    play = Play(chain, proven("batch"), folder)
    play.open()
    play.run(PROVIDER, "serving", "join", "--proof-time", "1s")
    play.run(PROVIDER, "retrieval", "commit", play.data, "--model", "tiny")
    play.run(PROVIDER, "provider", "key", "--out", folder / "key")
    play.run(PROVIDER, "provider", "run", "--once")
    found = {one.name for one in home.iterdir()}
    assert len(found) > 8
    assert found <= HOME_NAMES
