"""Which tensors must have one scale."""

from collections.abc import Sequence

from prover.systems.native.network.real import RealNetwork


class Ties:
    """Groups of names, each alone at first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The name that stands for the group of `name`."""
        while name in self._parent:
            name = self._parent[name]
        return name

    def tie(self, names: Sequence[str]) -> None:
        """Put all of `names` in one group."""
        first = self.root(names[0])
        for name in names[1:]:
            other = self.root(name)
            if other != first:
                self._parent[other] = first


def ties_of(network: RealNetwork) -> Ties:
    """Tensors that are added before a product, and maxima with what they are taken of."""
    ties = Ties([network.input_name, *(layer.name for layer in network.layers)])
    for layer in network.layers:
        ties.tie((layer.name, *layer.of))
        for term in layer.terms:
            ties.tie(term.sources)
    return ties
