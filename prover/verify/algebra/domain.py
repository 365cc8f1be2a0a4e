"""The rows of a circuit as powers of omega, a root of unity of order n = 2^k.

Row i stands at omega^i; l_i is the polynomial of degree below n that is 1 there and 0 on the other
rows: l_i(x) = (x^n - 1) / n * omega^i / (x - omega^i). Source: PLONK (eprint 2019/953), section 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from prover.verify.algebra.field import R, inverse


@dataclass(frozen=True)
class Domain:
    """n = 2^k rows; `omega` is a primitive n-th root of unity."""

    k: int
    omega: int

    @property
    def rows(self) -> int:
        """n."""
        return 1 << self.k

    def rotate(self, x: int, rotation: int) -> int:
        """omega^rotation * x: where a polynomial takes the value of `rotation` rows further."""
        return x * pow(self.omega, rotation % self.rows, R) % R

    def vanishing(self, x: int) -> int:
        """x^n - 1, which is 0 on all rows and nowhere else."""
        return (pow(x, self.rows, R) - 1) % R

    def lagrange(self, row: int, x: int) -> int:
        """l_row(x), for x outside the domain; rows are counted modulo n."""
        root = pow(self.omega, row % self.rows, R)
        return self.vanishing(x) * root * inverse(self.rows * (x - root)) % R

    def column(self, cells: Sequence[int], x: int) -> int:
        """The column that starts with these cells and goes on with zeros, at x."""
        return sum(cell * self.lagrange(row, x) for row, cell in enumerate(cells)) % R
