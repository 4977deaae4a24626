"""How often one may ask, by address and by token, and how long a wrong login makes one wait.

Whoever looks at a token or a code calls `await limits.check(address)` before, and `failed` or
`passed` after. Memory is bounded: what was not heard of for longest is forgotten.
"""

import asyncio
import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Generic, TypeVar

import structlog

from pichat.config.types import Limits as Config
from pichat.errors import PiChatError

log = structlog.get_logger(__name__)

V = TypeVar("V")

MOST_REMEMBERED = 4096  # addresses, and tokens
MAX_IN_FLIGHT = 32  # requests of one address over HTTP

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 4.0
FAILURES = 10
WITHIN_S = 300.0
REST_S = 300.0
_LONGEST_QUEUE_S = 8.0  # of logins that wait for their turn


class TooManyRequestsError(PiChatError):
    """Asked too often; `retry_after_s` says when it may be asked again."""

    code = "too_many_requests"
    retryable = True

    def __init__(self, sentence: str, retry_after_s: float = 1.0) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


@lru_cache(maxsize=1024)
def canonical(address: str | None) -> str:
    """Who an address stands for, however it is written: an IPv4 address that is mapped into IPv6
    is that one; of IPv6 a household has a /64, except on its own link, where every neighbour has
    its address from the same."""
    text = (address or "").partition("%")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    if found.version == 4 or found.is_link_local or found.is_loopback:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


def is_loopback(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


class Recent(Generic[V]):
    """A mapping that keeps what was used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> V | None:
        found = self._values.get(key)
        if found is not None:
            self._values.move_to_end(key)
        return found

    def put(self, key: str, value: V) -> V:
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

    def pop(self, key: str) -> V | None:
        return self._values.pop(key, None)


class _Bucket:
    """What may still be asked now; it fills up by the second."""

    __slots__ = ("at_s", "left")

    def __init__(self, left: float, at_s: float) -> None:
        self.left = left
        self.at_s = at_s

    def take(self, config: Config, now_s: float) -> float:
        """0 when one more request is fine, else after how many seconds it would be."""
        most = float(config.requests_at_once)
        left = min(most, self.left + (now_s - self.at_s) * config.requests_per_s)
        self.at_s = now_s
        self.left = left - 1 if left >= 1 else left
        return 0.0 if left >= 1 else (1 - left) / config.requests_per_s


class _Failures:
    """Wrong logins of one address. `next_s`: when its next one is looked at."""

    __slots__ = ("cleared", "next_s", "rests_until_s", "times_s")

    def __init__(self) -> None:
        self.times_s: deque[float] = deque(maxlen=FAILURES)
        self.next_s = 0.0
        self.rests_until_s = 0.0
        self.cleared = asyncio.Event()

    def count(self, now_s: float) -> int:
        while self.times_s and self.times_s[0] <= now_s - WITHIN_S:
            self.times_s.popleft()
        return len(self.times_s)

    def delay_s(self, now_s: float) -> float:
        count = self.count(now_s)
        return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (count - 1)) if count else 0.0


class Allowance:
    """The requests of one client: those of its address and of its token."""

    __slots__ = ("_buckets", "_limits")

    def __init__(self, limits: "Limits", buckets: tuple[_Bucket, ...]) -> None:
        self._limits = limits
        self._buckets = buckets

    def spend(self) -> None:
        """One request. Raises TooManyRequestsError."""
        now_s = self._limits.clock()
        for bucket in self._buckets:
            wait_s = bucket.take(self._limits.config, now_s)
            if wait_s:
                raise TooManyRequestsError(
                    "That is too much at once; ask again a little later.", wait_s
                )


class Limits:
    """`config` may be replaced while it runs; `most`: how many addresses and tokens are remembered.
    Addresses are taken as the transport tells them."""

    def __init__(
        self,
        config: Config,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_REMEMBERED,
    ) -> None:
        self.config = config
        self.clock = clock
        self._addresses: Recent[_Bucket] = Recent(most)
        self._tokens: Recent[_Bucket] = Recent(most)
        self._failures: Recent[_Failures] = Recent(most)
        self._in_flight: dict[str, int] = {}

    # --- requests --------------------------------------------------------------------------

    def allowance(self, address: str | None, token_id: str | None = None) -> Allowance:
        """For a client that asks again and again."""
        buckets = [self._bucket(self._addresses, canonical(address))]
        if token_id is not None:
            buckets.append(self._bucket(self._tokens, token_id))
        return Allowance(self, tuple(buckets))

    def spend_address(self, address: str | None) -> None:
        """One request of an address. Raises TooManyRequestsError."""
        Allowance(self, (self._bucket(self._addresses, canonical(address)),)).spend()

    def spend_token(self, token_id: str) -> None:
        """One request with a token. Raises TooManyRequestsError."""
        Allowance(self, (self._bucket(self._tokens, token_id),)).spend()

    @contextmanager
    def in_flight(self, address: str | None) -> Iterator[None]:
        """While a request over HTTP is answered. Raises TooManyRequestsError."""
        key = canonical(address)
        if self._in_flight.get(key, 0) >= MAX_IN_FLIGHT:
            raise TooManyRequestsError(
                f"This address already has {MAX_IN_FLIGHT} requests running; wait for one to end."
            )
        self._in_flight[key] = self._in_flight.get(key, 0) + 1
        try:
            yield
        finally:
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]

    def _bucket(self, among: Recent[_Bucket], key: str) -> _Bucket:
        full = float(self.config.requests_at_once)
        return among.get(key) or among.put(key, _Bucket(full, self.clock()))

    # --- logins ----------------------------------------------------------------------------

    async def check(self, address: str | None) -> None:
        """Before a token or a code is looked at: waits as long as this address's wrong ones ask
        for. Raises TooManyRequestsError while it rests."""
        key = canonical(address)
        found = self._failures.get(key)
        if found is None:
            return
        now_s = self.clock()
        self._refuse_resting(found, now_s)
        wait_s = max(0.0, found.next_s - now_s)
        if wait_s > _LONGEST_QUEUE_S:
            raise TooManyRequestsError("Too many try to log in at once; wait a little.", wait_s)
        found.next_s = now_s + wait_s + found.delay_s(now_s)
        if wait_s:
            try:
                async with asyncio.timeout(wait_s):
                    await found.cleared.wait()
            except TimeoutError:
                self._refuse_resting(found, self.clock())

    def failed(self, address: str | None) -> None:
        """A token or a code was wrong: the next one waits longer, or the address rests."""
        key, now_s = canonical(address), self.clock()
        found = self._failures.get(key) or self._failures.put(key, _Failures())
        found.times_s.append(now_s)
        if found.count(now_s) >= FAILURES:
            found.times_s.clear()
            found.rests_until_s = now_s + REST_S
            log.warning("too many wrong logins; the address rests", address=key, rest_s=REST_S)
        found.next_s = max(found.next_s, now_s + found.delay_s(now_s))

    def passed(self, address: str | None) -> None:
        """A token or a code was right: what went wrong before is forgotten, except a rest."""
        key = canonical(address)
        found = self._failures.get(key)
        if found is not None and found.rests_until_s <= self.clock():
            self._failures.pop(key)
            found.cleared.set()

    def _refuse_resting(self, found: _Failures, now_s: float) -> None:
        if found.rests_until_s > now_s:
            wait_s = found.rests_until_s - now_s
            minutes = max(1, round(wait_s / 60))
            raise TooManyRequestsError(
                f"Too many wrong logins came from here; try again in {minutes} min.", wait_s
            )
