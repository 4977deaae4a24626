"""config.yaml as an owner writes it, and the errors as an owner reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.config import Config, find_config, load_config
from pichat.config.types import Pin, Profile, Secret, WakeWord
from pichat.errors import ConfigError

ROOT = Path(__file__).parent.parent.parent


def problems_of(path: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment or {})
    return [line.removeprefix(f"{path}:") for line in caught.value.sentence.splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_the_default_file_loads_and_changes_no_default() -> None:
    assert load_config(ROOT / "config.yaml", {}) == Config()


def test_an_empty_file_is_the_defaults(file: Path) -> None:
    file.write_text("")
    assert load_config(file, {}) == Config()


def test_every_error_comes_at_once_with_line_and_suggestion(file: Path) -> None:
    text = "langage: de\nserver:\n  port: abc\nzigbee:\n  path: ${NOPE}\nvoice:\n  tts: pipr\n"
    assert problems_of(file, text) == [
        "1: unknown key 'langage'. Did you mean 'language'?",
        "3: server.port should be a whole number from 0 to 65535, not 'abc'.",
        "5: zigbee.path: the variable NOPE is not set.",
        "7: voice.tts should be one of: auto, espeak-ng, piper, not 'pipr'. Did you mean 'piper'?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server:\n  port: 70000", "2: server.port should be a whole number from 0 to 65535"),
        ("server: 5", "1: server should hold settings"),
        ("- a", "1: the file should hold settings"),
        ("server:\n  port: 1\n  port: 2", "3: server.port is set twice."),
        ("voice:\n  enabled: perhaps", "2: voice.enabled should be true or false"),
        ("voice:\n  enabled: [", "2: "),
        ("server: {port: ${PORT}}", "1: is not YAML: expected ',' or '}', but got '{'. Inside"),
        ("server:\n\tport: 1", "2: is not YAML: found character '\\t' that cannot start"),
        ("\0", " is not a text file: special characters are not allowed."),
        ("? [a]\n: b", "1: unknown key '[…]'."),
        ("language: 2020-01-01", "1: language should be text that is not empty, not '2020-01-01'."),
        ('server:\n  host: ""', "2: server.host should be text that is not empty, not ''."),
        ("simulator:\n  radio_delay_ms: 90000", "2: simulator.radio_delay_ms should be a number"),
        ("simulator:\n  loss: 1.5", "2: simulator.loss should be a number from 0 to 1, not 1.5."),
    ],
)
def test_one_error(file: Path, text: str, said: str) -> None:
    assert problems_of(file, text)[0].startswith(said)


def test_a_near_variable_is_suggested(file: Path) -> None:
    found = problems_of(file, "zigbee:\n  path: ${STIK}", {"STICK": "/dev/x"})
    assert found == ["2: zigbee.path: the variable STIK is not set. Did you mean ${STICK}?"]


def test_variables_come_from_the_environment_then_dotenv_then_the_default(file: Path) -> None:
    file.with_name(".env").write_text("PORT=8001\nSTICK=/dev/from-dotenv\n")
    file.write_text(
        "server:\n  port: ${PORT}\nzigbee:\n  path: ${STICK}\nlanguage: ${LANGUAGE_CODE:-de}\n"
    )
    config = load_config(file, {"STICK": "/dev/from-environment"})
    assert (config.server.port, config.zigbee.path, config.language) == (
        8001,
        "/dev/from-environment",
        "de",
    )


def test_paths_are_relative_to_the_file(file: Path) -> None:
    file.write_text("simulator:\n  house: my-house.yaml\n")
    assert load_config(file, {}).simulator.house == file.parent / "my-house.yaml"


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "none.yaml", {})


def test_the_given_path_wins() -> None:
    assert find_config(Path("x.yaml")) == Path("x.yaml")


LISTS = """\
voice:
  wake_words:
    - hey_jarvis
    - {wrod: alexa, profile: guest}
    - {word: alexa, profile: gest}
    - {profile: guest}
    - 5
    - hey_jarvis
  keep_audio: [wakes, runz]
profiles:
  guest: {style: {gendr: female, rate: 9}}
controls:
  keys:
    - {device: /dev/input/by-id/k, key: KEY_F1, does: mutee}
  leds: [{line: -1, while_lit: [hearing, speeking]}]
  command: play
