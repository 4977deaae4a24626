"""The daemon with HTTPS on, and the commands of its machine."""

import json
import ssl
from pathlib import Path

import aiohttp
import pytest

from tests.support.daemon import pichat, running_daemon, start_daemon

pytestmark = pytest.mark.long
QUIET = {"zigbee": {"path": "none"}}


async def test_commands_of_this_machine_go_on_over_tls(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with running_daemon(
        state, server={"port": 0, "tls": {"mode": "auto"}}, **QUIET
    ) as daemon:
        assert daemon.url.startswith("https://127.0.0.1:")
        assert any(line.startswith("READY") and "https://" in line for line in daemon.lines)
        code, out, _ = await pichat(state, "doctor", "--json")
        parts = json.loads(out)["parts"]
        assert code == 0
        assert parts["certificate"] == {"status": "ok", "reason": None}
        assert parts["announcement"]["status"] == "off"
        code, out, _ = await pichat(state, "tls", "--json")
        before = json.loads(out)
        assert (code, before["mode"]) == (0, "auto")
        assert {"pichat.local", "localhost", "127.0.0.1"} <= set(before["names"])
        authority = Path(before["authority_file"])
        trusted = ssl.create_default_context(cafile=authority)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{daemon.url}/certificate", ssl=trusted) as response,
        ):
            assert response.status == 200
        code, out, _ = await pichat(state, "tls", "renew")
        assert code == 0
        assert before["fingerprint"] not in out
        assert before["authority_fingerprint"] in out
        code, out, _ = await pichat(state, "doctor")  # believes the new one
        assert code == 0
        assert await daemon.stop() == 0
    config = f"--config={state / 'config.yaml'}"
    code, out, err = await pichat(state, "tls", config)
    assert (code, err) == (0, "")
    assert before["authority_fingerprint"] in out
    code, _, err = await pichat(tmp_path / "new", "tls", config)
    assert (code, err) == (1, "There is no certificate yet: PiChat makes it when it starts.\n")


async def test_files_that_are_missing_are_one_line(tmp_path: Path) -> None:
    state = tmp_path / "state"
    tls = {"mode": "files", "certificate": "no.pem", "key": "no.key"}
    daemon = await start_daemon(state, server={"port": 0, "tls": tls}, **QUIET)
    assert await daemon.process.wait() == 2
    assert daemon.log.strip().splitlines()[-1] == (
        f"{state / 'no.pem'} cannot be read: No such file or directory."
        " It is server.tls in config.yaml."
    )
