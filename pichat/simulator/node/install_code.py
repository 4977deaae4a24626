"""Install codes: what is printed on a device's label, and the link key that follows from it.

Source: Base Device Behavior specification 3.0, section 10.1; Zigbee specification r22, B.6.
"""

from __future__ import annotations

LENGTHS = (8, 10, 14, 18)
_BLOCK_BYTES = 16


def link_key(code: str) -> bytes:
    """The key of a code in hexadecimal, its checksum included (spaces and dashes do not count).

    Raises ValueError with a sentence when the code cannot be right.
    """
    try:
        data = bytes.fromhex(code.replace("-", " "))
    except ValueError:
        raise ValueError(f"The install code {code!r} is not hexadecimal.") from None
    if len(data) not in LENGTHS:
        raise ValueError(f"The install code {code!r} does not have 8, 10, 14 or 18 bytes.")
    if _crc_x25(data[:-2]).to_bytes(2, "little") != data[-2:]:
        raise ValueError(f"The checksum of the install code {code!r} is wrong.")
    return _matyas_meyer_oseas(data)


def _crc_x25(data: bytes) -> int:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


def _matyas_meyer_oseas(data: bytes) -> bytes:
    """A hash of blocks that AES encrypts, each under the hash of those before it."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    padded = data + b"\x80"
    padded += bytes(-(len(padded) + 2) % _BLOCK_BYTES) + (8 * len(data)).to_bytes(2, "big")
    result = bytes(_BLOCK_BYTES)
    for start in range(0, len(padded), _BLOCK_BYTES):
        block = padded[start : start + _BLOCK_BYTES]
        cipher = Cipher(algorithms.AES(result), modes.ECB()).encryptor()  # noqa: S305 - as specified
        encrypted = cipher.update(block)
        result = bytes(one ^ other for one, other in zip(encrypted, block, strict=True))
    return result
