"""`zkescrow native`: circuits of integer networks, off-chain."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.console import progress
from prover.base.errors import UsageError
from prover.cli.common.options import SetUpOption, describe_set_up
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    from prover.systems.native.artifacts import NativeArtifacts
    from prover.systems.native.circuit.form import Form

app = new_app()
APPS = {"native": app}

Directory = Annotated[Path, typer.Argument(metavar="DIRECTORY", help="What `native add` made.")]


@command(app)
def example(
    out: Annotated[Path, typer.Option(help="Directory to make.")],
) -> None:
    """Write EfficientNet-Lite0 (ImageNet weights), photographs, and one to prove."""
    from prover.base.settings import get_settings
    from prover.systems.native.network.sources.example import write_efficientnet

    if out.exists():
        raise UsageError(f"{out} exists: choose another directory")
    progress("reading weights and photographs")
    made = write_efficientnet(out, get_settings().cache)
    show(
        {
            "model": str(made.model),
            "data": str(made.data),
            "photograph": str(made.photograph),
            "classes": str(made.classes),
        },
        f"{made.model}, {made.data}, {made.photograph}, {made.classes}",
        f"next: zkescrow model add {made.model} --data {made.data} --classes {made.classes}",
        f"then: zkescrow prediction post --model NAME --image {made.photograph} ...",
    )


@command(app)
def add(
    onnx: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="The model.")],
    data: Annotated[
        Path, typer.Option(help="Calibration .npz: `inputs` [n, channels, height, width].")
    ],
    out: Annotated[Path, typer.Option(help="Directory to make.")],
    scale: Annotated[
        float | None,
        typer.Option(help="What input integer 1 stands for [default: found from the data]."),
    ] = None,
    labels: Annotated[
        int, typer.Option(help="Make only the best labels public, 1 to 8; 0: all scores.")
    ] = 0,
    hashed: Annotated[
        bool, typer.Option("--hashed", help="Make salted digests of the input public.")
    ] = False,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Keep the weights secret; proofs commit to them.")
    ] = False,
    srs: SetUpOption = "development",
) -> None:
    """Turn a CNN into integers, place and check its circuit, and make its keys."""
    from prover.cli.common.bar import bar
    from prover.systems.native.artifacts import CONTEXT_LIMBS
    from prover.systems.native.circuit.form import Form
    from prover.systems.native.inputs import input_range, read_samples
    from prover.systems.native.system import Native, Wanted
    from prover.systems.srs import choose

    if out.exists():
        raise UsageError(f"{out} exists: choose another directory")
    stands, system = choose(srs, development=True), Native()
    samples = read_samples(data)
    form = Form(
        CONTEXT_LIMBS,
        "hashed" if hashed else "point",
        labels,
        "hidden" if hidden else "public",
    )
    progress("choosing integers")
    planned = system.plan(Wanted(onnx, samples, input_range(samples, scale), out, form))
    with bar(system.setup_stages) as begins:
        made = system.setup(planned, begins, stands)
    show(_facts(made), *_lines(made))


@command(app, "show")
def show_circuit(directory: Directory) -> None:
    """Show a circuit's layout and how many labels its integers keep."""
    from prover.systems.native.artifacts import load

    made = load(directory)
    show(_facts(made), *_lines(made))


@command(app)
def rebuild(directory: Directory) -> None:
    """Make circuit and keys again from the network, and compare the verifying key."""
    from prover.cli.common.bar import bar
    from prover.systems.native.system import Native

    system = Native()
    made = system.load(directory)
    with bar(system.setup_stages) as begins:
        system.rebuild(made, begins)
    if made.manifest.weights == "hidden":
        show(
            {"rebuilt": True, "except": ["weights", "biases"]},
            f"{directory}: the verifying key is the one that the outline gives, for any weights "
            f"and biases; proofs are of those known by {made.weights_commitment:#066x}",
        )
    else:
        show({"rebuilt": True}, f"{directory}: the verifying key is the one that the network gives")


@command(app)
def digests(
    directory: Directory,
    salts: Annotated[
        Path, typer.Option(help="JSON file of one input's salts; made with random ones if missing.")
    ],
    inputs: Annotated[Path | None, typer.Option(help="An .npz file with `inputs`.")] = None,
    index: Annotated[int, typer.Option(help="Which input of the .npz file.")] = 0,
    image: Annotated[Path | None, typer.Option(help="A photograph instead of --inputs.")] = None,
) -> None:
    """Show the digests that a proof about an input will show, before there is one."""
    from prover.systems.interface import InputFiles
    from prover.systems.native.artifacts import load
    from prover.systems.native.engine import random_words
    from prover.systems.native.hiding.salts import read_salts, write_salts
    from prover.systems.native.inputs import read_input
    from prover.systems.native.prover import digests_of

    made = load(directory)
    integers = read_input(made, InputFiles(inputs, index, image)).image
    if not salts.exists():
        drawn = random_words(made.program.digests)
        digests_of(made, integers, drawn)
        write_salts(salts, drawn)
    found = [f"0x{word:064x}" for word in digests_of(made, integers, read_salts(salts))]
    show({"digests": found, "salts": str(salts)}, *found, f"keep {salts}: prove needs its salts")


def _facts(made: "NativeArtifacts") -> dict[str, Any]:
    layout, hidden = made.manifest.layout, made.manifest.weights == "hidden"
    return {
        "artifacts": str(made.directory),
        "artifact_digest": "0x" + made.manifest.digest().hex(),
        "layers": len(made.network.layers),
        "layout": {
            "logrows": layout.k,
            "lanes": layout.lanes,
            "weight_lanes": layout.weight_lanes,
            "packing": layout.packing,
        },
        "label_agreement": made.manifest.agreement,
        "labels": made.manifest.labels,
        "inputs": made.manifest.inputs,
        "weights": made.manifest.weights,
        "weights_commitment": f"{made.weights_commitment:#066x}" if hidden else None,
        "srs": made.manifest.srs.model_dump(),
        "input_range": [made.network.input.low, made.network.input.high],
    }


def _lines(made: "NativeArtifacts") -> list[str]:
    facts, layout = _facts(made), made.manifest.layout
    return [
        f"{made.network.name}: {facts['layers']} layers in 2^{layout.k} rows of {layout.lanes} "
        f"cells and {layout.weight_lanes} weights; {layout.packing} fixed columns to a commitment",
        f"public: {_public(made.manifest.form)}",
        f"integers {facts['input_range'][0]} to {facts['input_range'][1]}{_agreement(made)}",
        f"set-up: {describe_set_up(made.manifest.srs.name)}",
        f"in {made.directory}; next: zkescrow prove --artifacts {made.directory}",
    ]


def _agreement(made: "NativeArtifacts") -> str:
    agreement = made.manifest.agreement
    return "" if agreement is None else f"; {agreement:.1%} of the calibration labels kept"


def _public(form: "Form") -> str:
    said = [f"the {form.labels} best labels, best first" if form.labels else "all scores"]
    if form.inputs == "hashed":
        said.append("digests of the input")
    if form.weights == "hidden":
        said.append("of the weights a commitment, in proofs")
    return "; ".join(said)
