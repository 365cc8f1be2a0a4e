"""What disputes of sealed items show, as the contracts take it."""

from dataclasses import dataclass

from prover.statement.documents.sealed import DigitPlace
from prover.statement.sealing import SealedForm


@dataclass(frozen=True)
class DigitOpening:
    """`Digit` of types/Sealed.sol: a digit, and which digits its element has."""

    place: DigitPlace
    count: int
    padding: int
    path: tuple[bytes, ...]

    @classmethod
    def of(cls, place: DigitPlace, form: SealedForm) -> "DigitOpening":
        """By what the circuit says of the element."""
        number = form.number(place.chunk, place.element)
        word = form.words[number]
        return cls(place, word.count, word.padding, form.padding_tree.path(number))

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        where = (self.place.chunk, self.place.element, self.place.digit)
        return (*where, self.count, self.padding, list(self.path))
