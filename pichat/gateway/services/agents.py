"""What /mcp needs of the daemon."""

from dataclasses import dataclass

from pichat.store.audit import Audit


@dataclass
class Agents:
    """`serve`: whether other programs are let in at all, which may change while it runs. `audit`:
    where it is written down what they do beside the house's own tools."""

    serve: bool = True
    audit: Audit | None = None
