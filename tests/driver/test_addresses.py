import pytest

from jackfield.driver.addresses import Reach, permitted
from jackfield.errors import ConfigurationError

REFUSED = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "fe80::1%eth0",
    "fd00::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address):
    with pytest.raises(ConfigurationError, match="no public address"):
        permitted("vendor.example", [address], loopback=False, private=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_permitted(address):
    assert permitted("vendor.example", [address], loopback=False, private=False) == [address]


def test_one_private_address_among_public_ones_refuses_all():
    with pytest.raises(ConfigurationError):
        permitted("vendor.example", ["8.8.8.8", "10.0.0.1"], loopback=False, private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_reached_only_with_leave(address):
    assert permitted("localhost", [address], loopback=True, private=False) == [address]


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::1"])
def test_the_own_network_is_reached_only_with_leave(address):
    assert permitted("scim.intranet", [address], loopback=False, private=True) == [address]


@pytest.mark.parametrize("address", ["169.254.169.254", "127.0.0.1", "0.0.0.0", "224.0.0.1"])
def test_leave_for_the_own_network_is_not_leave_for_everything(address):
    with pytest.raises(ConfigurationError):
        permitted("scim.intranet", [address], loopback=False, private=True)


def test_a_name_is_looked_up_once_and_all_its_addresses_are_checked():
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(f"{host}:{port}")
        return ["8.8.8.8"] if len(asked) == 1 else ["127.0.0.1"]

    reach = Reach(resolve=rebinding)

    assert reach.addresses("vendor.example", 443) == ["8.8.8.8"]
    assert asked == ["vendor.example:443"]


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_another_spelling_of_this_machine_is_this_machine(spelling):
    with pytest.raises(ConfigurationError):
        Reach().addresses(spelling, 443)
