"""PositionalTree, against the vectors that prover/statement/tree.py makes too."""

import pytest

from prover.statement import tree
from tests.contracts.reverting import reverts
from tests.contracts.vectors import hashes, load, unhex

TREES = load("tree")["trees"]
EMPTY = bytes(32)
LEAVES = [tree.leaf_hash(bytes([index])) for index in range(5)]


@pytest.fixture(scope="session")
def library(project, deployer):
    return deployer.deploy(project.LibraryHarness)


@pytest.fixture
def grown():
    """A tree of five leaves, three places unused."""
    return tree.build(LEAVES)


@pytest.mark.parametrize("vector", TREES, ids=lambda vector: f"{vector['count']} leaves")
def test_gives_the_root_of_the_vectors(library, vector):
    count, root = vector["count"], unhex(vector["root"])
    assert library.depthOf(count) == vector["depth"]
    for index, (fields, path) in enumerate(zip(vector["fields"], vector["paths"], strict=True)):
        leaf = library.leaf(unhex(fields))
        assert leaf == unhex(vector["leaves"][index])
        assert library.rootOf(leaf, index, count, hashes(path)) == root


@pytest.mark.parametrize("vector", TREES, ids=lambda vector: f"{vector['count']} leaves")
def test_folds_the_batches_of_the_vectors(library, vector):
    for batch in vector["batches"]:
        leaves, path = hashes(batch["leaves"]), hashes(batch["path"])
        root = library.rootOfBatch(leaves, batch["start"], vector["count"], path)
        assert root == unhex(vector["root"])


@pytest.mark.parametrize(
    ("count", "depth"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (65_536, 16), (65_537, 17)]
)
def test_depth_is_the_logarithm_rounded_up(library, count, depth):
    assert library.depthOf(count) == depth


def test_a_leaf_has_one_place(library, grown):
    path = grown.path(2)
    roots = {library.rootOf(LEAVES[2], index, 5, path) for index in range(5)}
    assert grown.root in roots
    assert len(roots) == 5


def test_the_order_of_siblings_counts(library, grown):
    """A tree of sorted pairs would give one root for both places."""
    left, right = LEAVES[0], LEAVES[1]
    swapped = tree.build([right, left, *LEAVES[2:]])
    assert library.rootOf(right, 1, 5, grown.path(1)) == grown.root
    assert library.rootOf(right, 0, 5, swapped.path(0)) == swapped.root
    assert swapped.root != grown.root


def test_a_node_is_no_leaf(library):
    node = LEAVES[0] + LEAVES[1]
    assert library.leaf(node) != tree.node_hash(LEAVES[0], LEAVES[1])


def test_folds_a_batch_with_unused_places(library, grown):
    leaves = [LEAVES[4], EMPTY, EMPTY, EMPTY]
    assert library.rootOfBatch(leaves, 4, 5, grown.path(4, 2)) == grown.root


@pytest.mark.parametrize("index", [5, 6, 7, 8, 2**256 - 1])
def test_RevertWhen_the_index_is_out_of_range(library, attacker, index):
    """Also in the places that the tree has but the list has not."""
    with reverts(library.PositionalTree_IndexOutOfRange, index=index, count=5):
        library.rootOf.transact(EMPTY, index, 5, [EMPTY] * 3, sender=attacker)


def test_RevertWhen_the_list_is_empty(library, attacker):
    with reverts(library.PositionalTree_IndexOutOfRange, index=0, count=0):
        library.rootOf.transact(EMPTY, 0, 0, [], sender=attacker)


@pytest.mark.parametrize("length", [0, 2, 4])
def test_RevertWhen_the_path_has_another_length(library, attacker, length):
    with reverts(library.PositionalTree_WrongPathLength, actual=length, allowed=3):
        library.rootOf.transact(LEAVES[0], 0, 5, [EMPTY] * length, sender=attacker)


@pytest.mark.parametrize(
    ("start", "size"), [(0, 0), (0, 3), (1, 2), (2, 4)], ids=["none", "three", "odd", "unaligned"]
)
def test_RevertWhen_a_batch_is_not_aligned(library, attacker, start, size):
    with reverts(library.PositionalTree_BadBatch, start=start, size=size):
        library.rootOfBatch.transact(LEAVES[:size], start, 5, [EMPTY] * 2, sender=attacker)


def test_RevertWhen_a_batch_fills_an_unused_place(library, attacker, grown):
    leaves = [LEAVES[4], EMPTY, LEAVES[0], EMPTY]
    with reverts(library.PositionalTree_IndexOutOfRange, index=6, count=5):
        library.rootOfBatch.transact(leaves, 4, 5, grown.path(4, 2), sender=attacker)


def test_RevertWhen_a_batch_is_greater_than_the_tree(library, attacker):
    leaves = [LEAVES[0], LEAVES[1], EMPTY, EMPTY]
    with reverts(library.PositionalTree_WrongPathLength, actual=0, allowed=0):
        library.rootOfBatch.transact(leaves, 0, 2, [], sender=attacker)
