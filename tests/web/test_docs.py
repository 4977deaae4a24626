"""The page that shows the protocol, in a real browser."""

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.gateway.fakes import OWN_SECRET
from tests.web.browser import browser, complaints, wait
from tests.web.conftest import Served


@pytest.mark.long
def test_the_protocol_is_shown_searched_and_tried(served: Served, tmp_path: Path) -> None:
    with browser(tmp_path / "profile") as driver:
        driver.get(f"{served.world.url}/docs")
        wait(driver).until(lambda found: found.find_elements(By.CSS_SELECTOR, "#action-chat"))
        shown = len(driver.find_elements(By.CSS_SELECTOR, ".entry:not([hidden])"))
        assert shown > 100
        entry = driver.find_element(By.ID, "action-ping")
        driver.find_element(By.ID, "search").send_keys("daemon answers, what time")
        driver.find_element(By.ID, "search").clear()
        driver.find_element(By.ID, "search").send_keys("pong")
        wait(driver).until(
            lambda found: 0 < len(found.find_elements(By.CSS_SELECTOR, ".entry:not([hidden])")) < 5
        )
        assert entry.is_displayed()

        summary = entry.find_element(By.XPATH, ".//summary[text()='A request']")
        summary.click()
        entry.find_element(By.XPATH, ".//button[text()='Send it']").click()
        answers = entry.find_element(By.CSS_SELECTOR, "pre[role=log]")
        wait(driver).until(lambda _: '"action":"pong"' in answers.text)
        entry.find_element(By.XPATH, ".//details[1]//button[text()='Copy']").click()

        driver.find_element(By.ID, "search").clear()
        driver.find_element(By.ID, "search").send_keys("/api/profiles/{name} settings")
        route = driver.find_element(By.ID, "route-PATCH-api-profiles-name-")
        wait(driver).until(lambda _: route.is_displayed())
        route.find_element(By.TAG_NAME, "summary").click()
        assert "curl -X PATCH" in route.find_element(By.TAG_NAME, "pre").text
        assert complaints(driver) == []


@pytest.mark.long
def test_a_browser_that_is_not_let_in_enters_a_token(tmp_path: Path) -> None:
    served = Served(trust_loopback=False)
    served.start()
    try:
        with browser(tmp_path / "profile") as driver:
            driver.get(f"{served.world.url}/docs")
            form = driver.find_element(By.ID, "let-in")
            wait(driver).until(lambda _: form.is_displayed())
            field = driver.find_element(By.ID, "token")
            field.send_keys("wrong", Keys.ENTER)
            problem = driver.find_element(By.ID, "refused")
            wait(driver).until(lambda _: "does not count" in problem.text)
            field.clear()
            field.send_keys(OWN_SECRET, Keys.ENTER)
            wait(driver).until(lambda found: found.find_elements(By.CSS_SELECTOR, "#action-chat"))
            assert not form.is_displayed()
    finally:
        served.stop()
