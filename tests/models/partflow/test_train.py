import numpy as np
import pytest
import torch

from aigc.models.partflow import data as d
from aigc.models.partflow.net import Size
from aigc.models.partflow.prompt import PromptReader
from aigc.models.partflow.train import Plan, Trainer

PLAN = Plan(steps=60, batch=12, warmup=5, threads=1)
SMALL = Size(width=32, layers=1, heads=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(d, "SHARD", 16 * d.DRESSES)
        d.make_shard(folder, 0, 0, PromptReader())
    return d.read_shards(folder)


def trained(trainer, data, steps):
    stream = d.batches(data, PLAN.batch, PLAN.seed, trainer.step)
    return [trainer.train(data, next(stream)) for _ in range(steps)]


def test_thirty_steps_make_the_loss_fall_and_a_run_goes_on_where_it_stopped(data, tmp_path):
    torch.set_num_threads(1)
    trainer = Trainer(PLAN, SMALL)
    losses = trained(trainer, data, 30)
    assert np.mean(losses[-5:]) < 0.85 * np.mean(losses[:5])

    trainer.save(tmp_path)
    going_on = Trainer(PLAN, SMALL)
    assert going_on.resume(tmp_path)
    assert going_on.step == 30
    assert trained(going_on, data, 3) == pytest.approx(trained(trainer, data, 3), rel=1e-3)


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path):
    assert not Trainer(PLAN, SMALL).resume(tmp_path)


def test_the_learning_rate_rises_and_falls_with_steps_or_time():
    trainer = Trainer(PLAN, SMALL)
    rates = []
    for trainer.step in range(60):
        rates.append(trainer.rate())
    assert np.argmax(rates) in (4, 5)
    assert rates[-1] < 0.05 * max(rates)
    trainer.step, trainer.time_share = 10, 0.9
    assert trainer.rate() < 0.1 * max(rates)
