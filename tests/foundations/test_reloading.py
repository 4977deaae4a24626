import stat
from pathlib import Path

import pytest
from msgspec import structs

from pichat.app.reloading import Commit, Reloading, Taker
from pichat.bus import Bus
from pichat.config.differences import differences, taken_over
from pichat.config.last_good import ConfigFile
from pichat.config.types import Config, Logging, Profile, Secret, Server
from pichat.errors import ConfigError
from pichat.health import Health


def test_differences_are_named_to_the_setting_and_of_profiles_to_the_profile() -> None:
    old = Config(profiles={"default": Profile(), "gone": Profile()})
    new = Config(
        server=Server(names=("a",), api_token=Secret("x")),
        profiles={"default": Profile(system="Be kind."), "kids": Profile()},
    )
    assert differences(old, new) == (
        "server.names",
        "server.api_token",
        "profiles.default",
        "profiles.gone",
        "profiles.kids",
    )
    assert differences(new, new) == ()
    assert taken_over(old, new, "server.names") == structs.replace(old, server=Server(names=("a",)))


class Writing:
    """A config file that is edited, and what came of reading it again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.yaml"
        self.file = ConfigFile(self.path, folder)
        self.health = Health(Bus())
        self.levels: list[str] = []
        self.write("")
        takers = (Taker(("logging",), self._prepare),)
        self.reloading = Reloading(self.file.load(), self.file, takers, self.health)

    def write(self, text: str) -> None:
        self.path.write_text(text)

    def told(self) -> tuple[str, str | None]:
        part = self.health.parts()["config"]
        return part.status, part.reason

    def _prepare(self, new: Config) -> Commit:
        if new.logging == Logging(level="error"):
            raise ConfigError("That level cannot be taken over.")
        return lambda: self.levels.append(new.logging.level)


async def test_what_can_be_is_taken_over_and_the_rest_named_until_a_restart(
    tmp_path: Path,
) -> None:
    writing = Writing(tmp_path)
    writing.write("logging: {level: debug}\nserver: {port: 8123}\n")
    reloaded = await writing.reloading.reload()
    assert (reloaded.applied, reloaded.needs_restart) == (("logging.level",), ("server.port",))
    assert writing.levels == ["debug"]
    assert writing.told() == ("degraded", "These changes hold after a restart: server.port.")
    # Again: what was taken over has not changed, what needs a restart still does.
    reloaded = await writing.reloading.reload()
    assert (reloaded.applied, reloaded.needs_restart) == ((), ("server.port",))
    writing.write("logging: {level: debug}\n")
    await writing.reloading.reload()
    assert writing.levels == ["debug"]
    assert writing.told() == ("ok", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("logging: {levle: debug}\n", "levle"),
        ("logging: {level: error}\n", "cannot be taken over"),
        ("logging: [\n", "not YAML"),
    ],
)
async def test_a_mistake_changes_nothing_and_is_told(tmp_path: Path, text: str, says: str) -> None:
    writing = Writing(tmp_path)
    writing.write(text)
    with pytest.raises(ConfigError, match=says):
        await writing.reloading.reload()
    assert writing.levels == []
    status, reason = writing.told()
    assert status == "degraded"
    assert says in (reason or "")
    writing.write("logging: {level: warning}\n")
    await writing.reloading.reload()
    assert writing.levels == ["warning"]
    assert writing.told() == ("ok", None)


async def test_a_broken_file_at_the_start_falls_back_to_the_last_good_one(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    writing.write("language: de\nserver: {api_token: a-secret}\n")
    writing.file.load()
    writing.write("language: de\nand an edit that nobody has read yet\n")
    await writing.reloading.started()
    copy = tmp_path / "config.good.yaml"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    writing.write("language: de\nservre: {}\n")
    again = ConfigFile(writing.path, tmp_path)
    assert again.load().language == "de"
    assert "servre" in (again.problem or "")
    reloading = Reloading(Config(), again, (), writing.health)
    await reloading.started()
    status, reason = writing.told()
    assert status == "degraded"
    assert "last good copy" in (reason or "")
    assert "servre" in (reason or "")
    assert "servre" not in copy.read_text()
    # A copy is of one file, and no help for another.
    other = tmp_path / "other.yaml"
    other.write_text("servre: {}\n")
    with pytest.raises(ConfigError, match="servre"):
        ConfigFile(other, tmp_path).load()
    copy.unlink()
    with pytest.raises(ConfigError, match="servre"):
        ConfigFile(writing.path, tmp_path).load()
