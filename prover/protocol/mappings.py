"""Mappings of a state: copied at each change, or built in place where nobody keeps the old one."""

from collections.abc import Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class InPlace(dict[K, V]):
    """A mapping that `put` changes itself: a history of n events costs n steps, not n * n."""


def put(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """The mapping with one entry set: a copy, unless it is built in place."""
    if isinstance(mapping, InPlace):
        mapping[key] = value
        return mapping
    return {**mapping, key: value}


def remove(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    """The mapping without an entry, if it was there: a copy, unless it is built in place."""
    if isinstance(mapping, InPlace):
        mapping.pop(key, None)
        return mapping
    return {one: value for one, value in mapping.items() if one != key}
