import pytest

from web.public_address import AddressPolicy

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "::ffff:0.0.0.0", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
    "2002:a00:1::1", "2001::1", "2001:0:7f00:1::", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254",
    "ff02::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1"
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8", "2002:808:808::1"
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_leads_inside_is_not_allowed(address: str) -> None:
    assert not AddressPolicy().allows(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_public_is_allowed(address: str) -> None:
    assert AddressPolicy().allows(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3.4.5", "[::1]"])
def test_what_is_no_numeric_address_is_not_allowed(text: str) -> None:
    assert not AddressPolicy().allows(text)


def test_the_operators_list_opens_what_it_names_and_nothing_beside_it() -> None:
    policy = AddressPolicy(["10.1.0.0/16", "::1/128"])
    assert policy.allows("10.1.2.3") and policy.allows("::1") and policy.allows("::ffff:10.1.2.3")
    assert policy.allows("8.8.8.8")
    for address in ("10.2.0.1", "127.0.0.1", "::ffff:10.2.0.1", "::ffff:127.0.0.1"):
        assert not policy.allows(address)


@pytest.mark.parametrize("entry", ["10.1.0.1/16", "localhost", "10.0.0.0/33", ""])
def test_an_entry_that_is_no_network_is_refused_at_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        AddressPolicy([entry])
