"""The VerifierCall library: words of an encoded call that the self-test changes."""

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector as selector_of

from prover.base.text import ZERO_ADDRESS

KEY = "0x" + "42" * 20
PROOF = bytes(range(1, 129))
INSTANCES = [7, 8, 9]
VALUE = 1 << 200


@pytest.fixture(scope="session")
def library(project, deployer):
    return deployer.deploy(project.LibraryHarness)


@pytest.mark.parametrize("key", [ZERO_ADDRESS, KEY], ids=["generated", "keyed"])
@pytest.mark.parametrize("place", [0, 32, 96])
@pytest.mark.parametrize("from_end", [1, 3])
def test_one_word_of_the_proof_and_one_instance_are_changed(library, key, place, from_end):
    word = VALUE.to_bytes(32, "big")
    proof = PROOF[:place] + word + PROOF[place + 32 :]
    instances = [*INSTANCES]
    instances[-from_end] = VALUE
    kinds, values = ["bytes", "uint256[]"], [proof, instances]
    if key != ZERO_ADDRESS:
        kinds, values = ["address", *kinds], [key, *values]
    expected = selector_of(f"verifyProof({','.join(kinds)})") + encode(kinds, values)

    assert library.changedCall(key, PROOF, INSTANCES, place, from_end, VALUE) == expected
