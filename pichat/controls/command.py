"""A program of the owner's that is told what the voice loop is doing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

from pichat.config.types import Controls as Config
from pichat.controls.base import Report, Surroundings, controls
from pichat.errors import UnavailableError
from pichat.events import VoiceState

LONGEST_S = 5.0


@controls("command")
def make_command(config: Config, around: Surroundings) -> Iterator[CommandHook]:
    if config.command:
        yield CommandHook(config.command, around)


class CommandHook:
    """Starts the program at each change. While one runs no other is started; when it has ended, the
    newest state is told, if it is another one."""

    def __init__(
        self, command: tuple[str, ...], around: Surroundings, longest_s: float = LONGEST_S
    ) -> None:
        self._command = command
        self._around = around
        self._longest_s = longest_s

    @property
    def name(self) -> str:
        """See Control."""
        return f"command {self._command[0]}"

    async def serve(self, report: Report) -> None:
        """See Control. It is tried again when the program could not be started; one that fails is
        started again at the next change."""
        state: VoiceState | None = None
        while True:
            state = await self._around.states.after(state)
            report(await self._tell(state))

    async def _tell(self, state: VoiceState) -> str | None:
        """None, or a sentence about what went wrong."""
        program = self._command[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                state,
                env={**os.environ, "PICHAT_VOICE_STATE": state},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # so that what it starts can be ended with it
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise UnavailableError(f"The command {program} cannot be run: {reason}.") from error
        try:
            async with asyncio.timeout(self._longest_s):
                code = await process.wait()
        except TimeoutError:
            return f"The command {program} took over {self._longest_s:g} s and was ended."
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return f"The command {program} ended with code {code}." if code else None
