import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from pichat.events import (
    AnswerHeard,
    DeviceOutcome,
    ScreenCommand,
    Shown,
    ToolCall,
    ToolResult,
    Transcript,
    TurnFinished,
    TurnStarted,
    TurnTool,
    VoiceChanged,
    VoiceHeard,
)
from pichat.gateway.actions.screens import FrontendCommand, tell_screens
from tests.gateway.fakes import World
from tests.web.browser import browser, complaints, wait
from tests.web.conftest import Served

LIGHT = "00:12:4b:00:00:00:00:01"
SENSOR = "00:12:4b:00:00:00:00:06"
LOCK = "00:12:4b:00:00:00:00:09"


class Page:
    """The page as a person uses it."""

    def __init__(self, driver: webdriver.Chrome, served: Served) -> None:
        self.driver = driver
        self.served = served
        driver.get(served.world.url)
        self.until(lambda: len(self.all(".card")) == 11)

    def until(self, holds: object) -> None:
        assert callable(holds)
        wait(self.driver).until(lambda _: holds())

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def card(self, device_id: str, css: str = "") -> WebElement:
        return self.one(f'[data-device="{device_id}"] {css}')

    def say(self, text: str) -> None:
        self.one("#say").send_keys(text, Keys.ENTER)

    def last(self, css: str) -> str:
        """The text of `css` in the newest turn that has it."""
        return (self.all(f".turn {css}") or [self.one("body")])[-1].text

    def is_on(self, device_id: str) -> bool:
        return self.card(device_id, ".switch").get_attribute("aria-checked") == "true"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def page(driver: webdriver.Chrome, served: Served) -> Iterator[Page]:
    page = Page(driver, served)
    yield page
    driver.get("about:blank")
    assert [each for each in complaints(driver) if "WebSocket connection" not in each] == []


def test_a_sentence_is_answered_and_the_tile_follows(page: Page) -> None:
    assert not page.is_on(LIGHT)
    page.say("turn on the Kitchen light")
    page.until(lambda: page.last(".answer") == "The Kitchen light is on.")
    assert page.last(".said") == "turn on the Kitchen light"
    assert page.last(".deed") == "Kitchen light → on\nconfirmed in 40 ms"
    assert page.last(".answer-foot") == "Answered in 41 ms"
    page.until(lambda: page.is_on(LIGHT))
    assert "On, 60 %" in page.card(LIGHT).text


def test_a_switch_turns_when_the_device_has_said_so(page: Page) -> None:
    page.card(LIGHT, ".switch").click()
    page.until(lambda: page.is_on(LIGHT))
    assert page.served.world.house.devices()[0].state["on_off"] is True
    page.served.do(lambda world: world.house.silent.add("Kitchen light"))
    page.card(LIGHT, ".switch").click()
    page.until(lambda: "does not answer" in page.card(LIGHT).text)
    assert page.is_on(LIGHT)


def test_what_a_device_reports_is_seen_at_once(page: Page) -> None:
    page.served.do(lambda world: world.house.report(SENSOR, temperature=17.25, humidity=61))
    page.until(lambda: "17.3 °C" in page.card(SENSOR).text)
    assert "61 %" in page.card(SENSOR).text
    page.served.do(lambda world: world.house.report(LIGHT, on_off=True, brightness=30))
    page.until(lambda: "On, 30 %" in page.card(LIGHT).text)
    assert page.card(LIGHT, "input").get_attribute("value") == "30"
    page.served.do(lambda world: world.house.report(LIGHT, available=False))
    page.until(lambda: "Not heard from since" in page.card(LIGHT).text)
    page.served.do(lambda world: world.house.sleep(LIGHT, brightness=40))
    page.until(lambda: "When it wakes: brightness 40 %" in page.card(LIGHT).text)


def test_sliders_and_set_points_ask_the_device(page: Page) -> None:
    slider = page.card(LIGHT, "input")
    slider.send_keys(Keys.HOME)
    page.until(lambda: page.served.world.house.devices()[0].state["brightness"] == 0)
    page.one('[aria-label="Bedroom thermostat: higher"]').click()
    page.until(lambda: page.served.world.house.devices()[-1].state["target_temperature"] == 21)


