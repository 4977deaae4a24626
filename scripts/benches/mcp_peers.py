"""The peers, each installed into a folder of its own, and a file that its own interpreter runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

FASTMCP = ("fastmcp==4.2.3",)
MCP_PROXY = ("mcp-proxy==0.12.0", "mcp<2")  # it does not run with the newest SDK
_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("mcp_peer.py")
Peer = Literal["fastmcp", "mcp-proxy"]


def installed(peer: Peer) -> Path:
    """Its interpreter. Takes a minute at the first time."""
    folder = _ROOT / "build" / "mcp-peers" / peer
    python = folder / "bin" / "python"
    packages = FASTMCP if peer == "fastmcp" else MCP_PROXY
    done = folder / "installed.json"
    if not done.exists() or json.loads(done.read_text("utf-8")) != list(packages):
        subprocess.run((sys.executable, "-m", "venv", "--clear", folder), check=True)
        pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run((*pip, *packages), check=True, stdout=subprocess.DEVNULL)
        done.write_text(json.dumps(packages), "utf-8")
    return python


def measured(peer: Peer, mode: str, urls: list[str]) -> dict[str, float]:
    """See mcp_peer.py."""
    ran = subprocess.run(
        (installed(peer), "-I", _SCRIPT, peer, mode),
        input=json.dumps(urls),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        timeout=300,
    )
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found
