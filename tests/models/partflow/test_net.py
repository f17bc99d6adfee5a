import pytest
import torch

from aigc.models.partflow import prompt, tokens
from aigc.models.partflow.net import PartFlow, Size, load, save

SMALL = Size(width=32, layers=2, heads=2)


def asked(net, count):
    torch.manual_seed(0)
    text = net.read(torch.randn(len(count), prompt.VECTOR), torch.randint(1, 99, (len(count), prompt.WORDS)))
    return torch.randn(len(count), max(count), tokens.WIDTH), torch.rand(len(count)), text, torch.tensor(count)


def shaken(net):
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return net.eval().requires_grad_(False)


def test_rows_beyond_the_count_change_nothing():
    net = shaken(PartFlow(SMALL))
    rows, time, text, count = asked(net, [3, 6])
    other = rows.clone()
    other[0, 3:] = 9.0
    first, second = net(rows, time, text, count), net(other, time, text, count)
    assert torch.allclose(first[0, :3], second[0, :3], atol=1e-5)
    alone = net(rows[:1, :3], time[:1], text[:1], count[:1])
    assert torch.allclose(first[0, :3], alone[0], atol=1e-5)


def test_an_untrained_network_stands_still():
    net = PartFlow(SMALL)
    assert torch.count_nonzero(net(*asked(net, [2, 2]))) == 0


def test_saved_in_half_precision_it_comes_back_with_its_facts(tmp_path):
    net = shaken(PartFlow(SMALL))
    save(net, tmp_path / "weights.safetensors", {"steps": 3})
    again, facts = load(tmp_path / "weights.safetensors", "cpu")
    assert facts == {"steps": 3}
    assert again.size == SMALL
    told = asked(net, [4])
    assert torch.allclose(net(*told), again(*told), atol=0.05)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "other.safetensors", "cpu")
