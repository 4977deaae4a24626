"""The one form of sound inside the daemon: 16 kHz, mono, signed 16 bit, native byte order.

Numbers only: whoever just counts samples does not load numpy.
"""

from __future__ import annotations

SAMPLE_RATE_HZ = 16_000
SAMPLE_BYTES = 2
BLOCK_SAMPLES = 320  # 20 ms: what one capture delivers
BLOCK_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES
BLOCK_S = BLOCK_SAMPLES / SAMPLE_RATE_HZ
SILENT_BLOCK = bytes(BLOCK_BYTES)


def samples(seconds: float) -> int:
    """A duration as a number of samples of the daemon's own rate."""
    return round(seconds * SAMPLE_RATE_HZ)
