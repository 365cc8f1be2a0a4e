"""Where things are and which node to talk to; ZKESCROW_<NAME> in the environment sets a field."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from prover.base.errors import UsageError

DEFAULT_PORT = 8545
# What this program makes in its home, or may be told to put there.
_STORES = ("journal", "intents", "events", "provider")
HOME_NAMES = frozenset(
    {
        *("artifacts", "cache", "datasets", "deployments", "handed", "inputs", "locks", "readers"),
        *("rehearsals", "rounds", "srs", "testsets", "verdicts", ".lock"),
        *(
            "jobs.json",
            "jobs.lock",
            "models.json",
            "models.lock",
            "reader.key",
            "reader.lock",
            "seed.json",
            "tokens.json",
            "tokens.lock",
        ),
        *(f"{store}.{end}" for store in _STORES for end in ("lock", "sqlite")),
        *(f"{store}.sqlite-{end}" for store in _STORES for end in ("journal", "shm", "wal")),
    }
)


def checkout() -> Path | None:
    """The checkout that this package is run from; None where it is installed by itself."""
    root = Path(__file__).resolve().parents[2]
    there = (root / "pyproject.toml").is_file() and (root / "contracts").is_dir()
    return root if there else None


def _deployments(known: dict[str, Any]) -> Path:
    """In a checkout beside its contracts, else in the home."""
    root = known.get("project") or known.get("home") or Path()
    return Path(root) / "deployments"


class Settings(BaseSettings):
    """Paths are absolute; the home holds user data, the cache only what can be made again.

    `project` is the checkout, whose compiler and node are used; None where there is none.
    """

    model_config = SettingsConfigDict(env_prefix="ZKESCROW_", frozen=True)

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("zkescrow")))
    cache: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("zkescrow")))
    project: Path | None = Field(default_factory=checkout)
    deployments: Path = Field(default_factory=_deployments)
    rpc_url: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    chain_id: int | None = Field(default=None, ge=1)
    confirmations: int | None = Field(default=None, ge=0)
    max_fee_gwei: int = Field(default=500, ge=1)
    max_tip_gwei: int = Field(default=20, ge=1)
    defaults_gas_gwei: int = Field(default=20, ge=1)
    anvil: Path | None = None
    solc: Path | None = None
    solc_mirror: str = "https://binaries.soliditylang.org/linux-amd64"
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["text", "json"] = "text"
    log_file: Path | None = None
    private_key: SecretStr | None = None
    keystore: Path | None = None
    keystore_password: SecretStr | None = None
    srs_mirrors: str = "https://kzg.ezkl.xyz/kzg{k}.srs"  # several: blanks between

    @property
    def artifacts(self) -> Path:
        """Directory of one folder per artifact digest."""
        return self.home / "artifacts"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read from the environment once (tests clear the cache).

    Raises UsageError naming the variable that is wrong.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors()[0]
        name = "_".join(str(part).upper() for part in wrong["loc"])
        raise UsageError(
            f"ZKESCROW_{name} is {wrong['input']!r}: {wrong['msg'].lower()}; see docs/COMMANDS.md"
        ) from None
