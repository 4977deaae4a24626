"""Requests to every route, made from the OpenAPI document: some that fit it, some that do not."""

from __future__ import annotations

from typing import Any

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from tests.gateway.fuzz.watch import DEADLINE_S, FuzzError, Tally

_INSIDE = (b"Traceback (most", b'File "/', b'.py\\", line')
AnyCase = Case[Any]

_SOME_BYTES = 64 * 1024
_DEFECT, _NOT_NOW = 500, 503
_ONE_IN = 20


def cases(url: str) -> st.SearchStrategy[AnyCase]:
    """Of any operation that the daemon at `url` describes."""
    document = requests.get(f"{url}/openapi.json", timeout=DEADLINE_S).json()
    schema = schemathesis.openapi.from_dict(document)
    ways = [
        found.ok().as_strategy(generation_mode=mode)
        for found in schema.get_all_operations()
        if isinstance(found, Ok)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    return st.sampled_from(ways).flatmap(lambda way: way)


class Asking:
    """Sends cases to `url` and looks at what comes back."""

    def __init__(self, url: str, tally: Tally) -> None:
        self._url = url
        self._tally = tally
        self._session = requests.Session()

    def send(self, case: AnyCase) -> None:
        """Raises FuzzError."""
        self._tally.sent += 1
        wish: dict[str, Any] = case.as_transport_kwargs(base_url=self._url)
        if self._tally.sent % _ONE_IN:
            # Whoever shows a wrong token again and again is soon heard no more.
            wish["headers"].pop("Authorization", None)
        try:
            with self._session.request(**wish, stream=True, timeout=DEADLINE_S) as response:
                self._look(case, response)
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
            self._tally.closed += 1
        except requests.exceptions.Timeout:
            raise FuzzError(f"{case.method} {case.path} hangs") from None
        except (requests.exceptions.RequestException, UnicodeError):
            self._tally.replies["not sent"] += 1  # not even a client can write it

    def close(self) -> None:
        self._session.close()

    def _look(self, case: AnyCase, response: requests.Response) -> None:
        # A stream of events has no end: its beginning tells enough.
        endless = response.headers.get("Content-Type", "").startswith("text/event-stream")
        body = b"" if endless else response.raw.read(_SOME_BYTES)
        self._tally.replies[str(response.status_code)] += 1
        if any(text in body for text in _INSIDE):
            raise FuzzError(f"{case.method} {case.path} tells of the inside: {body!r}")
        if response.status_code >= _DEFECT and response.status_code != _NOT_NOW:
            self._tally.unexpected[f"{case.method} {case.path}: {response.status_code}"] += 1
