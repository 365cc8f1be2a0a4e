"""What the child process does, in this one: keys and proofs of hidden weights."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from prover.base.errors import ProofRejected, ProvingError, StatementInvalid
from prover.base.files import write_atomically
from prover.systems.native import artifacts, tasks
from prover.systems.native.artifacts import Agreement
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hidden import outline
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.network import serialise
from prover.systems.native.network.bounds import bounded
from prover.systems.native.on_chain.items import NativeOnChain
from prover.systems.native.secret import PROOFS, Secret
from prover.systems.srs import development_record, development_srs
from prover.verify import parse_description
from tests.unit.systems.native.needs import needs_engine
from tests.unit.systems.native.networks import image_of, tiny_network

AGREEMENT = Agreement(1.0, 8)
FORM = Form(context=1, weights="hidden")
LAYOUT = CircuitLayout(k=11, lanes=2, weight_lanes=2)
pytestmark = needs_engine


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An owner's folder of the tiny network."""
    folder, network = tmp_path_factory.mktemp("owned") / "circuit", bounded(tiny_network())
    folder.mkdir()
    model = folder.with_name("any.onnx")
    model.write_bytes(b"a model")
    Secret(folder).keep(model, network)
    content = serialise.to_bytes(outline(network))
    write_atomically(folder / artifacts.OUTLINE, content, private=False)
    np.save(folder.with_name("image.npy"), image_of(network, 4))
    layout = [LAYOUT.k, LAYOUT.lanes, LAYOUT.weight_lanes, LAYOUT.packing]
    made = tasks.make_keys(str(folder), layout, asdict(FORM), *set_up())
    stands = development_record(LAYOUT.k)
    artifacts.publish(folder, network, LAYOUT, AGREEMENT, FORM, stands, weights=made["weights"])
    return folder


def set_up() -> tuple[str, str]:
    """Files of the development set-up: for the rows, and with all powers."""
    return str(development_srs(LAYOUT.k)), str(development_srs(LAYOUT.powers))


def prove(folder: Path, out: Path) -> None:
    image = str(folder.with_name("image.npy"))
    tasks.make_proof(str(folder), image, [7], None, None, *set_up(), str(out))


def test_each_proof_is_counted_and_none_is_made_beyond_the_hiding(
    owned: Path, tmp_path: Path
) -> None:
    """A count that fails to be made would let proofs tell the weights in the end."""
    secret = Secret(owned)
    prove(owned, tmp_path / "one")
    artifacts.load(owned).require_weights((tmp_path / "one").read_bytes())
    assert (secret.folder / PROOFS).read_text() == "1\n"
    (secret.folder / PROOFS).write_text(f"{secret.salt().proofs}\n")
    with pytest.raises(ProvingError, match="set the model up again"):
        prove(owned, tmp_path / "beyond")
    assert not (tmp_path / "beyond").exists()


def test_no_stake_counts_on_more_proofs_than_hide_the_weights(owned: Path) -> None:
    secret, system = Secret(owned), NativeOnChain()
    (secret.folder / PROOFS).write_text(f"{secret.salt().proofs - 2}\n")
    made = artifacts.load(owned)
    system.require_proofs(made, 2)
    with pytest.raises(StatementInvalid, match="hidden in 2 proofs more: expected 3"):
        system.require_proofs(made, 3)


def test_a_proof_of_other_weights_is_rejected(owned: Path) -> None:
    """The key takes it: the manifest says whose weights are paid for."""
    made = artifacts.load(owned)
    description = parse_description((owned / artifacts.DESCRIPTION).read_bytes())
    with pytest.raises(ProofRejected, match="the proof is of other weights"):
        made.require_weights(bytes(description.proof.bytes))


def test_a_hidden_key_is_salted_to_the_last_row(owned: Path) -> None:
    salt = Secret(owned).salt()
    program = artifacts.load(owned).program
    rows = max(len(program.columns["continues_segment"]), program.columns["weight"].shape[1])
    assert salt.cells == min(1 << 14, LAYOUT.usable_rows - rows)
    assert salt.proofs == (salt.cells - 1) // 5