def test_a_door_is_unlocked_after_a_yes(page: Page) -> None:
    assert "Asks first" in page.card(LOCK).text
    assert "Asks first" not in page.card(LIGHT).text
    page.card(LOCK, ".button").click()
    page.until(lambda: page.all(".question"))
    # It has no text for the reader of the page before it is painted.
    page.until(lambda: page.one(".question-text").text == "Shall I unlock the front door?")
    lock = page.served.world.house.devices()[8]
    assert lock.state["lock"] is True
    page.one(".question-yes").click()
    page.until(lambda: "Unlocked" in page.card(LOCK).text)
    page.until(lambda: "Front door lock → unlocked" in page.one(".notice").text)
    assert not page.all(".question")
    page.one(".notice-close").click()
    assert not page.all(".notice")
    page.card(LOCK, ".button").click()
    page.until(lambda: "Locked" in page.card(LOCK, ".card-summary").text)
    assert not page.all(".question")


def test_a_no_or_another_screens_answer_ends_a_question(page: Page) -> None:
    page.card(LOCK, ".button").click()
    page.until(lambda: page.all(".question"))
    page.one(".question .button:not(.question-yes)").click()
    page.until(lambda: not page.all(".question"))
    page.card(LOCK, ".button").click()
    page.until(lambda: page.all(".question"))
    # A page that is opened now finds the question that is open.
    page.driver.refresh()
    page.until(lambda: page.all(".question"))
    page.served.do(lambda w: setattr(w, "task", _answer(w)))
    page.until(lambda: not page.all(".question"))
    page.until(lambda: "Unlocked" in page.card(LOCK).text)


def _answer(world: World) -> object:
    tools = world.turns._tools
    (question,) = tools.open_questions()
    answering = tools.confirm(question.id, yes=True, source="voice", turn_id="other")
    return asyncio.get_running_loop().create_task(answering)


def test_a_yes_that_could_not_be_done_says_why(page: Page) -> None:
    page.card(LOCK, ".button").click()
    page.until(lambda: page.all(".question"))
    page.served.do(lambda world: world.house.silent.add("Front door lock"))
    page.one(".question-yes").click()
    page.until(lambda: "Front door lock → no answer" in page.one(".notice.failed").text)
    assert page.served.world.house.devices()[8].state["lock"] is True


def test_what_is_to_be_shown_is_shown_as_text(page: Page) -> None:
    shown = ScreenCommand(kind="list", title="<b>Shopping</b>", items=("milk", "bread"))
    page.served.do(lambda world: world.bus.publish(shown))
    page.until(lambda: page.all(".notice"))
    assert page.one(".notice-body").text == "<b>Shopping</b>\nmilk\nbread"
    page.served.do(
        lambda w: w.bus.publish(ScreenCommand(kind="notification", title="Tea", text="is ready"))
    )
    page.until(lambda: page.all(".notice.notification"))
    assert page.one(".notice.notification .notice-body").text == "Tea\nis ready"


def test_who_tells_the_page_to_show_something_hears_that_it_did(page: Page) -> None:
    heard: Future[Shown] = Future()
    page.served.do(lambda world: setattr(world, "task", asyncio.ensure_future(_tell(world, heard))))
    assert len(heard.result(timeout=10).took) == 1
    assert page.one(".notice.notification").text == "Device status updated"


async def _tell(world: World, heard: Future[Shown]) -> None:
    command = FrontendCommand(
        command="show_notification", data={"message": "Device status updated"}
    )
    heard.set_result(await tell_screens(world.gateway._services, command))


def test_a_lock_that_does_not_ask_takes_two_presses(page: Page) -> None:
    page.served.do(lambda w: setattr(w, "task", _unmark(w)))
    page.until(lambda: "Asks first" not in page.card(LOCK).text)
    button = page.card(LOCK, ".button")
    button.click()
    assert button.text == "Really unlock?"
    assert page.served.world.house.devices()[8].state["lock"] is True
    button.click()
    page.until(lambda: "Unlocked" in page.card(LOCK).text)
    button.click()
    page.until(lambda: "Locked" in page.card(LOCK, ".card-summary").text)


