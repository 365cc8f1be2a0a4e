"""Which proof system a new model gets: the cheapest that can prove it."""

from collections.abc import Iterator
from importlib import import_module

from prover.base.errors import ModelRefused, UsageError
from prover.protocol.costs import Prices
from prover.systems.offer import Offer, Wanted

# Imported when asked for: their libraries take a second.
_OFFERS = {
    "native": "prover.systems.native.on_chain.offer:offer",
    "ezkl": "prover.systems.ezkl.offer:offer",
}


def offers(wanted: Wanted) -> list[Offer]:
    """What each system that was asked for would make. Raises UsageError if none could."""
    if wanted.system is not None and wanted.system not in _OFFERS:
        raise UsageError(f"--system {wanted.system!r}: expected {' or '.join(_OFFERS)}")
    asked = [wanted.system] if wanted.system else list(_OFFERS)
    return list(_offers(wanted, asked))


def cheapest(found: list[Offer], prices: Prices) -> Offer:
    """The offer of the lowest cost. Raises ModelRefused with each refusal if there is none."""
    made = [offer for offer in found if offer.proving is not None]
    if not made:
        raise ModelRefused("; ".join(f"{offer.system}: {offer.refusal}" for offer in found))
    return min(made, key=lambda offer: offer.cost(prices))


def _offers(wanted: Wanted, asked: list[str]) -> Iterator[Offer]:
    for name in asked:
        module, _, function = _OFFERS[name].partition(":")
        try:
            yield getattr(import_module(module), function)(wanted)
        except ModelRefused as error:
            yield Offer(name, None, str(error))
