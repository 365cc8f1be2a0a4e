"""What a tensor of an ONNX graph is while its layers are put together."""

from dataclasses import dataclass, replace

import numpy as np

from prover.systems.native.network.convolution import NO_PADS, Pads, output_size
from prover.systems.native.network.real import Reals, RealTerm, Shape


@dataclass(frozen=True)
class View:
    """The sum of stored tensors of one shape, perhaps framed by zeros or averaged over its plane.

    `shape` is without the frame; a mean over a plane of `pooled` cells (0: none) has planes 1x1.
    `flat`: ONNX sees it as a matrix [1, channels * height * width].
    """

    sources: tuple[str, ...]
    shape: Shape
    pads: Pads = NO_PADS
    pooled: int = 0
    flat: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is the stored values as they are."""
        return not self.pooled and self.pads == NO_PADS


@dataclass(frozen=True, eq=False)
class Affine:
    """Terms and a bias that no layer holds yet: an activation or another sum may join them."""

    terms: tuple[RealTerm, ...]
    bias: Reals
    shape: Shape
    flat: bool = False


Expression = View | Affine


def convolution(
    view: View, weight: Reals, bias: Reals, stride: int, pads: Pads, groups: int
) -> Affine:
    """A convolution of a view, whose own frame and mean it takes over.

    Raises ValueError if no window fits, or if padding is not smaller than the kernel.
    """
    around = _added(view.pads, pads)
    rows, columns = weight.shape[2:]
    if max(around[0], around[2]) >= rows or max(around[1], around[3]) >= columns:
        raise ValueError(
            f"padding {list(around)} (top, left, bottom, right) of its {rows}x{columns} kernel: on "
            "each side it must be smaller than the kernel; pad less"
        )
    size = (
        output_size(view.shape[1], rows, stride, around[0], around[2]),
        output_size(view.shape[2], columns, stride, around[1], around[3]),
    )
    if min(size) < 1:
        raise ValueError(f"its {rows}x{columns} kernel does not fit planes of {view.shape[1:]}")
    mean = weight / max(view.pooled, 1)
    term = RealTerm(view.sources, mean, stride, around, groups, view.pooled > 0)
    return Affine((term,), bias, (len(weight), *size))


def identity(view: View) -> Affine:
    """The view itself as a convolution of each channel by 1."""
    channels = view.shape[0]
    one = np.ones((channels, 1, 1, 1))
    found = convolution(replace(view, flat=False), one, np.zeros(channels), 1, NO_PADS, channels)
    return replace(found, flat=view.flat)


def scaled(affine: Affine, scale: Reals, shift: Reals) -> Affine:
    """Each channel times `scale` [channels], plus `shift` [channels]."""
    by_output = scale[:, None, None, None]
    terms = tuple(replace(term, weight=term.weight * by_output) for term in affine.terms)
    return replace(affine, terms=terms, bias=affine.bias * scale + shift)


def joined(left: Affine, right: Affine) -> Affine:
    """The sum of two of one shape; terms that read the same cells become one."""
    terms = list(left.terms)
    for term in right.terms:
        same = [i for i, other in enumerate(terms) if _reads(other) == _reads(term)]
        if same:
            terms[same[0]] = replace(term, weight=terms[same[0]].weight + term.weight)
        else:
            terms.append(term)
    return replace(left, terms=tuple(terms), bias=left.bias + right.bias)


def _reads(term: RealTerm) -> tuple[object, ...]:
    return term.sources, term.weight.shape, term.stride, term.pads, term.groups, term.pooled


def _added(left: Pads, right: Pads) -> Pads:
    return left[0] + right[0], left[1] + right[1], left[2] + right[2], left[3] + right[3]