"""


def test_errors_in_lists_and_in_names_of_ones_own_say_where_and_come_at_once(file: Path) -> None:
    assert problems_of(file, LISTS) == [
        "4: unknown key 'voice.wake_words[1].wrod'. Did you mean 'word'?",
        "5: voice.wake_words[2].profile: there is no profile 'gest'. Did you mean 'guest'?",
        "6: voice.wake_words[3] lacks 'word'.",
        (
            "7: voice.wake_words[4] should be text that is not empty"
            " or settings (word, profile, threshold), not 5."
        ),
        "8: voice.wake_words[5]: the wake word 'hey_jarvis' is there already.",
        "9: voice.keep_audio[1] should be one of: wakes, runs, not 'runz'. Did you mean 'runs'?",
        "11: unknown key 'profiles.guest.style.gendr'. Did you mean 'gender'?",
        "11: profiles.guest.style.rate should be a number from 0.5 to 2, not 9.",
        (
            "14: controls.keys[0].does should be one of: mute, stop, listen, not 'mutee'."
            " Did you mean 'mute'?"
        ),
        "15: controls.leds[0].line should be a whole number of at least 0, not -1.",
        (
            "15: controls.leds[0].while_lit[1] should be one of: deaf, muted, listening, hearing,"
            " thinking, speaking, following_up, not 'speeking'. Did you mean 'speaking'?"
        ),
        "16: controls.command should be a list, not 'play'.",
    ]


def test_lists_and_names_of_ones_own_load(file: Path) -> None:
    file.write_text(
        "voice:\n"
        "  wake_words:\n"
        "    - hey_jarvis\n"
        "    - word: alexa\n"
        "      profile: guest\n"
        "      threshold: ${LIMIT}\n"
        "  keep_audio: [runs]\n"
        "profiles:\n  guest: {style: {gender: female, piper_voice: voices/amy.onnx}}\n"
        "controls:\n"
        "  pins: [{line: 17, does: mute}]\n"
        "  command: [notify, '${WHERE:-kitchen}']\n"
    )
    config = load_config(file, {"LIMIT": "0.7"})
    assert config.voice.wake_words[1] == WakeWord(word="alexa", profile="guest", threshold=0.7)
    assert config.voice.keep_audio == ("runs",)
    assert config.profiles["guest"].style.piper_voice == file.parent / "voices/amy.onnx"
    assert config.profiles["default"] == Profile()
    assert config.controls.pins == (Pin(line=17, does="mute"),)
    assert config.controls.command == ("notify", "kitchen")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("voice: {wake_words: []}", "voice.wake_words should be a list that is not empty, not an"),
        ("voice: {wake_words: hey_jarvis}", "voice.wake_words should be a list that is not empty,"),
        ("voice: {wake_words: }", "voice.wake_words should be a list that is not empty, not noth"),
        ("voice: {keep_audio: [[runs]]}", "voice.keep_audio[0] should be one of: wakes, runs, not"),
        ("voice: {microphone: null}", "voice.microphone should be text that is not empty, not no"),
        ("voice: {microphone: true}", "voice.microphone should be text that is not empty, not tr"),
        ("voice: {microphone: {a: b}}", "voice.microphone should be text that is not empty, not s"),
        ("voice: {microphone: !!python/object:os.x 1}", "voice.microphone cannot be read: could"),
        ("zigbee: {baud_rate: 2020-13-45}", "zigbee.baud_rate should be a whole number over 0 or"),
        ("profiles: [guest]", "profiles should hold settings, one `name: value` a line."),
        ("profiles: {guest: loud}", "profiles.guest should hold settings, one `name: value` a li"),
        ("profiles: {a: {}, a: {}}", "profiles.a is set twice."),
        ("controls: {pins: [{}]}", "controls.pins[0] lacks 'line' and 'does'."),
        ("controls: {pins: [17]}", "controls.pins[0] should hold settings, one `name: value` a l"),
        ("controls: {keys: &a [*a]}", "controls.keys[0] should hold settings, one `name: value`"),
    ],
)
def test_an_error_names_no_type_of_the_program(file: Path, text: str, said: str) -> None:
    found = problems_of(file, text)
    assert found[0].startswith(f"1: {said}")
    assert len(found) == 1


def test_a_chain_names_only_whom_there_is_to_ask(file: Path) -> None:
    problems = problems_of(
        file,
        "llm:\n  providers:\n    home: {kind: openai, model: small}\n"
        "profiles:\n  default: {chain: [intents, local, hom, home, 'home:large']}\n",
    )
    assert problems == [
        (
            "5: profiles.default.chain: chain[2]: there is no 'hom' to ask,"
            " only intents, local, home. Did you mean 'home'?"
        ),
        "5: profiles.default.chain: it names “local”, but llm.local has no model.",
    ]


def test_a_key_is_never_printed(file: Path) -> None:
    file.write_text("llm: {providers: {a: {kind: openai, model: m, api_key: '${KEY}'}}}\n")
    config = load_config(file, {"KEY": "sk-very-secret"})
    key = config.llm.providers["a"].api_key
    assert key.value == "sk-very-secret"
    assert "secret" not in f"{config} {config!r} {key}"


def test_the_static_token_may_stand_in_the_environment(file: Path) -> None:
    file.write_text("server: {port: 1}")
    config = load_config(file, {"API_TOKEN": "from the environment"})
    assert config.server.api_token == Secret("from the environment")
    assert (config.server.port, load_config(file, {}).server.api_token.value) == (1, "")
    file.write_text("server: {api_token: of the file}")
    assert load_config(file, {"API_TOKEN": "another one"}).server.api_token.value == "of the file"
    file.write_text("server: {api_token: short}")
    with pytest.raises(ConfigError, match=r"server\.api_token: a token has to have at least 8"):
        load_config(file, {})
    file.write_text("")
    with pytest.raises(ConfigError, match=r"API_TOKEN in the environment.* at least 8"):
        load_config(file, {"API_TOKEN": "short"})
