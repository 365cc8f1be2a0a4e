"""Where things are: in a checkout, and where the package is installed by itself."""

from pathlib import Path

import pytest

from prover.base import settings
from prover.base.settings import Settings
from tests.localchain import settings_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def unreported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of these in the environment."""
    for name in ("HOME", "PROJECT", "DEPLOYMENTS"):
        monkeypatch.delenv(f"ZKESCROW_{name}", raising=False)


def test_a_checkout_keeps_its_deployments() -> None:
    assert Settings().project == ROOT.resolve()
    assert Settings().deployments == ROOT.resolve() / "deployments"


def test_an_installed_package_keeps_them_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "__file__", str(tmp_path / "prover/base/settings.py"))
    assert settings.checkout() is None
    (tmp_path / "pyproject.toml").touch()
    assert settings.checkout() is None
    (tmp_path / "contracts").mkdir()
    assert settings.checkout() == tmp_path
    (tmp_path / "pyproject.toml").unlink()
    monkeypatch.setenv("ZKESCROW_HOME", str(tmp_path / "home"))
    alone = Settings.model_validate({"project": None, "home": tmp_path / "home"})
    assert alone.deployments == tmp_path / "home" / "deployments"


def test_a_named_checkout_and_a_named_folder_are_taken(tmp_path: Path) -> None:
    with settings_of(project=str(tmp_path)):
        assert Settings().deployments == tmp_path / "deployments"
    with settings_of(project=str(tmp_path), deployments=str(tmp_path / "other")):
        assert Settings().deployments == tmp_path / "other"
