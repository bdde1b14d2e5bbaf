import ipaddress
import socket

import pytest

from weighbridge.content.hosts import AllowedHosts, Reach, normal_host, reach_of, resolve_by_system
from weighbridge.errors import Code, ReferenceFault, TransientFault


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.216.34", Reach.PUBLIC),
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:2800:220:1::1", Reach.PUBLIC),
        ("::ffff:8.8.8.8", Reach.PUBLIC),
        ("2002:808:808::1", Reach.PUBLIC),
        ("64:ff9b::808:808", Reach.PUBLIC),
        ("127.0.0.1", Reach.LOCAL),
        ("127.255.0.3", Reach.LOCAL),
        ("10.1.2.3", Reach.LOCAL),
        ("172.16.0.1", Reach.LOCAL),
        ("172.32.0.1", Reach.PUBLIC),
        ("192.168.1.1", Reach.LOCAL),
        ("100.64.0.1", Reach.LOCAL),
        ("100.128.0.1", Reach.PUBLIC),
        ("::1", Reach.LOCAL),
        ("fd00::1", Reach.LOCAL),
        ("::ffff:127.0.0.1", Reach.LOCAL),
        ("::ffff:10.0.0.1", Reach.LOCAL),
        ("2002:7f00:1::", Reach.LOCAL),
        ("2002:a00:1::", Reach.LOCAL),
        ("64:ff9b::7f00:1", Reach.LOCAL),
        ("64:ff9b:1::808:808", Reach.LOCAL),
        ("0.0.0.0", Reach.SPECIAL),
        ("0.1.2.3", Reach.SPECIAL),
        ("169.254.169.254", Reach.SPECIAL),
        ("::ffff:169.254.169.254", Reach.SPECIAL),
        ("64:ff9b::a9fe:a9fe", Reach.SPECIAL),
        ("192.0.0.1", Reach.SPECIAL),
        ("192.0.2.1", Reach.SPECIAL),
        ("198.18.0.1", Reach.SPECIAL),
        ("224.0.0.1", Reach.SPECIAL),
        ("240.0.0.1", Reach.SPECIAL),
        ("255.255.255.255", Reach.SPECIAL),
        ("::", Reach.SPECIAL),
        ("::7f00:1", Reach.SPECIAL),
        ("fe80::1", Reach.SPECIAL),
        ("fec0::1", Reach.SPECIAL),
        ("ff02::1", Reach.SPECIAL),
        ("2001:db8::1", Reach.SPECIAL),
        ("2001:0:7f00:1::", Reach.SPECIAL),
        ("4000::1", Reach.SPECIAL),
        ("100::1", Reach.SPECIAL),
    ],
)
def test_where_addresses_lead(address: str, reach: Reach) -> None:
    assert reach_of(ipaddress.ip_address(address)) == reach


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("api.example", "api.example", 443, True),
        ("api.example", "API.Example.", 8080, True),
        (" API.example ", "api.example", 443, True),
        ("api.example", "xapi.example", 443, False),
        ("api.example", "api.example.evil.test", 443, False),
        ("api.example", "sub.api.example", 443, False),
        ("api.example:8443", "api.example", 8443, True),
        ("api.example:8443", "api.example", 443, False),
        ("*.example.com", "a.example.com", 443, True),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False),
        ("*.example.com", "evilexample.com", 443, False),
        ("*.example.com", "a.example.com.evil.test", 443, False),
        ("api-*.example.com", "api-1.example.com", 443, True),
        ("api-*.example.com", "api-1.evil.example.com", 443, False),
        ("*.example.com:8443", "a.example.com", 8443, True),
        ("*.example.com:8443", "a.example.com", 443, False),
        ("*", "anything.test", 443, True),
        ("*", "93.184.216.34", 443, False),
        ("*.0.0.1", "127.0.0.1", 80, False),
        ("127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]", "::1", 80, True),
        ("[::1]:8080", "0:0:0:0:0:0:0:1", 8080, True),
        ("[::1]:8080", "::1", 80, False),
        ("bücher.example", "xn--bcher-kva.example", 443, True),
        ("https://api.example", "api.example", 443, False),
        ("a.e", "a-e", 443, False),
        ("", "", 443, False),
        ("api.example:", "api.example", 443, False),
        ("api.example:x", "api.example", 443, False),
    ],
)
def test_names_are_allowed_by_rules(entry: str, host: str, port: int, *, allowed: bool) -> None:
    rules = AllowedHosts([entry])
    if allowed:
        rules.check_name(host, port)
    else:
        with pytest.raises(ReferenceFault) as caught:
            rules.check_name(host, port)
        assert caught.value.problem.code == Code.DENIED


