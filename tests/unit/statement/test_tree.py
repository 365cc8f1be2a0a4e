import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.tree import EMPTY_LEAF, build, check_membership, fold, leaf_hash, node_hash

LEAVES = [leaf_hash(bytes([index])) for index in range(40)]


@given(st.integers(1, 40), st.data())
def test_every_batch_is_proven_by_one_path(count: int, data: st.DataObject) -> None:
    tree = build(LEAVES[:count])
    log2 = data.draw(st.integers(0, tree.depth))
    start = data.draw(st.integers(0, (count - 1) >> log2)) << log2
    subtree = fold(tree.levels[0][start : start + (1 << log2)])
    check_membership(tree.root, count, start, subtree, tree.path(start, log2), log2)


@given(st.integers(2, 40), st.data())
def test_no_other_index_leaf_or_path_is_accepted(count: int, data: st.DataObject) -> None:
    tree = build(LEAVES[:count])
    index = data.draw(st.integers(0, count - 1))
    other = data.draw(st.integers(0, count - 1).filter(lambda i: i != index))
    path = list(tree.path(index))
    with pytest.raises(StatementInvalid):
        check_membership(tree.root, count, other, LEAVES[index], path)
    with pytest.raises(StatementInvalid):
        check_membership(tree.root, count, index, LEAVES[other], path)
    with pytest.raises(StatementInvalid, match="nodes"):
        check_membership(tree.root, count, index, LEAVES[index], [*path, EMPTY_LEAF])
    with pytest.raises(StatementInvalid, match="nodes"):
        check_membership(tree.root, count, index, LEAVES[index], path[1:])
    spoilt = data.draw(st.integers(0, len(path) - 1))
    path[spoilt] = bytes(32) if path[spoilt] != bytes(32) else b"\x01" * 32
    with pytest.raises(StatementInvalid, match="folds"):
        check_membership(tree.root, count, index, LEAVES[index], path)


def test_an_unused_leaf_cannot_be_opened() -> None:
    tree = build(LEAVES[:3])
    with pytest.raises(StatementInvalid, match="index 3"):
        check_membership(tree.root, 3, 3, EMPTY_LEAF, (LEAVES[2], node_hash(*LEAVES[:2])))
    with pytest.raises(StatementInvalid, match="index 3"):
        tree.path(3)


def test_an_inner_node_is_not_a_leaf() -> None:
    """Leaves and nodes are hashed apart, so a shorter tree cannot be shown for a longer one."""
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(("index", "log2"), [(1, 1), (2, 2), (0, 3), (0, -1)])
def test_batches_out_of_line_are_refused(index: int, log2: int) -> None:
    with pytest.raises(StatementInvalid, match="aligned"):
        build(LEAVES[:4]).path(index, log2)


@pytest.mark.parametrize("count", [0, 65_537])
def test_trees_of_no_leaf_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(StatementInvalid, match="65536"):
        build([EMPTY_LEAF] * count)


@pytest.mark.parametrize("count", [0, 3, 6])
def test_only_a_power_of_two_folds(count: int) -> None:
    with pytest.raises(StatementInvalid, match="power of two"):
        fold(LEAVES[:count])
