"""Where each section of a proof's public instances stands: one description for all sides."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from enum import IntEnum

from prover.base.errors import StatementInvalid
from prover.statement.context import check_context_size

_UINT8 = frozenset(
    {"context_limbs", "context_bits", "weight_words", "weight_points", "output_kind"}
)


class OutputKind(IntEnum):
    """What the output words of an item are."""

    SCORES = 0
    LABEL = 1


@dataclass(frozen=True)
class Layout:
    """Offsets and sizes in 32-byte words; field by field `Layout` of contracts/types/Circuit.sol.

    Sections are context, context echo, inputs (item i at inputs + i*input_words), weights and
    outputs (item i at outputs + i*output_words). They tile [0, instances) exactly, or
    StatementInvalid is raised. Without input words the proof commits to its input by a point; with
    `weight_points` it commits to hidden weights by as many points at its head.
    """

    instances: int
    items: int
    context: int
    context_limbs: int
    context_bits: int
    context_echo: int
    context_echo_words: int
    inputs: int
    input_words: int
    weights: int
    weight_words: int
    weight_points: int
    outputs: int
    output_words: int
    output_kind: OutputKind
    classes: int

    def __post_init__(self) -> None:
        self._check_widths()
        object.__setattr__(self, "output_kind", OutputKind(self.output_kind))
        check_context_size(self.context_limbs, self.context_bits)
        self._check_counts()
        self._check_tiling()

    def sections(self) -> dict[str, range]:
        """Each section's name and the instance indices it covers."""
        return {
            "context": range(self.context, self.context + self.context_limbs),
            "context_echo": range(self.context_echo, self.context_echo + self.context_echo_words),
            "inputs": range(self.inputs, self.inputs + self.items * self.input_words),
            "weights": range(self.weights, self.weights + self.weight_words),
            "outputs": range(self.outputs, self.outputs + self.items * self.output_words),
        }

    def section(self, name: str, instances: Sequence[int]) -> tuple[int, ...]:
        """The words of one section. Raises StatementInvalid if the instance count is not exact."""
        self.check_length(instances)
        where = self.sections()[name]
        return tuple(instances[where.start : where.stop])

    def item_inputs(self, instances: Sequence[int], item: int) -> tuple[int, ...]:
        """The input words of one item slot."""
        return self._item(self.section("inputs", instances), item, self.input_words)

    def item_outputs(self, instances: Sequence[int], item: int) -> tuple[int, ...]:
        """The output words of one item slot, as field elements."""
        return self._item(self.section("outputs", instances), item, self.output_words)

    def check_length(self, instances: Sequence[int]) -> None:
        """Raises StatementInvalid unless there are exactly `instances` words."""
        if len(instances) != self.instances:
            raise StatementInvalid(
                f"proof has {len(instances)} instances: expected exactly {self.instances}; "
                "use the layout of the circuit that made it"
            )

    def to_abi(self) -> tuple[int, ...]:
        """The fields as the Solidity struct takes them."""
        return tuple(int(value) for value in astuple(self))

    def to_dict(self) -> dict[str, int]:
        """The fields by name, for the manifest."""
        return {name: int(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, int]) -> "Layout":
        """The inverse of `to_dict`. Raises StatementInvalid on a missing or unknown field."""
        known = set(cls.__dataclass_fields__)
        if set(fields) != known:
            raise StatementInvalid(
                f"layout fields differ by {sorted(known ^ set(fields))}: expected exactly "
                f"{sorted(known)}; make the manifest again"
            )
        return cls(**{name: _integer(name, fields[name]) for name in known})  # type: ignore[arg-type]

    def _item(self, words: tuple[int, ...], item: int, size: int) -> tuple[int, ...]:
        if not 0 <= item < self.items:
            raise StatementInvalid(f"item {item}: expected 0 to {self.items - 1} in this layout")
        return words[item * size : (item + 1) * size]

    def _check_widths(self) -> None:
        for name, value in asdict(self).items():
            limit = 0xFF if name in _UINT8 else 0xFFFF
            if not 0 <= value <= limit:
                raise StatementInvalid(
                    f"layout field {name} is {value}: expected 0 to {limit}; "
                    "use a smaller model or fewer items"
                )

    def _check_counts(self) -> None:
        echo_allowed = {0, 1, self.context_limbs}
        pointed, hidden = self.input_words == 0, self.weight_points > 0
        scores = self.output_kind is OutputKind.SCORES
        fewest = self.classes if scores else 1
        outputs_expected = f"{fewest} to {self.classes}"
        for name, found, allowed in (
            ("items", self.items > 0, "at least 1"),
            ("items", self.items == 1 or not pointed, "1 where the proof has the input's point"),
            ("classes", self.classes > 0, "at least 1"),
            ("weight_words", self.weight_words <= 1, "0 or 1"),
            ("weight_words", self.weight_words == 0 or not hidden, "0 where there are points"),
            ("context_echo_words", self.context_echo_words in echo_allowed, f"{echo_allowed}"),
            ("output_words", fewest <= self.output_words <= self.classes, outputs_expected),
        ):
            if not found:
                raise StatementInvalid(
                    f"layout field {name} is {getattr(self, name)}: expected {allowed}; "
                    "make the layout again from the circuit's settings"
                )

    def _check_tiling(self) -> None:
        end = 0
        for name, where in sorted(
            self.sections().items(), key=lambda entry: (entry[1].start, entry[1].stop)
        ):
            if not where:
                continue
            if where.start != end:
                raise StatementInvalid(
                    f"layout section {name} starts at word {where.start}: expected {end}, as "
                    "the sections tile the instances; make the layout again"
                )
            end = where.stop
        if end != self.instances:
            raise StatementInvalid(
                f"layout sections end at word {end}: expected {self.instances}, as they tile "
                "the instances; make the layout again"
            )


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise StatementInvalid(f"layout field {name} is {value!r}: expected an integer")
    return value
