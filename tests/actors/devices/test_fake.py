from actors.devices.fake import Fake


def test_a_fake_device_is_as_large_as_it_was_told_and_says_what_it_is():
    device = Fake(1, 24 << 30).sample((1, 2))
    assert (device.id, device.kind, device.total, device.strangers) == ("fake:1", "cpu", 24 << 30, 0)
    assert device.note == "simulated: its models run on the CPU"
