"""A device is added on the page: let in, followed, freed or given up, and named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from selenium import webdriver
from selenium.webdriver.support.ui import Select

from pichat.events import JoiningChanged, JoinProgress
from tests.gateway.fakes import World
from tests.web.browser import browser, complaints
from tests.web.conftest import Served
from tests.web.test_page import LIGHT, Page

NEW = "aa:bb"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def page(driver: webdriver.Chrome, served: Served) -> Iterator[Page]:
    page = Page(driver, served)
    yield page
    driver.get("about:blank")
    assert complaints(driver) == []


def comes(world: World) -> None:
    """A lamp that nobody has named has joined."""
    lamp = structs.replace(world.house.devices()[0], id=NEW, name="Acme lamp", area=None)
    world.house.add(lamp)
    world.bus.publish(JoinProgress(device_id=NEW, step="ready", device=lamp))


def tell(page: Page, event: JoinProgress | JoiningChanged) -> None:
    page.served.do(lambda world: world.bus.publish(event))


def test_a_device_is_let_in_followed_and_named(page: Page) -> None:
    asked = page.served.world.joining.asked
    page.one(".join-add").click()
    page.until(lambda: asked == [(120, None, None)])
    tell(page, JoiningChanged(open_until_s=9e9))
    page.until(lambda: page.one(".join-left").text == "254 s left")
    assert "pairing mode, close by" in page.one(".join-how").text
    tell(page, JoinProgress(device_id=NEW, step="interviewing", detail="endpoints"))
    newcomer = '.joiner[data-step="interviewing"]'
    page.until(lambda: page.all(newcomer))
    assert "It is asked what it is: endpoints." in page.one(newcomer).text
    page.served.do(comes)
    page.until(lambda: page.all(".joiner-form"))
    name, area = page.all(".joiner-form input")
    assert name.get_attribute("value") == "Acme lamp"
    rooms = [one.get_attribute("value") for one in page.all("datalist option")]
    assert "Kitchen" in rooms
    assert rooms == sorted(set(rooms), key=str)
    name.clear()
    name.send_keys("reading lamp")
    area.send_keys("Kitchen")
    page.one(".joiner-save").click()
    page.until(lambda: "reading lamp" in page.card(NEW).text.casefold())
    assert not [one for one in page.all(".joiner") if one.get_attribute("data-step") == "ready"]
    page.one(".join-open > .button").click()
    page.until(lambda: asked[-1] == (0, None, None))
    tell(page, JoiningChanged())
    page.until(lambda: page.one(".join-add").is_displayed())


def test_one_that_is_stuck_is_asked_again_or_forgotten(page: Page) -> None:
    # It got stuck before the page was opened.
    page.until(lambda: page.all('.joiner[data-step="failed"]'))
    again = page.all(".joiner .button")[0]
    assert "It is silent." in page.one(".joiner").text
    again.click()
    tell(page, JoinProgress(device_id="aa", step="failed", reason="It is still silent."))
    page.until(lambda: "It is still silent." in page.one(".joiner").text)
    page.all(".joiner .button")[1].click()
    page.until(lambda: not page.all(".joiner"))
    assert page.served.world.joining.stuck == {}
    tell(page, JoinProgress(device_id="cc", step="joined"))
    tell(page, JoinProgress(device_id="cc", step="gone", reason="It has left again."))
    page.until(lambda: "It has left again." in page.one("body").text)


def test_one_that_was_here_before_is_back_as_it_was(page: Page) -> None:
    device = page.served.world.house.devices()[0]
    tell(page, JoinProgress(device_id=LIGHT, step="joined"))
    tell(page, JoinProgress(device_id=LIGHT, step="ready", device=device))
    page.until(lambda: "It is back, as it was." in page.one(".joiners").text)
    assert not page.all(".joiner-form")


def test_through_one_lamp_or_with_a_code(page: Page) -> None:
    asked = page.served.world.joining.asked
    tell(page, JoiningChanged(open_until_s=9e9))
    page.until(lambda: page.one(".join-open").is_displayed())
    page.one(".join-ways summary").click()
    Select(page.one("#join-via")).select_by_visible_text("Kitchen light")
    page.until(lambda: asked == [(120, LIGHT, None)])
    page.one("#join-code").send_keys("Z:1$I:2")
    page.one(".join-code .button").click()
    page.until(lambda: asked[-1] == (120, None, "Z:1$I:2"))
    page.one("#join-address").send_keys("0011")
    page.one(".join-code .button").click()
    page.until(lambda: len(asked) == 3)


def test_it_fits_a_phone(tmp_path: Path, served: Served) -> None:
    with browser(tmp_path, width=390, height=844) as driver:
        page = Page(driver, served)
        page.one('.tab[data-view="house"]').click()
        tell(page, JoiningChanged(open_until_s=9e9))
        tell(page, JoinProgress(device_id=NEW, step="joined"))
        served.do(comes)
        page.until(lambda: page.all(".joiner-form"))
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= 390
