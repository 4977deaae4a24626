"""No recogniser of the home's own sentences: for languages that none of the packages hears."""

from __future__ import annotations


class Nothing:
    """Implements Recogniser. It recognises nothing, so that a transcriber is asked."""

    def begin(self) -> None:
        pass

    def feed(self, pcm: bytes) -> None:
        pass

    def partial(self) -> str:
        return ""

    def so_far(self) -> str:
        return ""

    def look_again(self) -> tuple[str, ...]:
        return ()

    def finish(self) -> tuple[str, ...]:
        return ()

    def drop(self) -> None:
        pass

    def close(self) -> None:
        pass
