"""What events say about circuits: known, not condemned, of the kind that the protocol demands."""

from typing import Any, cast

from prover.protocol.accuracy.state import Terms as AccuracyTerms
from prover.protocol.events import (
    BountyAccepted,
    BountyPosted,
    BountyVoided,
    ContestsAnswered,
    ItemsProven,
    JobEvent,
    JobLocked,
    JobPosted,
    JobVoided,
    OutputsCommitted,
    PredictionDelivered,
    RecordsProven,
    RetrievalAccepted,
    RetrievalPosted,
    RetrievalVoided,
    RoundJoined,
    RoundPosted,
    RoundVoided,
)
from prover.protocol.jobs import Record, illegal, require, require_equal
from prover.protocol.limits import ChainLimits
from prover.protocol.registry.state import RegistryState, layout_of
from prover.protocol.retrieval.state import Predicate, PredicateKind
from prover.statement.layout import Layout, OutputKind

_DIGEST_ELEMENTS, _SALT_ELEMENTS, _EXACT = 7, 8, 10  # fields of the ABI tuple

_Posted = JobPosted | RoundPosted | BountyPosted | RetrievalPosted
_Joined = JobLocked | RoundJoined | BountyAccepted | RetrievalAccepted
_Proven = PredictionDelivered | ContestsAnswered | ItemsProven | RecordsProven
_Voided = JobVoided | RoundVoided | BountyVoided | RetrievalVoided


def check_posted(state: RegistryState, event: _Posted, limits: ChainLimits) -> None:
    """Raise IllegalEvent unless the job's circuit is usable, of the kind and size asked for."""
    circuit_id = _circuit_id(state, event, event.terms)
    _require_usable(state, event, circuit_id)
    if isinstance(event, JobPosted):
        return
    circuit = state.circuits[circuit_id]
    layout = layout_of(circuit)
    require(bool(circuit[_EXACT]), event, "an inexact circuit", "an exact one")
    if isinstance(event, RoundPosted):
        size = event.terms.n * layout.output_words * event.terms.word_bytes
        most = limits.max_output_bytes
        require(size <= most, event, f"{size} bytes of outputs", f"at most {most}")
        return
    _require_sealed(event, circuit, layout, limits.max_elements)
    if isinstance(event, RetrievalPosted):
        _require_predicate(event, event.terms.predicate, layout)
    else:
        most = limits.max_classes
        require(layout.classes <= most, event, f"{layout.classes} classes", f"at most {most}")


def check_moved(state: RegistryState, event: JobEvent, record: Record[Any]) -> None:
    """Raise IllegalEvent if a job moves in spite of its circuit, or is void without a reason."""
    circuit_id = _circuit_id(state, event, record.job.terms)
    if isinstance(event, _Joined | _Proven):
        _require_usable(state, event, circuit_id)
    if isinstance(event, BountyAccepted):
        entry = state.models.get(event.model_id)
        require(entry is not None and entry[0] == circuit_id, event, "a model", "the circuit's")
    if isinstance(event, OutputsCommitted):
        wanted = record.job.terms
        size = wanted.n * layout_of(state.circuits[circuit_id]).output_words * wanted.word_bytes
        require_equal(event, "bytes of outputs", len(event.outputs), size)
    if isinstance(event, _Voided):
        _require_condemned(state, event, circuit_id, record.as_of(event.at).void_until)


def condemned_in_time(state: RegistryState, record: Record[Any], now: int) -> int | None:
    """When a job's circuit was condemned, if anyone may end the job -> Voided for that now."""
    terms = record.job.terms
    known = isinstance(terms, AccuracyTerms)
    circuit_id = terms.circuit_id if known else state.models[terms.model_id][0]
    since = state.condemned_at.get(circuit_id)
    current = record.as_of(now)
    return since if since and not current.ended and since <= current.void_until else None


def _circuit_id(state: RegistryState, event: JobEvent, terms: Any) -> bytes:
    if isinstance(terms, AccuracyTerms):
        return terms.circuit_id
    entry = state.models.get(terms.model_id)
    if entry is None:
        raise illegal(event, f"unknown model 0x{terms.model_id.hex()}", "a registered one")
    return entry[0]


def _require_usable(state: RegistryState, event: JobEvent, circuit_id: bytes) -> None:
    known = circuit_id in state.circuits and circuit_id not in state.condemned_at
    found = f"circuit 0x{circuit_id.hex()}, unknown or condemned"
    require(known, event, found, "a registered one, not condemned")


def _require_sealed(
    event: JobEvent, circuit: tuple[object, ...], layout: Layout, most: int
) -> None:
    """Items that can be sealed are hashed with salt, and small enough for a dispute."""
    each, salt = cast(int, circuit[_DIGEST_ELEMENTS]), cast(int, circuit[_SALT_ELEMENTS])
    size = layout.input_words * each
    require(size > 0 and salt > 0, event, "public or unsalted inputs", "hashed ones with salt")
    require(size <= most, event, f"{size} elements an item", f"at most {most}")


def _require_predicate(event: JobEvent, flag: Predicate, layout: Layout) -> None:
    scored = flag.kind is not PredicateKind.AT_LEAST or layout.output_kind is OutputKind.SCORES
    require(scored, event, "a threshold on a label", "a label predicate, or scores")
    found = f"predicate index {flag.index}"
    require(flag.index < layout.classes, event, found, f"below {layout.classes}")


def _require_condemned(
    state: RegistryState, event: _Voided, circuit_id: bytes, deadline: int
) -> None:
    require_equal(event, "circuit", event.circuit_id, circuit_id)
    since = state.condemned_at.get(circuit_id, 0)
    found = f"a circuit condemned at {since}"
    require(0 < since <= deadline, event, found, f"a condemnation up to {deadline}")
