"""Which tensors must have one scale."""

from collections.abc import Sequence

from prover.systems.native.network.real import RealNetwork


class ScaleGroups:
    """Groups of names, each alone at first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The name that stands for the group of `name`."""
        while name in self._parent:
            name = self._parent[name]
        return name

    def unite(self, names: Sequence[str]) -> None:
        """Put all of `names` in one group."""
        first = self.root(names[0])
        for name in names[1:]:
            other = self.root(name)
            if other != first:
                self._parent[other] = first


def scale_groups(network: RealNetwork) -> ScaleGroups:
    """Tensors that are added before a product, and maxima with what they are taken of."""
    united = ScaleGroups([network.input_name, *(layer.name for layer in network.layers)])
    for layer in network.layers:
        united.unite((layer.name, *layer.of))
        for term in layer.terms:
            united.unite(term.sources)
    return united
