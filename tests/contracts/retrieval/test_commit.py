"""RetrievalBounty.commitDataset and datasets; the cases are in test_commit.tree."""

import pytest

from tests.contracts.retrieval.scenario import DATA_HASH, URI, Records, events
from tests.contracts.reverting import reverts
from tests.contracts.scenario import at, now


def test_keeps_owner_count_root_and_time(retrieval, owner):
    data = Records(seed=b"another")
    time = at(now() + 10)

    receipt = retrieval.commit(data)

    dataset_id = data.id_of(owner)
    assert receipt.return_value == dataset_id
    assert tuple(retrieval.bounty.datasets(dataset_id)) == (owner, data.count, time, data.tree.root)


def test_announces_where_the_records_are(retrieval, owner):
    data = Records(seed=b"another")
    receipt = retrieval.commit(data)
    fields = (data.id_of(owner), owner, data.tree.root, data.count, DATA_HASH, URI)
    assert events(receipt) == [("DatasetCommitted", *fields)]


def test_committing_again_leaves_everything_as_it_was(retrieval, owner):
    dataset_id = retrieval.data.id_of(owner)
    before = tuple(retrieval.bounty.datasets(dataset_id))
    at(now() + 10)
    receipt = retrieval.commit(retrieval.data)
    assert receipt.return_value == dataset_id
    assert events(receipt) == []
    assert tuple(retrieval.bounty.datasets(dataset_id)) == before


def test_another_owner_has_another_dataset(retrieval, attacker, owner):
    retrieval.commit(retrieval.data, by=attacker)
    dataset = retrieval.bounty.datasets
    assert dataset(retrieval.data.id_of(attacker))[0] == attacker
    assert dataset(retrieval.data.id_of(owner))[0] == owner


@pytest.mark.parametrize("count", [1, 65_536])
def test_takes_counts_within_the_bounds(retrieval, owner, count):
    receipt = retrieval.bounty.commitDataset(bytes(32), count, bytes(32), "", sender=owner)
    assert retrieval.bounty.datasets(receipt.return_value)[1] == count


@pytest.mark.parametrize("count", [0, 65_537, 2**32 - 1])
def test_RevertWhen_the_count_is_out_of_bounds(retrieval, owner, count):
    bad = {"actual": count, "min": 1, "max": 65_536}
    with reverts(retrieval.bounty.Jobs_BadCount, **bad):
        retrieval.bounty.commitDataset(bytes(32), count, bytes(32), "", sender=owner)


def test_RevertWhen_the_dataset_is_unknown(retrieval, owner):
    unknown = b"\x77" * 32
    with reverts(retrieval.bounty.RetrievalBounty_UnknownDataset, datasetId=unknown):
        retrieval.bounty.datasets.transact(unknown, sender=owner)
