"""Devices on their way into the house."""
