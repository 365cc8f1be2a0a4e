"""Which proof system a new model gets: the cheapest that can prove it."""

from collections.abc import Iterator
from importlib import import_module

from prover.base.errors import ModelRefused, UsageError
from prover.protocol.costs import Prices
from prover.systems.proposal import Proposal, Wanted

# Imported when asked for: their libraries take a second.
_PROPOSERS = {
    "native": "prover.systems.native.on_chain.proposal:propose",
    "ezkl": "prover.systems.ezkl.proposal:propose",
}


def proposals(wanted: Wanted) -> list[Proposal]:
    """What each system that was asked for would make. Raises UsageError if none could."""
    if wanted.system is not None and wanted.system not in _PROPOSERS:
        raise UsageError(f"--system {wanted.system!r}: expected {' or '.join(_PROPOSERS)}")
    asked = [wanted.system] if wanted.system else list(_PROPOSERS)
    return list(_proposals(wanted, asked))


def cheapest(found: list[Proposal], prices: Prices) -> Proposal:
    """The proposal of the lowest cost. Raises ModelRefused with each refusal if there is none."""
    made = [proposal for proposal in found if proposal.proving is not None]
    if not made:
        raise ModelRefused(
            "; ".join(f"{proposal.system}: {proposal.refusal}" for proposal in found)
        )
    return min(made, key=lambda proposal: proposal.cost(prices))


def _proposals(wanted: Wanted, asked: list[str]) -> Iterator[Proposal]:
    for name in asked:
        module, _, function = _PROPOSERS[name].partition(":")
        try:
            yield getattr(import_module(module), function)(wanted)
        except ModelRefused as error:
            yield Proposal(name, None, str(error))