def _speak(world: World) -> None:
    world.voice.change(VoiceChanged(state="speaking"))
    world.bus.publish(Transcript(turn_id="v", text="how warm", final=False))
    world.bus.publish(Transcript(turn_id="v", text="how warm is it", final=True))
    world.bus.publish(
        TurnStarted(
            turn_id="v",
            conversation_id="c",
            source="voice",
            text="how warm is it",
            provider="intents",
        )
    )
    outcome = DeviceOutcome(
        device_id=SENSOR, device_name="Bathroom sensor", capability="temperature", state=21.5
    )
    world.bus.publish(
        TurnTool(
            turn_id="v",
            call=ToolCall(name="get_device_state", arguments={}),
            result=ToolResult(outcomes=(outcome,)),
            started_s=1,
            duration_ms=3,
        )
    )
    world.bus.publish(
        TurnFinished(
            turn_id="v",
            conversation_id="c",
            text="21.5 degrees.",
            provider="intents",
            code=None,
            retryable=False,
            timings_ms={"total": 9},
        )
    )


def test_what_is_spoken_in_the_house_is_shown(page: Page) -> None:
    page.served.do(_speak)
    page.until(lambda: page.last(".answer") == "21.5 degrees.")
    assert page.one("pi-voice").text == "Speaking…"
    assert page.last(".said-source") == "By voice"
    assert page.last(".deed") == "Bathroom sensor → 21.5 °C\nread in 3 ms"
    assert len(page.all(".turn")) == 1
    page.served.do(lambda w: w.voice.change(VoiceChanged(state="deaf", reason="No microphone.")))
    page.until(lambda: "No microphone." in page.one("pi-voice").text)


def test_problems_are_shown_with_their_reason(page: Page) -> None:
    assert not page.one("pi-health").is_displayed()
    page.served.do(lambda world: world.health.set("zigbee", "failed", "The stick is gone."))
    page.until(lambda: page.one("pi-health").text == "Zigbee\nThe stick is gone.")
    page.served.do(lambda world: world.health.set("zigbee", "ok"))
    page.until(lambda: not page.one("pi-health").is_displayed())


def test_a_turn_can_be_stopped(page: Page) -> None:
    page.say("wait")
    page.until(lambda: page.one(".composer-button").get_attribute("aria-label") == "Stop")
    page.one(".composer-button").click()
    page.until(lambda: page.last(".answer") == "Stopped.")
    page.until(lambda: page.one(".composer-button").get_attribute("aria-label") == "Send")


def test_names_are_text_and_nothing_else(page: Page) -> None:
    name = "<img src=x onerror=document.title='owned'>"
    page.served.do(lambda w: setattr(w, "task", _rename(w, name)))
    page.until(lambda: name in page.card(LIGHT).text)
    page.say(name)
    page.until(lambda: page.last(".said") == name)
    assert page.driver.title == "PiChat"


def _unmark(world: World) -> object:
    return asyncio.get_running_loop().create_task(world.house.mark(LOCK, False))


def _rename(world: World, name: str) -> object:
    return asyncio.get_running_loop().create_task(
        world.house.rename(LIGHT, name=name, area="Kitchen")
    )


def test_it_connects_again_by_itself(page: Page) -> None:
    def cut(world: World) -> None:
        for connection in list(world.gateway._sockets._connections):
            connection.drop("test")
        world.house.report(LIGHT, on_off=True, brightness=11)

    page.served.do(cut)
    page.until(lambda: "On, 11 %" in page.card(LIGHT).text)
    page.until(lambda: page.one("body").get_attribute("data-link") == "open")
    page.say("turn off the Kitchen light")
    page.until(lambda: page.last(".answer") == "The Kitchen light is off.")


def test_it_says_when_it_is_not_connected(page: Page) -> None:
    page.served.stop()
    page.until(lambda: page.one("pi-link").text == "Connection lost. Trying again…")
    assert not page.one(".composer-button").is_enabled()
    page.card(LIGHT, ".switch").click()
    page.until(lambda: "not connected" in page.card(LIGHT).text)


def test_on_a_phone_there_is_one_view_at_a_time(tmp_path: Path, served: Served) -> None:
    with browser(tmp_path, width=390, height=844) as driver:
        page = Page(driver, served)
        assert page.one("#say").is_displayed()
        assert not page.one("pi-house").is_displayed()
        page.one('.tab[data-view="runs"]').click()
        assert page.one("pi-runs").is_displayed()
        assert not page.one("#say").is_displayed()
        page.one('.tab[data-view="house"]').click()
        assert page.card(LIGHT).is_displayed()
        width = driver.execute_script("return document.documentElement.scrollWidth")
        assert width == 390


