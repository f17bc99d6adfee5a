import numpy as np

from aigc.models.partflow import data as d
from aigc.models.partflow import tokens
from aigc.models.partflow.prompt import PromptReader


def test_examples_are_those_of_their_number_and_one_form_in_several_dresses():
    one, again, other = d.examples(0, 3), d.examples(0, 3), d.examples(0, 4)
    assert [example.request for example in one] == [example.request for example in again]
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(one, again, strict=True))
    assert [example.request for example in one] != [example.request for example in other]
    assert len({example.request.text for example in one}) > 1
    assert len({len(example.rows) for example in one}) == 1
    assert all(example.rows.shape[1] == tokens.WIDTH for example in one)


def test_a_shard_is_made_once_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(d, "SHARD", 2 * d.DRESSES)
    reader = PromptReader()
    path = d.make_shard(tmp_path, 0, 0, reader)
    stamp = path.stat().st_mtime_ns
    assert d.make_shard(tmp_path, 0, 0, reader).stat().st_mtime_ns == stamp

    data = d.read_shards(tmp_path)
    assert len(data.texts) == len(data.count) == len(data.rows) <= d.SHARD
    assert data.digest == d.read_shards(tmp_path).digest

    stream = d.batches(data, 4, 0, 0)
    seen = [next(stream) for _ in range(4)]
    later = d.batches(data, 4, 0, 2)
    assert np.array_equal(next(later), seen[2]), "a run that goes on sees what one without a break would have seen"
