"""`zkescrow native`: circuits of integer networks, off-chain."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prover.base.console import progress
from prover.base.errors import UsageError
from prover.cli.common.options import SetUpOption, set_up_in_words
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    import numpy as np

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
    from prover.systems.native.network.example import write_efficientnet

    if out.exists():
        raise UsageError(f"{out} exists: choose another directory")
    progress("reading weights and photographs")
    made = write_efficientnet(out, get_settings().cache)
    show(
        {"model": str(made.model), "data": str(made.data), "photograph": str(made.photograph)},
        f"{made.model}, {made.data}, {made.photograph}",
        f"next: zkescrow native add {made.model} --data {made.data} --out CIRCUIT",
        f"then: zkescrow prove --image {made.photograph} --artifacts CIRCUIT ...",
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
        bool, typer.Option("--hidden", help="Keep the weights secret; the key commits to them.")
    ] = False,
    srs: SetUpOption = "development",
) -> None:
    """Turn a CNN into integers, place and check its circuit, and make its keys."""
    from prover.cli.common.bar import bar
    from prover.systems.native import setup
    from prover.systems.native.artifacts import CONTEXT_LIMBS
    from prover.systems.native.circuit.form import Form
    from prover.systems.native.stages import SETTING_UP
    from prover.systems.srs import choose

    if out.exists():
        raise UsageError(f"{out} exists: choose another directory")
    stands = choose(srs, development=True)
    samples = _inputs(data)
    progress("choosing integers")
    choice = setup.plan(onnx, samples, _source(samples, scale))
    with bar(SETTING_UP) as begins:
        form = Form(
            CONTEXT_LIMBS,
            "hashed" if hashed else "point",
            labels,
            "hidden" if hidden else "public",
        )
        made = setup.setup(onnx, choice, out, progress=begins, form=form, srs=stands)
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
    from prover.systems.native import setup
    from prover.systems.native.artifacts import load
    from prover.systems.native.stages import SETTING_UP

    made = load(directory)
    with bar(SETTING_UP) as begins:
        setup.rebuild(made, progress=begins)
    if made.manifest.weights == "hidden":
        show(
            {"rebuilt": True, "except": ["weights", "biases"]},
            f"{directory}: the verifying key is what the outline gives, but for the points of "
            "weights and biases, which are its owner's secret",
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
    from prover.systems.native.artifacts import load
    from prover.systems.native.engine import random_words
    from prover.systems.native.prover import digests_of
    from prover.systems.native.salts import read_salts, write_salts

    made = load(directory)
    integers = read_image(inputs, index, made) if inputs else read_photograph(image, made)
    if not salts.exists():
        drawn = random_words(made.program.digests)
        digests_of(made, integers, drawn)
        write_salts(salts, drawn)
    found = [f"0x{word:064x}" for word in digests_of(made, integers, read_salts(salts))]
    show({"digests": found, "salts": str(salts)}, *found, f"keep {salts}: prove needs its salts")


def read_image(path: Path, index: int, made: "NativeArtifacts") -> Any:
    """Integers [channels, height, width] of one input of an .npz file."""
    import numpy as np

    inputs = _inputs(path)
    if not 0 <= index < len(inputs):
        raise UsageError(f"--index {index}: {path} has inputs 0 to {len(inputs) - 1}")
    return np.rint(inputs[index] / made.manifest.input_scale).astype(np.int64)


def read_photograph(path: Path | None, made: "NativeArtifacts") -> Any:
    """Integers [3, size, size] of the middle of a photograph, for a model of square RGB images."""
    from prover.systems.native.network.sources.images import read_photo

    if path is None:
        raise UsageError("give one of --inputs and --image")
    source = made.network.input
    if source.channels != 3 or source.height != source.width or source.high - source.low != 255:
        raise UsageError(
            f"--image: the model takes {source.channels} planes of {source.height}x{source.width} "
            f"integers {source.low} to {source.high}; square RGB images of 256 levels are allowed: "
            "give --inputs"
        )
    return read_photo(path, source.height, -source.low)[0]


def _inputs(path: Path) -> "np.ndarray[Any, np.dtype[np.float64]]":
    import numpy as np

    from prover.systems.onnx.calibration import read_arrays

    found = read_arrays(path, ("inputs",))["inputs"]
    if found.dtype.kind not in "fiub":
        raise UsageError(f"`inputs` of {path} holds {found.dtype}: only numbers are allowed")
    inputs = found.astype(np.float64)
    if inputs.ndim != 4 or not len(inputs):
        raise UsageError(
            f"`inputs` of {path} has shape {list(inputs.shape)}: "
            "[n, channels, height, width] with at least one input is allowed"
        )
    return inputs


def _source(samples: "np.ndarray[Any, np.dtype[np.float64]]", scale: float | None) -> Any:
    import numpy as np

    from prover.systems.native.network.quantise import InputRange
    from prover.systems.native.network.search import grid_of

    if scale is None:
        return grid_of(samples)
    if scale <= 0:
        raise UsageError(f"--scale {scale}: a positive number is allowed")
    integers = np.rint(samples / scale)
    return InputRange(int(integers.min()), int(integers.max()), scale)


def _facts(made: "NativeArtifacts") -> dict[str, Any]:
    return {
        "directory": str(made.directory),
        "digest": "0x" + made.manifest.digest().hex(),
        "layers": len(made.network.layers),
        "layout": made.manifest.layout.model_dump(),
        "agreement": made.manifest.agreement,
        "labels": made.manifest.labels,
        "inputs": made.manifest.inputs,
        "weights": made.manifest.weights,
        "srs": made.manifest.srs.model_dump(),
        "input": [made.network.input.low, made.network.input.high],
    }


def _lines(made: "NativeArtifacts") -> list[str]:
    facts, layout = _facts(made), made.manifest.layout
    return [
        f"{made.network.name}: {facts['layers']} layers in 2^{layout.k} rows of {layout.lanes} "
        f"cells and {layout.weight_lanes} weights",
        f"public: {_public(made.manifest.form)}",
        f"integers {facts['input'][0]} to {facts['input'][1]}; "
        f"{made.manifest.agreement:.1%} of the calibration labels kept",
        f"set-up: {set_up_in_words(made.manifest.srs.name)}",
        f"in {made.directory}; next: zkescrow prove --artifacts {made.directory}",
    ]


def _public(form: "Form") -> str:
    said = [f"the {form.labels} best labels, best first" if form.labels else "all scores"]
    if form.inputs == "hashed":
        said.append("digests of the input")
    if form.weights == "hidden":
        said.append("of the weights a commitment")
    return "; ".join(said)
