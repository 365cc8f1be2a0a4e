"""What `provider run` leaves behind for the commands after it, and how it goes on."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError, ContractRefused, EnvironmentMissing
from prover.base.settings import get_settings
from prover.chain.sending.wallet import Handed
from prover.cli import provider
from prover.cli.app import run
from prover.cli.prediction.passes import Loop, Pass
from prover.clients.common.inputs import handover
from prover.clients.common.jobs.recent import last_used
from prover.clients.prediction.steps import SKIPPED, Outcome
from prover.clients.prediction.store import Stage
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import State
from tests.conftest import Proven
from tests.localchain import PROVIDER, Chain
from tests.unit.chain.sending.memory import ETHER
from tests.unit.clients.scene import REWARD, STAKE, Scene

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))
Run = Callable[..., int]


@pytest.fixture
def after(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`provider run --once` by a provider whose jobs end as is said."""

    def made(
        *outcomes: Outcome, withdraw: Callable[[], Any] = dict, refused: tuple[str, ...] = ()
    ) -> int:
        def taken(left: Callable[[str], None]) -> Any:
            for why in refused:
                left(why)
            return withdraw()

        worker = SimpleNamespace(run_once=lambda: list(outcomes), withdraw=taken)
        monkeypatch.setattr(provider, "_provider", lambda *_: worker)
        return run(["provider", "run", "--once", "--account", "1"])

    return made


def last(chain: Chain) -> bytes | None:
    return last_used(chain.client, chain.deployment.prediction)


def test_commands_without_an_id_mean_the_last_job_that_was_worked_on(
    chain: Chain, after: Run
) -> None:
    assert after(Outcome(ONE, Stage.DELIVERED, ""), Outcome(TWO, Stage.DELIVERED, "")) == 0
    assert last(chain) == TWO


def test_a_job_that_failed_is_one_that_was_worked_on(chain: Chain, after: Run) -> None:
    assert after(Outcome(ONE, "failed", "")) == 1
    assert last(chain) == ONE


def test_a_job_that_was_skipped_is_not_meant(chain: Chain, after: Run) -> None:
    assert after(Outcome(ONE, SKIPPED, "")) == 0
    assert last(chain) is None
    after(Outcome(TWO, Stage.DELIVERED, ""), Outcome(THREE, SKIPPED, ""))
    after(Outcome(THREE, SKIPPED, ""))
    assert last(chain) == TWO