class Names:
    """A resolver with one answer."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return list(self.addresses)


@pytest.mark.parametrize(
    ("entries", "host", "answers", "expected"),
    [
        (["*.example"], "a.example", ["8.8.8.8", "8.8.4.4", "8.8.8.8"], ("8.8.8.8", "8.8.4.4")),
        (["*.example"], "a.example", ["127.0.0.1"], None),
        (["*.example"], "a.example", ["8.8.8.8", "127.0.0.1"], None),
        (["*.example"], "a.example", ["8.8.8.8", "::ffff:10.0.0.1"], None),
        (["*"], "a.example", ["192.168.0.1"], None),
        (["a.example"], "a.example", ["192.168.0.1"], ("192.168.0.1",)),
        (["a.example:80"], "a.example", ["192.168.0.1"], ("192.168.0.1",)),
        (["a.example:81", "*"], "a.example", ["192.168.0.1"], None),
        (["localhost"], "localhost", ["127.0.0.1", "::1"], ("127.0.0.1", "::1")),
        (["a.example"], "a.example", ["169.254.169.254"], None),
        (["a.example"], "a.example", ["0.0.0.0"], None),
        (["a.example"], "a.example", ["fe80::1%1"], None),
        (["a.example"], "a.example", ["nonsense"], None),
        (["169.254.169.254"], "169.254.169.254", [], ("169.254.169.254",)),
        (["127.0.0.1"], "127.0.0.1", [], ("127.0.0.1",)),
        (["*.1"], "127.1", ["127.0.0.1"], None),
        (["*"], "2130706433", ["127.0.0.1"], None),
    ],
)
async def test_every_address_is_checked(
    entries: list[str], host: str, answers: list[str], expected: tuple[str, ...] | None
) -> None:
    if expected is None:
        with pytest.raises(ReferenceFault) as caught:
            await AllowedHosts(entries).addresses(host, 80, Names(*answers))
        assert caught.value.problem.code == Code.DENIED
    else:
        assert await AllowedHosts(entries).addresses(host, 80, Names(*answers)) == expected


async def test_a_name_that_is_not_allowed_is_not_even_resolved() -> None:
    names = Names("8.8.8.8")
    with pytest.raises(ReferenceFault):
        await AllowedHosts(["other.example"]).addresses("a.example", 80, names)
    assert names.asked == 0


async def test_no_address_may_pass() -> None:
    with pytest.raises(TransientFault):
        await AllowedHosts(["a.example"]).addresses("a.example", 80, Names())


@pytest.mark.parametrize(
    ("host", "normal"),
    [
        ("Example.COM.", "example.com"),
        ("[::1]", "::1"),
        ("0:0::1", "::1"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ],
)
def test_hosts_have_one_form(host: str, normal: str) -> None:
    assert normal_host(host) == normal


async def test_the_systems_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if host == "absent":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        if host == "\udcff":
            raise UnicodeError
        return [
            (socket.AF_INET, 1, 6, "", ("8.8.8.8", port)),
            (socket.AF_INET6, 1, 6, "", ("::1", port, 0, 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert await resolve_by_system("a.example", 80) == ["8.8.8.8", "::1"]
    for host in ("absent", "\udcff"):
        with pytest.raises(socket.gaierror):
            await resolve_by_system(host, 80)
