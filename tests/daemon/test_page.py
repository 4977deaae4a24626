"""The page as a person uses it: headless Chromium against the running daemon and its house."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.daemon import DaemonProcess, pichat
from tests.web.browser import browser, complaints, wait

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Screen:
    """A browser that has the page open. Its calls block: use them through `asyncio.to_thread`."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        driver.get(url)
        self.until(lambda: len(self.driver.find_elements(By.CSS_SELECTOR, ".card")) == 11)

    def until(self, holds: Callable[[], bool]) -> None:
        wait(self.driver).until(lambda _: holds())

    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def until_it_says(self, text: str) -> None:
        self.until(lambda: text in self.text())

    def say(self, text: str, answer: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, "#say").send_keys(text, Keys.ENTER)
        self.until_it_says(answer)

    def card(self, name: str) -> str:
        cards = self.driver.find_elements(By.CSS_SELECTOR, ".card")
        return next(card.text for card in cards if name.lower() in card.text.lower())

    def press_switch(self, name: str) -> None:
        cards = self.driver.find_elements(By.CSS_SELECTOR, ".card")
        card = next(card for card in cards if name.lower() in card.text.lower())
        card.find_element(By.CSS_SELECTOR, ".switch").click()


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path / "profile", width=1366, height=900) as driver:
        yield driver


async def test_a_person_at_the_screen(
    listening: DaemonProcess, driver: webdriver.Chrome, tmp_path: Path
) -> None:
    for light in ("kitchen-light", "hallway-light"):
        await listening.simulator.set(light, on=False)
    screen = await asyncio.to_thread(Screen, driver, listening.url)

    await asyncio.to_thread(screen.say, "turn on the kitchen light", "Turned on the kitchen light.")
    assert (await listening.simulator.values("kitchen-light"))["on"] is True
    assert "On" in await asyncio.to_thread(screen.card, "kitchen light")

    await asyncio.to_thread(screen.press_switch, "hallway light")
    async with asyncio.timeout(5):
        while not (await listening.simulator.values("hallway-light"))["on"]:
            await asyncio.to_thread(screen.card, "hallway light")

    await pichat(listening.state_dir, "sim", "set", "bathroom-sensor", "temperature=19.4")
    await asyncio.to_thread(screen.until_it_says, "19.4")
    await asyncio.to_thread(screen.say, "what is the temperature in the bathroom", "19.4 degrees")
    await asyncio.to_thread(screen.say, "tell me a joke", "language model")

    await asyncio.to_thread(driver.save_screenshot, str(tmp_path / "screen.png"))
    assert await asyncio.to_thread(complaints, driver) == []
