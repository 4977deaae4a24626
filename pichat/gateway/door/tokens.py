"""The tokens of screens and programs: in memory, so that looking one up costs nothing, and in the
store as hashes only."""

import asyncio
import hashlib
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog
from msgspec import UNSET, UnsetType, structs

from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.gateway.door.caller import Caller, Scope
from pichat.store.db import Database, uninterrupted
from pichat.store.tokens import StoredToken, TokenTable

log = structlog.get_logger(__name__)

PREFIX = "pichat_"
MOST = 500
WRITE_EVERY_S = 60.0


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What may be told of one. `area`: the room that its screen stands in. Times are seconds since
    the epoch."""

    id: str
    name: str
    scope: Scope
    area: str | None
    user_id: str
    created_s: float
    last_used_s: float | None = None

    @property
    def caller(self) -> Caller:
        return Caller(
            id=self.id, name=self.name, scope=self.scope, area=self.area, user_id=self.user_id
        )


Changed = Callable[[str, Caller | None], None]
"""Hears a token's id, and whom it now stands for; None: it was revoked."""


def new_secret() -> str:
    """256 random bits, in letters that fit into headers and subprotocols."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


class Tokens:
    """Changes are durable, and hold from the next request on, when these return; then `changed`
    hears of them. They raise UnavailableError when the disk does not take them."""

    def __init__(self, table: TokenTable, stored: list[StoredToken]) -> None:
        self._table = table
        self._by_hash: dict[bytes, str] = {each.hash: each.id for each in stored}
        self._tokens: dict[str, Token] = {each.id: _token(each) for each in stored}
        self._callers = {token.id: token.caller for token in self._tokens.values()}
        self._used_s: dict[str, float] = {}  # what is not written yet
        self._used = asyncio.Event()
        self._changing = asyncio.Lock()
        self.changed: Changed = lambda _id, _caller: None

    @classmethod
    async def load(cls, database: Database) -> "Tokens":
        table = TokenTable(database)
        return cls(table, await table.all())

    def recognise(self, secret: str) -> Caller | None:
        """Whose token that is; None: nobody's, or it was revoked."""
        # Who times this learns of a hash, which leads to no token.
        token_id = self._by_hash.get(digest(secret))
        if token_id is None:
            return None
        self.used(token_id)
        return self._callers[token_id]

    def used(self, token_id: str) -> None:
        """It is in use at this moment. Whatever else has no token is passed over."""
        if token_id in self._tokens:
            self._used_s[token_id] = time.time()
            self._used.set()

    def all(self) -> tuple[Token, ...]:
        """Oldest first."""
        return tuple(self._as_used(token) for token in self._tokens.values())

    def get(self, token_id: str) -> Token:
        """Raises NotFoundError."""
        found = self._tokens.get(token_id)
        if found is None:
            raise NotFoundError("There is no such token; it may have been revoked already.")
        return self._as_used(found)

    async def create(
        self, name: str, scope: Scope, *, area: str | None = None, user_id: str
    ) -> tuple[Token, str]:
        """The token, and its secret, which nobody can be told again. Raises NotFoundError for a
        user who is not there, and BadRequestError when there are too many."""
        if len(self._tokens) >= MOST:
            raise BadRequestError(f"There are {MOST} tokens already; revoke some that are unused.")
        secret = new_secret()
        stored = StoredToken(
            id=uuid.uuid4().hex[:16],
            hash=digest(secret),
            name=name,
            scope=scope,
            area=area,
            user_id=user_id,
            created_s=time.time(),
        )
        await uninterrupted(self._add(stored))
        log.info("let in", token=stored.id, scope=scope)
        return _token(stored), secret

    async def update(
        self, token_id: str, *, name: str | None = None, area: str | UnsetType | None = UNSET
    ) -> Token:
        """Another name or room. Raises NotFoundError."""
        await uninterrupted(self._update(token_id, name, area))
        return self.get(token_id)

    async def revoke(self, token_id: str) -> Token:
        """Whoever has it is not let in any more. Raises NotFoundError."""
        token = self.get(token_id)
        await uninterrupted(self._revoke(token_id))
        log.info("revoked", token=token_id)
        return token

    async def reload(self) -> None:
        """Those that the store has lost meanwhile are revoked: a person's go with the person."""
        async with self._changing:
            left = {each.id for each in await self._table.all()}
            gone = self._tokens.keys() - left
            for token_id in gone:
                self._drop(token_id)
        for token_id in gone:
            self.changed(token_id, None)

    async def user_named(self, wanted: str) -> str:
        """The id of a person, by id or name. Raises NotFoundError."""
        return await self._table.user_named(wanted)

    async def serve(self) -> None:
        """Write down when tokens were used, each at most once a minute, until it is cancelled."""
        while True:
            await self._used.wait()
            with suppress(UnavailableError):  # it comes again with the next use
                await self.flush()
            await asyncio.sleep(WRITE_EVERY_S)

    async def flush(self) -> None:
        """Write down when tokens were used, now."""
        self._used.clear()
        used, self._used_s = self._used_s, {}
        for token_id, used_s in used.items():
            if token_id in self._tokens:
                self._tokens[token_id] = structs.replace(self._tokens[token_id], last_used_s=used_s)
        if used:
            await self._table.used(used)

    # What is in the store and what is in memory change together, also when whoever asked has gone.

    async def _add(self, stored: StoredToken) -> None:
        async with self._changing:
            await self._table.add(stored)
            self._by_hash[stored.hash] = stored.id
            self._set(_token(stored))

    async def _update(self, token_id: str, name: str | None, area: str | UnsetType | None) -> None:
        async with self._changing:
            old = self.get(token_id)
            new = structs.replace(
                old,
                name=old.name if name is None else name,
                area=old.area if area is UNSET else area,
            )
            await self._table.change(token_id, new.name, new.area)
            self._set(new)
        self.changed(token_id, new.caller)

    async def _revoke(self, token_id: str) -> None:
        async with self._changing:
            self.get(token_id)
            await self._table.forget(token_id)
            self._drop(token_id)
        self.changed(token_id, None)

    def _as_used(self, token: Token) -> Token:
        used_s = self._used_s.get(token.id)
        return token if used_s is None else structs.replace(token, last_used_s=used_s)

    def _set(self, token: Token) -> None:
        self._tokens[token.id] = token
        self._callers[token.id] = token.caller

    def _drop(self, token_id: str) -> None:
        del self._tokens[token_id], self._callers[token_id]
        self._by_hash = {key: value for key, value in self._by_hash.items() if value != token_id}
        self._used_s.pop(token_id, None)


def _token(stored: StoredToken) -> Token:
    return msgspec.convert({name: getattr(stored, name) for name in Token.__struct_fields__}, Token)


@asynccontextmanager
async def open_tokens(database: Database) -> AsyncIterator[Tokens]:
    """Tokens whose last uses are written while the context lasts, and at its end."""
    tokens = await Tokens.load(database)
    writer = asyncio.create_task(tokens.serve(), name="tokens")
    try:
        yield tokens
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        with suppress(UnavailableError):
            await tokens.flush()
