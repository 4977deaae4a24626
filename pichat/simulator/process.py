"""The simulator as a child process: what the daemon and the tests start."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pichat.simulator.errors import SimulatorError

START_S = 15.0
STOP_S = 3.0
STDERR_LINES = 20


class SimulatorProcess:
    """`async with SimulatorProcess(…) as simulator`: `simulator.path` is what a host opens.

    house None: the default house. state None: a factory-fresh stick that remembers nothing.
    control: where the control socket shall be; the pseudo-terminal gets a lasting name beside it
    (`<control>.tty`), which `path` is from the beginning and which stays the same when the stick
    is unplugged and plugged in again. tcp_port: a TCP port instead (0: any; `path` is then known
    once it has started).

    The child ends when this process does, however that happens: its standard input is a pipe.
    """

    def __init__(
        self,
        *,
        control: Path,
        house: Path | None = None,
        state: Path | None = None,
        radio_delay_ms: float = 15.0,
        loss: float = 0.0,
        ezsp_version: int = 13,
        tcp_port: int | None = None,
        seed: int | None = None,
    ) -> None:
        self.control = control
        link = control.with_name(f"{control.name}.tty") if tcp_port is None else None
        optional = {"house": house, "state": state, "tcp": tcp_port, "seed": seed, "link": link}
        self._arguments = [
            f"--control={control}",
            f"--radio-delay-ms={radio_delay_ms}",
            f"--loss={loss}",
            f"--ezsp={ezsp_version}",
            "--until-stdin-closes",
            *(f"--{name}={value}" for name, value in optional.items() if value is not None),
        ]
        self._process: asyncio.subprocess.Process | None = None
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._listening: asyncio.Task[None] | None = None
        self.path = "" if link is None else str(link)

    async def __aenter__(self) -> SimulatorProcess:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Returns when the path can be opened. Raises SimulatorError with the child's sentence."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pichat.simulator",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in a terminal is for the daemon, which then ends this in its turn.
            process_group=0,
        )
        self._process = process
        self._stderr.clear()
        self._listening = asyncio.create_task(self._listen(process))
        try:
            self.path = await self._first_line(process)
        except BaseException:
            await self.stop()
            raise

    async def _first_line(self, process: asyncio.subprocess.Process) -> str:
        if process.stdout is None:
            raise SimulatorError("The simulator has no output.")
        try:
            async with asyncio.timeout(START_S):
                line = (await process.stdout.readline()).decode().strip()
                if not line:
                    await process.wait()
        except TimeoutError:
            raise SimulatorError("The simulator did not start in time.") from None
        if not line:
            if self._listening is not None:
                await self._listening
            reason = " ".join(self._stderr) or f"exit code {process.returncode}"
            raise SimulatorError(f"The simulator did not start: {reason}")
        return line

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keeps the last lines of the child's complaints, so that its pipe never fills."""
        while process.stderr is not None and (line := await process.stderr.readline()):
            self._stderr.append(line.decode("utf-8", "replace").strip())

    async def wait(self) -> int:
        """Waits for the child's end, whoever causes it; its exit code (negative: the signal)."""
        if self._process is None:
            return 0
        return await self._process.wait()

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Starts, calls `ready`, and raises SimulatorError when the child ends by itself.

        Cancelling stops the child.
        """
        try:
            await self.start()
            ready()
            code = await self.wait()
        finally:
            await self.stop()
        reason = " ".join(self._stderr) or f"exit code {code}"
        raise SimulatorError(f"The simulator ended: {reason}")

    async def stop(self) -> None:
        """Ends the child: asks, and after STOP_S insists. Does nothing when it is gone."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.stdin is not None:
            process.stdin.close()
        if self._listening is not None:
            await self._listening
            self._listening = None
