"""A sound server of its own for a test: a virtual microphone and a virtual speaker, no hardware.

with pulse_server() as pulse:
    daemon = start_daemon(env=pulse.environment)
    pulse.play_into_microphone(wav)      # somebody speaks
    pulse.mute_microphone()              # it gives zeros; before, it hums at 1 to 3 steps of 65,536
    sound = pulse.record_speaker()       # what PiChat says, while the context lasts
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

RECORDED_RATE_HZ = 16_000
_DEADLINE_S = 10.0
_MODULES = (
    "module-null-sink sink_name=speaker rate=48000 channels=1",
    "module-null-sink sink_name=mouth rate=48000 channels=1 norewinds=1",
)
_HUM = "module-sine sink=mouth frequency=90"  # no real microphone gives exact zeros
_HUM_DB = -80
_MICROPHONE = "source_name=microphone master=mouth.monitor channels=1"


class Recording:
    """What comes out of the virtual speaker, from the start of the recording on."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pcm = bytearray()
        self._arrived: list[tuple[int, float]] = []  # bytes so far, and when
        self._grown = threading.Condition(threading.RLock())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def samples(self) -> npt.NDArray[np.int16]:
        """Mono int16 at RECORDED_RATE_HZ, so far."""
        with self._grown:
            return np.frombuffer(bytes(self._pcm[: len(self._pcm) // 2 * 2]), dtype=np.int16)

    def __len__(self) -> int:
        """How many samples there are so far."""
        return len(self._pcm) // 2

    def since(self, start: int) -> npt.NDArray[np.int16]:
        """The samples from place `start` on: a long recording is not copied as a whole."""
        with self._grown:
            piece = bytes(self._pcm[2 * start :])
        return np.frombuffer(piece[: len(piece) // 2 * 2], dtype=np.int16)

    def wait_for(
        self, enough: Callable[[npt.NDArray[np.int16]], bool], within_s: float = _DEADLINE_S
    ) -> npt.NDArray[np.int16]:
        """Block until `enough(samples)`. Raises TimeoutError."""
        with self._grown:
            if not self._grown.wait_for(lambda: enough(self.samples()), within_s):
                raise TimeoutError(f"{len(self._pcm)} bytes were recorded, and not enough")
        return self.samples()

    def last_loud_s(self, level: int) -> float:
        """The time.monotonic() at which the last sample over `level` arrived here, some 20 ms
        after it was heard. Raises ValueError when none did."""
        with self._grown:
            loud = np.flatnonzero(np.abs(self.samples().astype(np.int32)) > level)
            if not len(loud):
                raise ValueError("nothing loud was recorded")
            end = (int(loud[-1]) + 1) * 2
            return next(at_s for length, at_s in self._arrived if length >= end)

    def stop(self) -> npt.NDArray[np.int16]:
        """End it; all that was recorded."""
        self._process.terminate()
        self._process.wait(_DEADLINE_S)
        self._reader.join(_DEADLINE_S)
        return self.samples()

    def _read(self) -> None:
        output = cast("BufferedReader", self._process.stdout)
        while piece := output.read1(4096):
            with self._grown:
                self._pcm += piece
                self._arrived.append((len(self._pcm), time.monotonic()))
                self._grown.notify_all()
        output.close()


class Pulse:
    """A running server. `environment` makes any program's `default` devices the virtual ones."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "native"
        self._server: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self.environment = {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SOURCE": "microphone",
            "PULSE_SINK": "speaker",
            "PULSE_COOKIE": str(directory / "cookie"),
        }

    def start(self) -> None:
        """Start the server (again) and wait until its devices answer."""
        command = ["pulseaudio", "-n", "--daemonize=no", "--system=no", "--use-pid-file=no"]
        command += ["--exit-idle-time=-1", "--disallow-exit", "--log-target=stderr"]
        socket = f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"
        for module in (*_MODULES, _HUM, f"module-remap-source {_MICROPHONE}", socket):
            command += ["-L", module]
        own = {
            "HOME": str(self._directory),
            "XDG_RUNTIME_DIR": str(self._directory),
            "PULSE_RUNTIME_PATH": str(self._directory),
            "PULSE_STATE_PATH": str(self._directory),
            "PULSE_COOKIE": str(self._directory / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "PATH": os.environ["PATH"],
        }
        with (self._directory / "log").open("ab") as log:
            self._server = subprocess.Popen(command, env=own, stderr=log, stdout=log)
        deadline_s = time.monotonic() + _DEADLINE_S
        while "microphone" not in self._pactl("list", "short", "sources", check=False):
            if time.monotonic() > deadline_s or self._server.poll() is not None:
                raise RuntimeError((self._directory / "log").read_text())
            time.sleep(0.02)
        # The only stream so far; it was at full loudness until now.
        self._pactl("set-sink-input-volume", "0", f"{_HUM_DB}dB")

    def stop(self) -> None:
        """End the server at once, as a crash does; `start` brings it back."""
        for process in (*self._children, self._server):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(_DEADLINE_S)
        self._children.clear()
        self._server = None

    def unplug_microphone(self) -> None:
        """No more sound comes from it, and nobody is told: as ALSA does it. (Unloading it would
        make the server move its users to another source.)"""
        self._pactl("suspend-source", "microphone", "1")

    def plug_microphone(self) -> None:
        self._pactl("suspend-source", "microphone", "0")

    def mute_microphone(self) -> None:
        """It goes on, but gives only zeros."""
        self._pactl("set-source-mute", "microphone", "1")

    def unmute_microphone(self) -> None:
        self._pactl("set-source-mute", "microphone", "0")

    def unplug_speaker(self) -> None:
        """It takes no sound any more, and nobody is told."""
        self._pactl("suspend-sink", "speaker", "1")

    def plug_speaker(self) -> None:
        self._pactl("suspend-sink", "speaker", "0")

    @contextmanager
    def echo(self, gain_db: float = 0.0) -> Iterator[None]:
        """The microphone hears what the speaker plays, as in a room without walls."""
        module = self._pactl(
            *("load-module", "module-loopback", "source=speaker.monitor", "sink=mouth"),
            *("latency_msec=30", "adjust_time=0", "sink_input_properties=media.name=echo"),
        )
        self.set_sink_input_volume("echo", f"{gain_db}dB")
        try:
            yield
        finally:
            self._pactl("unload-module", module.strip())

    def play_beside(self, wav: Path) -> subprocess.Popen[bytes]:
        """Another program plays through the speaker; ended with the server at the latest."""
        return self._play("speaker", wav)

    def play_into_microphone(self, wav: Path, *, wait: bool = True) -> None:
        """Somebody speaks: `wav` comes out of the virtual microphone at its own pace."""
        process = self._play("mouth", wav)
        if wait:
            process.wait(120)

    def record_speaker(self) -> Recording:
        """Begin to record what the virtual speaker plays."""
        command = ["parecord", "--device=speaker.monitor", "--raw", "--latency-msec=20"]
        command += [f"--rate={RECORDED_RATE_HZ}", "--channels=1", "--format=s16le"]
        environment = {**os.environ, **self.environment}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        self._children.append(process)
        return Recording(process)

    def sink_input_volumes(self) -> dict[str, int]:
        """Each program's playback through the speaker: its name → its volume, of 65,536."""
        (speaker,) = (
            one["index"]
            for one in json.loads(self._pactl("-f", "json", "list", "sinks"))
            if one["name"] == "speaker"
        )
        return {
            one["properties"].get("media.name", ""): max(
                channel["value"] for channel in one["volume"].values()
            )
            for one in json.loads(self._pactl("-f", "json", "list", "sink-inputs"))
            if one["sink"] == speaker
        }

    def set_sink_input_volume(self, name: str, volume: int | str) -> None:
        """Somebody changes the volume of one program."""
        for one in json.loads(self._pactl("-f", "json", "list", "sink-inputs")):
            if one["properties"].get("media.name") == name:
                self._pactl("set-sink-input-volume", str(one["index"]), str(volume))

    def _play(self, device: str, wav: Path) -> subprocess.Popen[bytes]:
        command = ["paplay", f"--device={device}", f"--stream-name={wav.stem}", str(wav)]
        process = subprocess.Popen(command, env={**os.environ, **self.environment})
        self._children.append(process)
        return process

    def _pactl(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["pactl", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=check,
            timeout=_DEADLINE_S,
        )
        return done.stdout


@contextmanager
def pulse_server() -> Iterator[Pulse]:
    """A server for as long as the context lasts. Only what it started is ended."""
    with tempfile.TemporaryDirectory(prefix="pulse") as directory:
        pulse = Pulse(Path(directory))
        pulse.start()
        try:
            yield pulse
        finally:
            pulse.stop()


@contextmanager
def in_environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables of this process: libpulse reads them when a device opens."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
