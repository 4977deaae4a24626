"""Install codes: what is printed on a device that only joins a network that knows its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pichat.errors import BadRequestError

if TYPE_CHECKING:
    from zigpy.types import EUI64, KeyData

_BYTES = "8, 10, 14 or 18 bytes, the checksum at the end among them"


def from_code(device_id: str, code: str) -> tuple[EUI64, KeyData]:
    """The device's address and its link key. `code` is hexadecimal, with or without dashes, spaces
    or colons. Raises BadRequestError."""
    from zigpy.util import convert_install_code

    plain = "".join(letter for letter in code if letter not in "-: \t")
    try:
        raw = bytes.fromhex(plain)
    except ValueError:
        raise BadRequestError("An install code has only the digits 0–9 and A–F.") from None
    address = _address(device_id)
    try:
        return address, convert_install_code(raw)
    except ValueError as error:
        if "CRC" in str(error):
            reason = "Its checksum does not fit: a digit is wrong."
        else:
            reason = f"An install code has {_BYTES}; this has {len(raw)}."
        raise BadRequestError(reason) from error


def from_qr(text: str) -> tuple[EUI64, KeyData]:
    """The same from the text of a device's QR code, as a scanner shows it. Raises
    BadRequestError."""
    from zigpy.util import parse_install_code_qr

    try:
        return parse_install_code_qr(text.strip())
    except ValueError as error:
        reason = "it is in no form that is known"
        if "CRC" in str(error):
            reason = "the checksum of its install code does not fit"
        raise BadRequestError(
            f"That QR text cannot be used: {reason}. Type the install code and the address that"
            " are printed beside it instead."
        ) from error


def _address(device_id: str) -> EUI64:
    from zigpy.types import EUI64

    plain = "".join(letter for letter in device_id if letter not in "-: \t")
    if len(plain) != 16 or any(letter not in "0123456789abcdefABCDEF" for letter in plain):
        raise BadRequestError(
            "An install code needs the device's address: 16 hexadecimal digits, printed beside it."
        )
    return EUI64.convert(":".join(plain[at : at + 2] for at in range(0, 16, 2)))
