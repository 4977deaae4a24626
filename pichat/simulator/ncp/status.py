"""Status codes: one byte up to EZSP 13 (EmberStatus, EzspStatus), four from 14 (sl_status)."""

from __future__ import annotations

import enum

SL_STATUS_SINCE = 14


class Status(enum.Enum):
    """(what EZSP 13 says, what EZSP 14 and later say)."""

    OK = (0x00, 0x0000)
    FATAL = (0x01, 0x0001)
    INVALID_ARGUMENT = (0x02, 0x0021)
    NOT_FOUND = (0x03, 0x002D)
    VERSION_NOT_SET = (0x30, 0x0002)
    INVALID_FRAME_ID = (0x31, 0x0048)
    INVALID_CONFIG_VALUE = (0x36, 0x0021)
    INVALID_CONFIG_ID = (0x37, 0x0021)
    NO_BUFFERS = (0x18, 0x0019)
    DELIVERY_FAILED = (0x66, 0x0C02)
    INVALID_CALL = (0x70, 0x0002)
    MAX_MESSAGE_LIMIT_REACHED = (0x72, 0x0C03)
    MESSAGE_TOO_LONG = (0x74, 0x0038)
    INVALID_CHANNEL = (0x8A, 0x0055)
    INVALID_POWER = (0x8B, 0x0056)
    NETWORK_UP = (0x90, 0x0015)
    NETWORK_DOWN = (0x91, 0x0016)
    NOT_JOINED = (0x93, 0x0017)
    CHANNEL_CHANGED = (0x9B, 0x0C17)
    NETWORK_OPENED = (0x9C, 0x0C18)
    NETWORK_CLOSED = (0x9D, 0x0C19)
    NETWORK_BUSY = (0xA1, 0x0004)
    SECURITY_STATE_NOT_SET = (0xA8, 0x0C0B)
    INDEX_OUT_OF_RANGE = (0xB1, 0x0027)
    TABLE_FULL = (0xB4, 0x001C)
    NOT_AVAILABLE = (0xB5, 0x000E)
    TABLE_ENTRY_ERASED = (0xB6, 0x002D)

    def sl(self) -> bytes:
        """The four-byte form, which a few answers have in every version."""
        return self.value[1].to_bytes(4, "little")

    def packed(self, version: int) -> bytes:
        return self.sl() if version >= SL_STATUS_SINCE else self.value[0].to_bytes(1, "little")
