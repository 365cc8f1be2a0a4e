"""Logs as events of prover.protocol, decoded by the ABIs; strings stay bytes.

Whoever calls a contract chooses its strings: they may be no text at all, and are nobody's error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic

from prover.chain.abi.contract import JOBS, REGISTRY, abi
from prover.chain.events.log import Log, checksummed
from prover.protocol import events as protocol
from prover.protocol.events import Event, JobEvent, Unreadable
from prover.protocol.terms import Terms


@dataclass(frozen=True)
class Logged:
    """An event with its block, transaction and index in the block."""

    event: Event
    block: int
    transaction: bytes
    index: int


@dataclass(frozen=True)
class _Form:
    """How one kind of event is written: names and types of its topics and of its data."""

    kind: type[Event]
    topics: tuple[tuple[str, str], ...]
    data: tuple[tuple[str, str], ...]


def decode_log(log: Log) -> Logged:
    """An event from a log; Unreadable, with the reason, if it is none of the contracts'."""
    return Logged(
        event=_event(log),
        block=log.block,
        transaction=log.transaction,
        index=log.index,
    )


def known_topics() -> list[bytes]:
    """First topics of all events of the contracts."""
    return list(_forms())


def _event(log: Log) -> Event:
    at, contract, topics = log.time, log.address, log.topics
    form = _forms().get(topics[0]) if topics else None
    about = f"log {log.index} of block {log.block} at {contract}"
    if form is None:
        why = f"{about} is no event of this project: does the deployment file name another contract"
        return Unreadable(at=at, contract=contract, job_id=None, why=why)
    try:
        values = _values(form, topics[1:], log.data)
        return form.kind(at=at, contract=contract, **values)
    except (DecodingError, ValueError, TypeError, OverflowError) as error:
        why = f"{about} is named {form.kind.__name__} and cannot be decoded: {error}"
        job_id = topics[1] if issubclass(form.kind, JobEvent) and len(topics) > 1 else None
        return Unreadable(at=at, contract=contract, job_id=job_id, why=why)


def _values(form: _Form, topics: tuple[bytes, ...], data: bytes) -> Mapping[str, Any]:
    if len(topics) != len(form.topics):
        raise ValueError(f"{len(topics)} topics, expected {len(form.topics)}")
    indexed = decode([kind for _, kind in form.topics], b"".join(topics))  # a word each
    plain = decode([kind for _, kind in form.data], data)
    names = [name for name, _ in (*form.topics, *form.data)]
    found = zip(names, (*indexed, *plain), strict=True)
    return {name: _value(form.kind, name, value) for name, value in found}


@cache
def _forms() -> dict[bytes, _Form]:
    """Every event once: those of the escrow are in each contract's ABI."""
    entries = [entry for name in (REGISTRY, *JOBS) for entry in abi(name)]
    events: list[Any] = [one for one in entries if one["type"] == "event"]
    return {bytes(event_abi_to_log_topic(one)): _form(one) for one in events}


def _form(entry: Any) -> _Form:
    kind: type[Event] = getattr(protocol, entry["name"])
    typed = [
        (_snake(one["name"]), _raw(collapse_if_tuple(one)), one["indexed"])
        for one in entry["inputs"]
    ]
    return _Form(
        kind,
        tuple((name, as_type) for name, as_type, indexed in typed if indexed),
        tuple((name, as_type) for name, as_type, indexed in typed if not indexed),
    )


def _raw(as_type: str) -> str:
    """The type with bytes in the place of strings, which are encoded alike."""
    return re.sub(r"\bstring\b", "bytes", as_type)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _value(kind: type[Event], name: str, value: Any) -> Any:
    plain = _plain(value)
    return _terms_of(kind.__name__).from_abi(plain) if name == "terms" else plain


@cache
def _terms_of(event: str) -> type[Terms]:
    """The class of the terms that an event carries, from its declaration."""
    declared: type[Terms] = get_type_hints(getattr(protocol, event))["terms"]
    return declared


def _plain(value: Any) -> Any:
    """Addresses (the only text left) with checksums, lists as tuples."""
    if isinstance(value, str):
        return checksummed(value)
    return tuple(_plain(one) for one in value) if isinstance(value, list | tuple) else value
