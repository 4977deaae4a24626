"""PiChat: a private voice assistant and Zigbee hub for the Raspberry Pi."""

from importlib.metadata import version

__version__ = version("pichat")
