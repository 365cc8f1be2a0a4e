"""Integer networks as files: the same network always gives the same bytes.

A line of magic, the length of the header (8 bytes, little-endian), the header as canonical JSON
(RFC 8785), then all weights and biases as little-endian int32 (or int64 where one needs it),
each layer's terms in order and then its bias.
"""

import hashlib
import struct
from collections.abc import Iterator
from math import prod
from typing import Annotated, Any

import numpy as np
import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prover.base.errors import ModelRefused
from prover.systems.native.network.consistency import check, check_shapes
from prover.systems.native.network.convolution import EXACT
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term

MAGIC = b"zkescrow integer network 1\n"
LENGTH = struct.Struct("<Q")
WIDTHS: dict[int, np.dtype[Any]] = {4: np.dtype("<i4"), 8: np.dtype("<i8")}


# Numbers of canonical JSON are exact up to here (RFC 8785).
_Whole = Annotated[int, Field(gt=-EXACT, lt=EXACT)]
_Real = Annotated[float, Field(allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Term(_Record):
    sources: list[str] = Field(min_length=1)
    weight: list[_Whole] = Field(min_length=4, max_length=4)
    stride: _Whole
    pads: list[_Whole] = Field(min_length=4, max_length=4)
    groups: _Whole
    pooled: bool


class _Layer(_Record):
    name: str
    terms: list[_Term] = Field(min_length=1)
    low: _Whole
    high: _Whole
    q_low: _Whole
    q_high: _Whole
    shape: list[_Whole] = Field(min_length=3, max_length=3)
    scale: _Real


class _Input(_Record):
    name: str
    shape: list[_Whole] = Field(min_length=3, max_length=3)
    low: _Whole
    high: _Whole
    scale: _Real


class _Header(_Record):
    name: str
    input: _Input
    layers: list[_Layer] = Field(min_length=1)
    shift: _Whole
    output: str
    width: _Whole


def sha256(network: Network) -> str:
    """Hash of the network's file, in hexadecimal."""
    return hashlib.sha256(to_bytes(network)).hexdigest()


def to_bytes(network: Network) -> bytes:
    """The network's file."""
    arrays = list(_arrays(network))
    largest = max(int(np.abs(array).max(initial=0)) for array in arrays)
    width = 4 if largest < 1 << 31 else 8
    header = rfc8785.dumps(_header(network, width).model_dump())
    body = b"".join(array.astype(WIDTHS[width]).tobytes() for array in arrays)
    return MAGIC + LENGTH.pack(len(header)) + header + body


def from_bytes(data: bytes, bounds: bool = True) -> Network:
    """The network of a file, checked: its layers fit each other and its `bounds` are right.

    Raises ModelRefused if the file is not one that `to_bytes` gives of such a network.
    """
    try:
        network = _parsed(data)
    except (ValidationError, ValueError, KeyError, struct.error) as error:
        reason = str(error).splitlines()[0]
        raise ModelRefused(
            f"this is not a file of an integer network, or it is damaged: {reason}"
        ) from error
    if to_bytes(network) != data:
        raise ModelRefused(
            "this file of an integer network is not in canonical form: expected exactly the "
            "bytes that zkescrow writes; set the model up again"
        )
    (check if bounds else check_shapes)(network)
    return network


def _arrays(network: Network) -> Iterator[Integers]:
    for layer in network.layers:
        for term in layer.terms:
            yield term.weight
        yield layer.bias


def _header(network: Network, width: int) -> _Header:
    tensor = network.input
    source = _Input(
        name=tensor.name,
        shape=[tensor.channels, tensor.height, tensor.width],
        low=tensor.low,
        high=tensor.high,
        scale=network.input_scale,
    )
    layers = [_layer_record(layer) for layer in network.layers]
    return _Header(
        name=network.name,
        input=source,
        layers=layers,
        shift=network.shift,
        output=network.output,
        width=width,
    )


def _layer_record(layer: Layer) -> _Layer:
    return _Layer(
        name=layer.name,
        terms=[_term_record(term) for term in layer.terms],
        low=layer.low,
        high=layer.high,
        q_low=layer.q_low,
        q_high=layer.q_high,
        shape=[layer.channels, layer.height, layer.width],
        scale=layer.scale,
    )


def _term_record(term: Term) -> _Term:
    return _Term(
        sources=list(term.sources),
        weight=list(term.weight.shape),
        stride=term.stride,
        pads=list(term.pads),
        groups=term.groups,
        pooled=term.pooled,
    )


def _parsed(data: bytes) -> Network:
    if not data.startswith(MAGIC):
        raise ValueError(f"expected the first line {MAGIC!r}")
    start = len(MAGIC) + LENGTH.size
    size = LENGTH.unpack(data[len(MAGIC) : start])[0]
    header = _Header.model_validate_json(data[start : start + size])
    numbers = _Numbers(data[start + size :], WIDTHS[header.width])
    layers = tuple(_layer(record, numbers) for record in header.layers)
    numbers.finish()
    source = header.input
    channels, height, width = source.shape
    tensor = Tensor(source.name, channels, height, width, source.low, source.high)
    return Network(header.name, tensor, layers, header.shift, header.output, source.scale)


def _layer(record: _Layer, numbers: "_Numbers") -> Layer:
    channels, height, width = record.shape
    return Layer(
        name=record.name,
        terms=tuple(_term(term, numbers) for term in record.terms),
        bias=numbers.take([channels]),
        low=record.low,
        high=record.high,
        q_low=record.q_low,
        q_high=record.q_high,
        channels=channels,
        height=height,
        width=width,
        scale=record.scale,
    )


def _term(record: _Term, numbers: "_Numbers") -> Term:
    top, left, bottom, right = record.pads
    return Term(
        sources=tuple(record.sources),
        weight=numbers.take(record.weight),
        stride=record.stride,
        pads=(top, left, bottom, right),
        groups=record.groups,
        pooled=record.pooled,
    )


class _Numbers:
    """The numbers after the header, in order."""

    def __init__(self, data: bytes, kind: np.dtype[Any]) -> None:
        self._values = np.frombuffer(data, dtype=kind)
        self._next = 0

    def take(self, shape: list[int]) -> Integers:
        """The next array."""
        if min(shape) < 1 or self._next + prod(shape) > len(self._values):
            raise ValueError("it has fewer weights than its header says")
        part = self._values[self._next : self._next + prod(shape)]
        self._next += prod(shape)
        return part.astype(np.int64).reshape(shape)

    def finish(self) -> None:
        """ValueError if numbers are left."""
        if self._next != len(self._values):
            raise ValueError("it has more weights than its header says")
