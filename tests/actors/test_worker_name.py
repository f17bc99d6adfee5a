import pytest

from actors.worker_name import default_name
from transport.identity import identity


@pytest.mark.parametrize(
    ("host", "device", "name"),
    [
        ("gpubox", "cpu", "gpubox:cpu"),
        ("gpubox.example.org", "GPU-1f3c9a07-aaaa-bbbb-cccc-0123456789ab", "gpubox:GPU-1f3c9a07"),
        ("gpubox", "MIG-77000000-aaaa-bbbb-cccc-0123456789ab", "gpubox:MIG-77000000"),
        ("gpubox", "fake:left", "gpubox:fake:left"),
        ("büro pc", "cpu", "b-ro-pc:cpu"),
        ("_hidden", "cpu", "hidden:cpu"),
        ("", "cpu", "host:cpu"),
    ],
)
def test_a_worker_is_called_after_its_host_and_its_device(host: str, device: str, name: str):
    assert default_name(host, device) == name


@pytest.mark.parametrize("host", ["gpubox", "a" * 63, "-", "é" * 200, "host.with.dots", "127.0.0.1"])
@pytest.mark.parametrize("device", ["cpu", "GPU-1f3c9a07-aaaa-bbbb-cccc-0123456789ab", "fake:" + "x" * 99])
def test_every_name_can_be_told_on_the_wire(host: str, device: str):
    assert identity(default_name(host, device), "boot", 1)


def test_long_names_that_differ_at_their_end_differ():
    assert default_name("a" * 63, "fake:" + "b" * 40 + "1") != default_name("a" * 63, "fake:" + "b" * 40 + "2")
