"""The last job of each contract that was posted or joined from here, so that ids need no typing."""

import json
from pathlib import Path
from typing import Any

from prover.base.errors import StatementInvalid
from prover.base.files import locked, write_atomically
from prover.base.settings import get_settings
from prover.chain.node.client import Client


def remember(client: Client, contract: str, job_id: bytes) -> None:
    """Make a job the last one of a contract of this very chain."""
    with locked(_path().with_suffix(".lock")):
        known = _read()
        known[f"{client.scope}:{contract}"] = "0x" + job_id.hex()
        write_atomically(_path(), json.dumps(known, indent=2).encode() + b"\n")


def last_used(client: Client, contract: str) -> bytes | None:
    """The id of the last job of a contract that was posted or joined from here, if there is one.

    Raises StatementInvalid if the file of these ids is damaged.
    """
    job_id = _read().get(f"{client.scope}:{contract}")
    if job_id is None:
        return None
    try:
        return bytes.fromhex(job_id.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise StatementInvalid(
            f"{_path()} holds {job_id!r}: expected an id in hexadecimal; remove the file"
        ) from None


def _path() -> Path:
    return get_settings().home / "jobs.json"


def _read() -> dict[str, str]:
    try:
        known: Any = json.loads(_path().read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StatementInvalid(f"{_path()} is damaged: expected JSON; remove the file") from None
    if not isinstance(known, dict):
        raise StatementInvalid(
            f"{_path()} is damaged: expected ids of jobs by scope; remove the file"
        )
    return known
