"""A screen that nobody knows yet: paired with a code, seen by an admin, and turned out again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.web.browser import browser, complaints, wait
from tests.web.conftest import Served


@pytest.fixture
def locked() -> Iterator[Served]:
    served = Served(trust_loopback=False)
    served.start()
    yield served
    served.stop()


def test_a_screen_is_paired_and_turned_out(locked: Served, tmp_path: Path) -> None:
    door, url = locked.world.door, locked.world.url

    def text(css: str) -> str:
        return driver.find_element(By.CSS_SELECTOR, css).text

    def on_pairing_page() -> bool:
        return driver.current_url == f"{url}/pair"

    with browser(tmp_path) as driver:
        driver.get(url)
        wait(driver).until(lambda _: on_pairing_page())
        # A wrong code says so, and leaves the others their tries.
        driver.find_element(By.ID, "code").send_keys("1", Keys.ENTER)
        wait(driver).until(lambda _: "That code does not count" in text("#problem"))
        pairing = locked.wait_for(door.pairing.start("admin"))
        # As the camera opens it: the code is taken out of the address.
        driver.execute_script(f"location.hash = 'code={pairing.code}'")
        code = driver.find_element(By.ID, "code")
        wait(driver).until(lambda _: code.get_attribute("value") == pairing.code)
        assert on_pairing_page()
        driver.find_element(By.ID, "name").send_keys("Hall tablet", Keys.ENTER)
        wait(driver).until(lambda _: len(driver.find_elements(By.CSS_SELECTOR, ".card")) == 11)
        (token,) = door.tokens.all()
        assert (token.name, token.scope) == ("Hall tablet", "admin")
        # An admin's screen lists who was let in, and lets another in.
        driver.find_element(By.CSS_SELECTOR, ".screens summary").click()
        wait(driver).until(lambda _: "admin, this screen" in text(".screens-list"))
        driver.find_element(By.CSS_SELECTOR, ".screens-pair").click()
        wait(driver).until(lambda _: text(".screens-code") != "")
        digits = text(".screens-code").replace(" ", "")
        assert [each.code for each in door.pairing.open()] == [digits]
        other, _ = locked.wait_for(door.pair(digits, "Phone", None))
        wait(driver).until(lambda _: "“Phone” was let in." in text(".screens"))
        revoke = f'[data-id="{other.id}"] .screens-revoke'
        wait(driver).until(lambda _: driver.find_elements(By.CSS_SELECTOR, revoke))
        driver.find_element(By.CSS_SELECTOR, revoke).click()
        assert len(door.tokens.all()) == 2
        driver.find_element(By.CSS_SELECTOR, revoke).click()
        wait(driver).until(lambda _: "“Phone” is not let in any more." in text(".screens"))
        # It is known again after a restart of the page, until it is revoked itself.
        driver.refresh()
        wait(driver).until(lambda _: len(driver.find_elements(By.CSS_SELECTOR, ".card")) == 11)
        locked.wait_for(door.tokens.revoke(token.id))
        wait(driver).until(lambda _: on_pairing_page())
        assert driver.execute_script("return localStorage.length") == 0
        # The browser itself tells of the reply 401.
        assert [each for each in complaints(driver) if "401" not in each] == []
