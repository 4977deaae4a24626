"""config.yaml, edited while the daemon runs."""

import signal
from pathlib import Path

from pichat.cli.client import connect
from tests.support.daemon import DaemonProcess, pichat, running_daemon, start_daemon, write_config

QUIET = {"zigbee": {"path": "none"}}


async def profiles(daemon: DaemonProcess) -> set[str]:
    listed = await daemon.connect_and_ask("get_profiles", {})
    return {profile["name"] for profile in listed["profiles"]}


async def test_an_edited_file_is_taken_over_by_command_and_by_signal(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, **QUIET) as daemon:
        assert (tmp_path / "config.good.yaml").exists()
        kids = {"kids": {"system": "Be kind.", "chain": ["cloud"]}}
        cloud = {"providers": {"cloud": {"kind": "openai", "model": "m", "url": daemon.url}}}
        write_config(tmp_path, {**QUIET, "profiles": kids, "llm": cloud, "language": "de"})
        code, out, err = await pichat(tmp_path, "reload")
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "Changed: profiles.kids, llm.providers.cloud.",
            "These hold after a restart: language.",
        ]
        assert await profiles(daemon) == {"default", "kids"}
        health = await daemon.connect_and_ask("get_health", {})
        assert health["parts"]["thinking"]["status"] == "ok"
        assert "language" in health["parts"]["config"]["reason"]

        (tmp_path / "config.yaml").write_text("profils: {}\n")
        code, out, err = await pichat(tmp_path, "reload")
        assert (code, out) == (2, "")
        assert "unknown key 'profils'. Did you mean 'profiles'?" in err
        assert await profiles(daemon) == {"default", "kids"}

        write_config(tmp_path, {**QUIET, "profiles": {"guests": {}}})
        async with connect(tmp_path) as connection:
            subscribed = await connection.send("subscribe", {"topics": ["profiles"]})
            daemon.process.send_signal(signal.SIGHUP)
            async for frame in connection.frames():
                if frame["request_id"] == subscribed and frame["status"] == "event":
                    assert frame["payload"]["names"] == ["default", "guests"]
                    break


async def test_a_broken_file_at_the_start_is_told_and_the_last_good_one_runs(
    tmp_path: Path,
) -> None:
    async with running_daemon(tmp_path, **QUIET, profiles={"kids": {}}):
        pass
    daemon = await start_daemon(tmp_path, **QUIET, profils={})
    try:
        await daemon.until_ready()
        assert await profiles(daemon) == {"default", "kids"}
        health = await daemon.connect_and_ask("get_health", {})
        assert health["status"] == "degraded"
        assert "Did you mean 'profiles'?" in health["parts"]["config"]["reason"]
    finally:
        assert await daemon.stop() == 0
    assert "config has mistakes" in daemon.log
