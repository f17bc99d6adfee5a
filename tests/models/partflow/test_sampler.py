import numpy as np
import pytest

from aigc.models.partflow import net
from aigc.models.partflow.model import WEIGHTS
from aigc.models.partflow.prompt import PromptReader
from aigc.models.partflow.sampler import Request, Sampling


@pytest.fixture(scope="module")
def network():
    return net.load(WEIGHTS, "cpu")[0]


@pytest.fixture(scope="module")
def requests():
    vectors, words = PromptReader().read(["a chair", "an elephant", "a mug"])
    return [Request(v, w, seed, steps=8) for seed, (v, w) in enumerate(zip(vectors, words, strict=True))]


def finished(network, requests):
    sampling = Sampling(network, requests, "cpu")
    while not all(map(sampling.is_over, sampling.jobs)):
        sampling.step()
    return [sampling.rows(job) for job in sampling.jobs]


def test_a_job_comes_out_the_same_alone_and_in_any_batch(network, requests):
    together = finished(network, requests)
    for request, rows in zip(requests, together, strict=True):
        (alone,) = finished(network, [request])
        assert rows.shape == alone.shape
        assert np.abs(rows - alone).max() < 0.01
    assert len({len(rows) for rows in together}) > 1


def test_a_dropped_job_leaves_the_others_as_they_are(network, requests):
    sampling = Sampling(network, requests, "cpu")
    for _ in range(3):
        sampling.step()
    sampling.drop(1)
    while not all(map(sampling.is_over, sampling.jobs)):
        sampling.step()
    assert sampling.jobs == [0, 2]
    assert sampling.done(1) == 3
    assert np.abs(sampling.rows(2) - finished(network, [requests[2]])[0]).max() < 0.01


def test_before_the_end_rows_are_where_it_seems_to_lead(network, requests):
    sampling = Sampling(network, requests[:1], "cpu")
    noise = sampling.rows(0)
    for _ in range(6):
        sampling.step()
    aim = sampling.rows(0)
    for _ in range(2):
        sampling.step()
    assert np.abs(aim - sampling.rows(0)).mean() < 0.3 * np.abs(noise - sampling.rows(0)).mean()


def test_sizes_are_those_of_such_things(network, requests):
    chair, elephant, mug = Sampling(network, requests, "cpu").sizes
    assert 0.03 < mug < 0.4 < chair < 2 < elephant < 12