def test_the_microphone_is_muted_and_speech_stopped_by_a_press(page: Page) -> None:
    mute = page.one('[aria-label="Mute the microphone"]')
    mute.click()
    page.until(lambda: page.one("pi-voice").text == "Muted")
    assert mute.get_attribute("aria-pressed") == "true"
    mute.click()
    page.until(lambda: page.one("pi-voice").text == "Say the wake word")
    stop = page.one('[aria-label="Stop speaking"]')
    assert not stop.is_displayed()
    page.served.do(lambda w: w.voice.change(VoiceChanged(state="speaking")))
    page.until(stop.is_displayed)
    stop.click()
    page.until(lambda: not stop.is_displayed())
    assert page.served.world.voice.pressed == ["mute True", "mute False", "interrupt"]
    page.served.do(lambda w: w.voice.change(VoiceChanged(state="following_up")))
    page.until(lambda: page.one("pi-voice").text == "Go on…")


def test_what_another_station_hears_is_not_shown_as_heard_here(page: Page) -> None:
    def elsewhere(world: World) -> None:
        world.bus.publish(VoiceHeard(turn_id="e", what="wake", at_s=1, station="tablet"))
        world.bus.publish(VoiceChanged(state="hearing", station="tablet"))
        world.bus.publish(Transcript(turn_id="e", text="not here", final=False))
        world.bus.publish(Transcript(turn_id="v", text="turn on", final=False))

    page.served.do(elsewhere)
    page.until(lambda: page.one(".hearing").text == "turn on")
    assert page.one("pi-voice").text == "Say the wake word"
    page.served.do(lambda w: w.voice.change(VoiceChanged(state="muted")))
    page.until(lambda: not page.one(".hearing").is_displayed())


def test_what_nobody_heard_of_an_answer_is_struck(page: Page) -> None:
    page.served.do(_speak)
    page.served.do(lambda w: w.bus.publish(AnswerHeard(turn_id="v", text="21.5", whole=True)))
    page.served.do(lambda w: w.voice.change(VoiceChanged(state="listening")))
    page.until(lambda: page.one("pi-voice").text == "Say the wake word")
    assert page.last(".answer-foot") == "Answered in 9 ms"
    page.served.do(lambda w: w.bus.publish(AnswerHeard(turn_id="v", text="21.5", whole=False)))
    page.until(lambda: page.last(".answer-foot") == "Interrupted")
    assert page.last(".answer") == "21.5 degrees."
    assert page.last(".answer .unheard") == "degrees."
    page.served.do(lambda w: w.bus.publish(AnswerHeard(turn_id="v", text="other", whole=False)))
    page.until(lambda: page.last(".answer .unheard") == "21.5 degrees.")


def _run(world: World) -> None:
    for what, at_s, detail in (("wake", 1.0, "hey_jarvis"), ("speech_start", 1.3, "")):
        world.bus.publish(
            VoiceHeard(turn_id="v", what=what, at_s=at_s, detail=detail, scores={"micro": 0.9})  # type: ignore[arg-type]
        )
    world.bus.publish(VoiceHeard(turn_id="v", what="speech_end", at_s=2, detail="complete"))
    _speak(world)


def test_a_run_is_looked_into(page: Page) -> None:
    page.one(".runs-switch").click()
    page.until(lambda: "Nothing was spoken" in page.one("pi-runs").text)
    page.served.do(_run)
    page.until(lambda: len(page.all(".run")) == 1)
    page.one(".run-line").click()
    page.until(lambda: page.all(".stage") != [])
    text = page.one(".run").text
    for said in ("“hey jarvis”", "how warm is it", "micro 0.90", "The command was complete."):
        assert said in text
    assert "get_device_state {}" in text
    assert "Bathroom sensor: temperature 21.5" in text
    speech = page.one('[data-stage="speech"]')
    before = page.one('[data-stage="wait"]')
    assert speech.rect["x"] >= before.rect["x"] + before.rect["width"] - 3.5
    assert not page.all(".run-sound")
    page.one(".run-events summary").click()
    page.until(lambda: "Speech ends: complete" in page.one(".run-events").text)
    # What comes later is seen without a press, and what was opened stays open.
    page.served.do(lambda w: w.runs.keep("v", bytes(32_000)))
    page.served.do(lambda w: w.bus.publish(AnswerHeard(turn_id="v", text="", whole=False)))
    page.until(lambda: page.all(".run-sound .button") != [])
    page.one(".run-sound .button").click()
    player = "return document.querySelector('audio')?.duration"
    page.until(lambda: page.driver.execute_script(player) == 1)
    page.one(".runs-switch").click()
    assert page.card(LIGHT).is_displayed()
