"""Which hosts may be fetched from, and which of their addresses may be connected to.

A name is allowed by `apiAllow`, an address by its kind. Names are resolved first and every address is checked; the
caller connects to the addresses returned here and never resolves again, so a second answer can't lead elsewhere.
"""

import asyncio
import ipaddress
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from weighbridge.config.setting_values import ALLOWED_HOST
from weighbridge.content.policy import shown
from weighbridge.errors import Code, ReferenceFault, TransientFault

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Host and port to addresses, as text. Raises OSError where there is none.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class Reach(Enum):
    """Where an address leads."""

    PUBLIC = "public"
    #: This machine or a private network: for hosts that are named letter by letter.
    LOCAL = "local"
    #: Link-local (cloud metadata), multicast, unspecified, reserved: for addresses that are themselves named.
    SPECIAL = "special"


_LOCAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "::1/128",
            "fc00::/7",
        ),
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")


def reach_of(address: Address) -> Reach:
    """Tell where an address leads; one that carries another inside (mapped, 6to4, NAT64) leads where that does."""
    inner = _embedded(address)
    if inner is not None:
        return reach_of(inner)
    if any(address in network for network in _LOCAL if network.version == address.version):
        return Reach.LOCAL
    odd = address.is_multicast or address.is_reserved or address.is_link_local or not address.is_global
    if isinstance(address, ipaddress.IPv6Address):
        # Teredo hides an address, and what is no global unicast has no public meaning.
        odd = odd or address not in _GLOBAL_UNICAST or address.teredo is not None
    return Reach.SPECIAL if odd else Reach.PUBLIC


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64_LOCAL:
        # Where the address sits depends on the network; such a prefix is for private use in any case.
        return ipaddress.IPv4Address("10.0.0.0")
    return None


@dataclass(frozen=True, slots=True)
class _Rule:
    """One entry of `apiAllow`. `pattern`: None if it names its host letter by letter."""

    host: str
    port: int | None
    pattern: re.Pattern[str] | None

    def matches(self, host: str, port: int) -> bool:
        if self.port not in {None, port}:
            return False
        if self.pattern is None:
            return host == self.host
        return self.pattern.fullmatch(host) is not None and not _is_address(host)


def _rule_of(entry: str) -> _Rule | None:
    match = ALLOWED_HOST.fullmatch(entry.strip())
    if match is None:
        return None
    host, port = next((match[name], match[f"{name}port"]) for name in ("v6", "host", "bare") if match[name])
    host = normal_host(host)
    pattern = None
    if "*" in host:
        pattern = re.compile(
            "".join(
                re.escape(part) if part != "*" else ".+" if at == 0 else "[^.]*"
                for at, part in enumerate(part for part in re.split(r"(\*)", host) if part)
            )
        )
    return _Rule(host, None if port is None else int(port), pattern)


class AllowedHosts:
    """The hosts of `apiAllow`: `host` or `host:port`; `*` stands for a part of a label, in front for any labels."""

    def __init__(self, entries: Sequence[str]) -> None:
        """Entries that can't be read allow nothing."""
        self._rules = tuple(rule for rule in map(_rule_of, entries) if rule is not None)

    def check_name(self, host: str, port: int) -> None:
        """Check a host before anything is asked of the network.

        Raises:
            ReferenceFault: DENIED: no rule names it.
        """
        host = normal_host(host)
        if not any(rule.matches(host, port) for rule in self._rules):
            raise ReferenceFault(
                Code.DENIED,
                f"fetching from {shown(host)}:{port} is not allowed; add it to weighbridge.apiAllow in your own settings",
            )

    def check_address(self, host: str, port: int, address: Address) -> None:
        """Check one of a host's addresses before it is connected to.

        Raises:
            ReferenceFault: DENIED: it leads where this host was not allowed to lead.
        """
        reach = reach_of(address)
        if reach is Reach.PUBLIC:
            return
        host = normal_host(host)
        named = any(rule.pattern is None and rule.matches(host, port) for rule in self._rules)
        if not named or (reach is Reach.SPECIAL and not _is_address(host)):
            where = (
                "this machine or a private network"
                if reach is Reach.LOCAL
                else "a link-local or reserved address"
            )
            raise ReferenceFault(
                Code.DENIED,
                f"{shown(host)}:{port} leads to {where}; add it, without wildcard, to weighbridge.apiAllow in your own settings",
            )

    async def addresses(self, host: str, port: int, resolve: Resolver) -> tuple[str, ...]:
        """Resolve a host; every address is one that may be connected to.

        Raises:
            ReferenceFault: DENIED: the host, or any of its addresses, is not allowed.
            TransientFault: it has no address at the moment.
        """
        self.check_name(host, port)
        try:
            texts = [host] if _is_address(host) else list(await resolve(host, port))
        except OSError as error:
            raise TransientFault(Code.FAILED, f"{shown(host)}: host not found") from error
        addresses = []
        for text in dict.fromkeys(texts):
            try:
                address = ipaddress.ip_address(text)
            except ValueError as error:
                raise ReferenceFault(Code.DENIED, f"{shown(host)}: has no usable address") from error
            self.check_address(host, port, address)
            addresses.append(str(address))
        if not addresses:
            raise TransientFault(Code.FAILED, f"{shown(host)}: host not found")
        return tuple(addresses)


def normal_host(host: str) -> str:
    """Write a host the one way rules are compared in: ASCII, lower case, no final dot, addresses in short form."""
    host = host.strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    if not host.isascii():
        try:
            return host.encode("idna").decode("ascii")
        except UnicodeError:
            return host
    return host


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, on a thread that neither a busy pool delays nor a slow answer keeps from exiting."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(addresses: list[str] | None, error: OSError | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(addresses or [])

    def ask() -> None:
        addresses: list[str] | None = None
        problem: OSError | None = None
        try:
            addresses = [
                str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            ]
        except OSError as error:
            problem = error
        except UnicodeError:
            problem = socket.gaierror(socket.EAI_NONAME, "not a host's name")
        # The loop may be closed by now: then nobody waits.
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, addresses, problem)

    threading.Thread(target=ask, name="weighbridge-resolve", daemon=True).start()
    return await answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
