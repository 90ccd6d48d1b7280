"""Rows in the order that a seed decides."""

import numpy as np
import pytest

from tests.support.modelling import contract_of, ingested, normal
from tidegate import schema, statistics
from tidegate.model.training import label_spec
from tidegate.model.training.features import choose


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("block", [100, 65_536])
def test_an_epoch_is_every_row_once_in_an_order_the_seed_decides(
    tmp_path, monkeypatch, block, cached
):
    from tidegate.model.training import dataset, network

    monkeypatch.setattr(dataset, "BLOCK_ROWS", block)
    monkeypatch.setattr(dataset, "SHUFFLE_ROWS", 250)
    monkeypatch.setattr(dataset, "CACHE_BYTES", 1 << 30 if cached else 0)
    contract = contract_of(tmp_path, task="regression")
    made = ingested(tmp_path, contract, {"x": normal(1000), "y": np.arange(1000)})
    measured = statistics.compute(made)
    features, _ = choose(measured, schema.infer(measured, contract), made.schema, contract)
    label, rows = label_spec(made, contract), made.num_rows("train")

    def epochs(seed):
        data = dataset.blocks(made, "train", features, label, network.Preprocess(features))
        learnt = dataset.batches(dataset.shuffled(data, seed=seed), rows=rows, batch_size=64)
        return [[y.numpy() for _, y in learnt] for _ in range(2)]

    first, second = epochs(1)
    assert [len(y) for y in first] == [64] * (rows // 64) + [rows % 64]
    everything = np.concatenate([b["y"].to_numpy() for b in made.batches("train")])
    for epoch in (first, second):
        seen = np.concatenate(epoch) * label.std + label.mean
        np.testing.assert_allclose(np.sort(seen), np.sort(everything), atol=0.01)
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    assert np.array_equal(np.concatenate(first), np.concatenate(epochs(1)[0]))
    assert not np.array_equal(np.concatenate(first), np.concatenate(epochs(2)[0]))
