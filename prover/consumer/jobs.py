"""The last job of each contract that was posted or joined from here, so that ids need no typing."""

import json
from pathlib import Path

from prover.chain.client import Client
from prover.errors import StatementInvalid, UsageError
from prover.files import locked, write_atomically
from prover.settings import get_settings


def remember(client: Client, contract: str, job_id: bytes) -> None:
    """Make a job the last one of a contract of this very chain."""
    with locked(_path().with_suffix(".lock")):
        known = _read()
        known[f"{client.scope}:{contract}"] = "0x" + job_id.hex()
        write_atomically(_path(), json.dumps(known, indent=2).encode() + b"\n")


def last(client: Client, contract: str) -> bytes:
    """The id of the last job of a contract. Raises UsageError if there is none."""
    job_id = _read().get(f"{client.scope}:{contract}")
    if job_id is None:
        raise UsageError("no job was posted from here on this chain: give the job's id")
    return bytes.fromhex(job_id[2:])


def _path() -> Path:
    return get_settings().home / "jobs.json"


def _read() -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(_path().read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StatementInvalid(f"{_path()} is not valid JSON: remove it") from None
    return known
