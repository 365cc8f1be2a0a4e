"""What a native circuit of a model would take, before its keys are made."""

from collections.abc import Callable

from prover.base.errors import ModelRefused
from prover.protocol.costs import Proving
from prover.systems.class_names import read_names
from prover.systems.interface import Artifacts
from prover.systems.native.artifacts import CONTEXT_LIMBS
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import choose_layout
from prover.systems.native.circuit.program import hashing_of
from prover.systems.native.circuit.ranking import MAX_LABELS
from prover.systems.native.circuit.storage import lay_out
from prover.systems.native.circuit.tables import Table
from prover.systems.native.circuit.uses import prepare
from prover.systems.native.facts import predicted
from prover.systems.native.inputs import input_range
from prover.systems.native.network import importer
from prover.systems.native.network.quantise import to_integers
from prover.systems.native.network.real import RealNetwork, Reals
from prover.systems.native.network.search import Choice, find
from prover.systems.native.on_chain.adding import add
from prover.systems.onnx import calibration
from prover.systems.proposal import HASHED, HIDDEN, PUBLIC, Proposal, Wanted
from prover.systems.srs import SetUpChoice
from prover.systems.worker import Progress

SCORES_AT_MOST = 16  # more are dear as public words: then the best labels are


def propose(wanted: Wanted) -> Proposal:
    """Raises ModelRefused naming what native circuits do not do."""
    if wanted.items != 1:
        raise ModelRefused(f"{wanted.items} items a proof: a native circuit proves 1")
    if wanted.inputs == PUBLIC:
        raise ModelRefused("native circuits show a point or digests of an input, never its values")
    network = importer.load(wanted.onnx)
    samples = _samples(wanted, network)
    source = input_range(samples, None)
    choice = find(network, to_integers(samples, source.scale), source)
    form = _form(wanted, choice)
    classes = choice.network.layer(choice.network.output).channels
    names = read_names(wanted.classes, classes) if wanted.classes else None
    return Proposal("native", _proving(choice, form), "", _maker(wanted, choice, form, names))


def _samples(wanted: Wanted, network: RealNetwork) -> Reals:
    shape = network.input_shape
    classes = network.layers[-1].shape[0]
    found = calibration.read(wanted.data, (1, *shape), classes)
    return found.inputs.reshape(-1, *shape).astype("float64")


def _form(wanted: Wanted, choice: Choice) -> Form:
    classes = choice.network.layer(choice.network.output).channels
    usual = 0 if classes <= SCORES_AT_MOST else min(5, MAX_LABELS)
    return Form(
        CONTEXT_LIMBS,
        "hashed" if wanted.inputs == HASHED else "point",
        usual if wanted.labels is None else wanted.labels,
        "hidden" if wanted.weights == HIDDEN else "public",
    )


def _proving(choice: Choice, form: Form) -> Proving:
    network = choice.network
    layout = choose_layout(network, form)
    outputs = form.labels or network.layer(network.output).channels
    digests = 0
    if form.inputs == "hashed":
        prepared = prepare(network)
        image = lay_out(prepared, layout.lanes)[prepared.input.name]
        digests = len(hashing_of(image, layout.lanes, Table.of(prepared, None)).chunks)
    return predicted(layout, form, form.context + digests + outputs)


def _maker(
    wanted: Wanted, choice: Choice, form: Form, names: tuple[str, ...] | None
) -> Callable[[SetUpChoice, Progress | None], Artifacts]:
    def make(srs: SetUpChoice, progress: Progress | None) -> Artifacts:
        return add(wanted.onnx, choice, form, None, progress, srs, names)

    return make