def test_what_was_done_is_told_although_nothing_can_be_withdrawn(
    chain: Chain, after: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise ContractRefused("the token pays nothing")

    assert after(Outcome(ONE, Stage.DELIVERED, "paid"), withdraw=refuse) == 1
    out = capsys.readouterr().out
    assert f"0x{ONE.hex()} delivered: paid" in out
    assert "not withdrawn: the token pays nothing" in out
    assert last(chain) == ONE


def test_a_token_that_refuses_keeps_nothing_else(
    chain: Chain, after: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = Outcome(ONE, Stage.DELIVERED, "paid")
    assert after(paid, withdraw=lambda: {ETH: ETHER}, refused=("0x0a: no", "0x0b: no")) == 1
    out = capsys.readouterr().out
    assert "\nwithdrawn: 1 ETH\n" in out
    assert "not withdrawn: 0x0a: no; 0x0b: no" in out


# ---------------------------------------------------------------- round after round


def test_jobs_are_worked_on_whatever_hinders_the_taking_of_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is told once, until it is something else."""
    passes, whys = list[str](), iter(["full", "full", "", "full"])

    def full() -> bool:
        why = next(whys)
        if why:
            raise EnvironmentMissing(why)
        return False

    def work() -> Pass:
        passes.append("worked")
        return Pass([], {}, None)

    def wait(_loop: Loop) -> None:
        if len(passes) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "_wait", wait)
    with pytest.raises(KeyboardInterrupt):
        Loop(work, full, 1.0).run()
    assert passes == ["worked"] * 4
    assert capsys.readouterr().err.count("full; the next pass tries again") == 2


def test_a_round_follows_at_once_on_what_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Served is first: what is locked waits for no file of a stranger."""
    done, taken = list[str](), iter([True, False, True, False])

    def noting(word: str, result: Any) -> Any:
        done.append(word)
        return result

    def wait(_loop: Loop) -> None:
        done.append("waited")
        if done.count("waited") == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "_wait", wait)
    loop = Loop(
        lambda: noting("worked", Pass([], {}, None)), lambda: noting("taken", next(taken)), 1.0
    )
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    assert done == ["worked", "taken", "worked", "taken", "waited"] * 2


def test_nothing_is_taken_while_nothing_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(_loop: Loop) -> None:
        raise KeyboardInterrupt

    def away() -> Pass:
        raise ChainError("the node is away")

    def take() -> bool:
        raise AssertionError

    monkeypatch.setattr(Loop, "_wait", wait)
    with pytest.raises(KeyboardInterrupt):
        Loop(away, take, 1.0).run()


class Days:
    """Rounds that end one after the other as is said, until Ctrl-C; the time between is noted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *passes_: Callable[[], Any]) -> None:
        self.waited: list[float] = []
        self._left = list(passes_)
        worker = SimpleNamespace(run_once=lambda: self._left.pop(0)(), withdraw=lambda left: {})
        monkeypatch.setattr(provider, "_provider", lambda *_: worker)
        monkeypatch.setattr(Loop, "_wait", lambda loop: self._wait(loop.seconds))

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        if not self._left:
            raise KeyboardInterrupt

    def run(self, *words: str) -> int:
        return run(["provider", "run", "--account", "1", *words])


def of(*outcomes: Outcome) -> Callable[[], list[Outcome]]:
    return lambda: list(outcomes)


def raising(error: Exception) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


def test_without_once_it_goes_on_until_it_is_ended(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A node that is away, a full disk and a failed job stop nothing; each is told once."""
    away, full = ChainError("the node is away"), OSError(28, "No space left on device")
    failed, paid = Outcome(ONE, "failed", "no memory"), Outcome(ONE, Stage.DELIVERED, "paid")
    days = Days(monkeypatch, raising(away), raising(away), raising(full), of(failed), of(paid))
    assert days.run("--every", "7s") == 130
    said = capsys.readouterr()
    assert days.waited == [7.0] * 5
    assert said.err.count("the node is away; the next pass tries again") == 1
    assert said.err.count("No space left on device") == 1
    told = [f"0x{ONE.hex()} failed: no memory", f"0x{ONE.hex()} delivered: paid"]
    assert said.out.splitlines() == told
    assert last(chain) == ONE


def test_only_news_is_told(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that is passed over for a day is told of once, whatever its numbers are by then."""
    skips = [of(Outcome(ONE, SKIPPED, f"gas costs {price}")) for price in range(3)]
    days = Days(monkeypatch, *skips, of(Outcome(ONE, SKIPPED, "x"), Outcome(TWO, SKIPPED, "y")))
    assert days.run() == 130
    assert capsys.readouterr().out.splitlines() == [
        f"0x{ONE.hex()} skipped: gas costs 0",
        f"0x{TWO.hex()} skipped: y",
    ]


def test_a_mistake_of_ours_is_told_and_ends_nothing(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who ends there loses what is locked."""
    days = Days(monkeypatch, raising(ZeroDivisionError("odd")), of(Outcome(ONE, "late", "")))
    assert days.run() == 130
    assert "internal error, ZeroDivisionError: odd; report it; the" in capsys.readouterr().err
    assert len(days.waited) == 2


def test_a_step_for_a_wallet_ends_it(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    days = Days(monkeypatch, raising(Handed(31337, "0x" + "11" * 20, ())), of())
    assert days.run() == 0
    assert days.waited == []


@pytest.mark.parametrize("every", ["soon", "-1"])
def test_the_time_between_passes_is_a_duration(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, every: str
) -> None:
    days = Days(monkeypatch, of())
    assert days.run(f"--every={every}") == 2
    assert days.waited == []


def test_a_job_that_is_posted_meanwhile_is_taken_and_paid(
    chain: Chain, proven: Callable[[str], Proven], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, jobs = Scene(chain, proven("plain")), list[bytes]()
    monkeypatch.setattr(provider, "_provider", lambda *_: scene.provider())

    def meanwhile(_loop: Loop) -> None:
        if len(jobs) == 2:
            raise KeyboardInterrupt
        jobs.append(scene.post())

    monkeypatch.setattr(Loop, "_wait", meanwhile)
    assert run(["provider", "run", "--account", "1"]) == 130
    assert [scene.state(one) for one in jobs] == [State.PAID] * 2


# ---------------------------------------------------------------- files of strangers


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def by_hand(scene: Scene, inbox: Path) -> bytes:
    """A job whose file is in the inbox only."""
    before = set(get_settings().home.glob("*.json"))
    job_id = scene.post(first=1)
    (path,) = set(get_settings().home.glob("*.json")) - before
    path.rename(inbox / path.name)
    return job_id


def serving(
    scene: Scene, inbox: Path, capsys: pytest.CaptureFixture[str], status: int = 0
) -> dict[str, Any]:
    words = ["provider", "run", "--once", "--account", "1", "--inputs", str(inbox), "--json"]
    assert run(words) == status
    return dict(json.loads(capsys.readouterr().out))


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven], monkeypatch: pytest.MonkeyPatch) -> Scene:
    made = Scene(chain, proven("plain"))
    monkeypatch.setattr(provider, "_provider", lambda *_: made.provider())
    return made


def test_what_is_locked_comes_before_a_folder_is_read(
    scene: Scene, inbox: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else whoever fills the folder takes the stake."""
    locked = scene.post()
    sender = scene.chain.sender(PROVIDER)
    sender.send("lock", scene.chain.prediction.lock(scene.job, sender.address))
    waiting, seen = by_hand(scene, inbox), list[State]()
    read = handover.read_plain

    def noting(path: Path, most: int) -> bytes:
        seen.append(scene.state(locked))
        return read(path, most)

    monkeypatch.setattr(handover, "read_plain", noting)
    found = serving(scene, inbox, capsys)
    assert seen == [State.PAID]
    assert {one["job"]: one["result"] for one in found["jobs"]} == {
        "0x" + one.hex(): "delivered" for one in (locked, waiting)
    }
    assert found["withdrawn"] == {ETH: 2 * (REWARD + STAKE)}


def test_of_a_folder_only_what_a_job_waits_for_is_kept(
    scene: Scene, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inbox / "0 unwanted").write_bytes(b"{}")
    with (inbox / "1 sparse").open("wb") as file:
        file.truncate(1 << 30)
    job_id = by_hand(scene, inbox)
    assert serving(scene, inbox, capsys)["jobs"][0]["result"] == "delivered"
    assert scene.state(job_id) is State.PAID
    kept = [path.read_bytes() for path in (get_settings().home / "handed").iterdir()]
    assert kept == [next(inbox.glob("*.json")).read_bytes()]


def test_a_round_is_told_although_the_folder_cannot_be_read(
    scene: Scene, inbox: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.post()

    def gone(_path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "iterdir", gone)
    assert serving(scene, inbox, capsys, status=2)["jobs"][0]["result"] == "delivered"
