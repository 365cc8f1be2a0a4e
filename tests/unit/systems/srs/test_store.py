"""The development set-up is made once on a machine, and is the same on all of them."""

import threading
from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch, EnvironmentMissing
from prover.base.files import sha256_file
from prover.base.settings import get_settings
from prover.systems import srs
from prover.systems.srs import SetUp, store
from prover.systems.srs.known import named

LOGROWS = 4


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path / "cache"))
    get_settings.cache_clear()
    return tmp_path / "cache"


def test_two_machines_make_the_same_set_up(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = srs.development_srs(LOGROWS).read_bytes()
    monkeypatch.setenv("ZKESCROW_CACHE", str(cache.with_name("another machine")))
    get_settings.cache_clear()
    assert srs.development_srs(LOGROWS).read_bytes() == first


def test_fewer_rows_have_the_first_powers_of_more(cache: Path) -> None:
    smaller, larger = (srs.development_srs(k).read_bytes() for k in (LOGROWS, LOGROWS + 1))
    powers = slice(4, 4 + (64 << LOGROWS))
    assert smaller[powers] == larger[powers]
    assert smaller[-256:] == larger[-256:]


def test_an_old_random_set_up_is_not_picked_up(cache: Path) -> None:
    """Before, each machine kept a random one of its own under this name."""
    (cache / "srs").mkdir(parents=True)
    (cache / "srs" / f"development-{LOGROWS}.srs").write_bytes(b"random")
    made = srs.development_srs(LOGROWS)
    assert sha256_file(made) == srs.development_record(LOGROWS).sha256


def test_two_that_ask_at_once_get_one_file(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    all_asked = threading.Event()

    def make(path: Path, logrows: int, expected: str) -> None:
        all_asked.wait(1)
        made.append(path)
        path.write_bytes(bytes(logrows))

    monkeypatch.setattr(store, "_make", make)
    askers = [threading.Thread(target=srs.development_srs, args=(LOGROWS,)) for _ in range(4)]
    for asker in askers:
        asker.start()
    all_asked.set()
    for asker in askers:
        asker.join()
    assert len(made) == 1


def test_a_set_up_of_another_hash_is_not_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one of an engine of another version."""
    monkeypatch.setattr(store.worker, "run", lambda _, made, *__: Path(made["path"]).touch())
    with pytest.raises(ArtifactMismatch, match="came out with SHA-256 e3b0"):
        srs.development_srs(LOGROWS)
    assert [path.suffix for path in (cache / "srs").iterdir()] == [".lock"]


@pytest.mark.parametrize("logrows", [0, 23])
def test_sizes_out_of_range_are_refused(logrows: int) -> None:
    for ask in (srs.development_srs, srs.development_record):
        with pytest.raises(EnvironmentMissing, match=r"2\^1 to 2\^22"):
            ask(logrows)


def test_every_size_has_a_published_hash() -> None:
    assert set(named("development").sha256) == set(range(1, srs.MAX_LOGROWS + 1))


def test_a_manifests_set_up_is_found_by_name_and_hash(cache: Path) -> None:
    claimed = srs.development_record(LOGROWS)
    assert sha256_file(srs.file_of(claimed, LOGROWS)) == claimed.sha256


def test_a_set_up_that_differs_is_called_so_and_not_malicious(cache: Path) -> None:
    """What a circuit of an older version says: each machine made a random set-up."""
    with pytest.raises(ArtifactMismatch, match=r"the set-up differs: .* an older version"):
        srs.file_of(SetUp(name="development", sha256="00" * 32), LOGROWS)
    with pytest.raises(
        ArtifactMismatch, match=r"'mine' is not known: expected development, hermez"
    ):
        srs.file_of(SetUp(name="mine", sha256="00" * 32), LOGROWS)
    with pytest.raises(ArtifactMismatch, match=r"the set-up differs: .* not the ceremony's"):
        srs.file_of(SetUp(name="hermez", sha256="00" * 32), 11)
