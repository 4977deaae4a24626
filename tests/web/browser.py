"""Headless Chromium, as Debian packages it, with nothing of the internet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

DEADLINE_S = 10.0
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@contextmanager
def browser(profile: Path, *, width: int = 1366, height: int = 860) -> Iterator[webdriver.Chrome]:
    """A browser whose window has this size in CSS pixels; it keeps its state in `profile`."""
    options = webdriver.ChromeOptions()
    for flag in (*_FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService("/usr/bin/chromedriver")
    )
    try:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


def wait(driver: webdriver.Chrome) -> WebDriverWait[webdriver.Chrome]:
    return WebDriverWait(driver, DEADLINE_S, poll_frequency=0.02)


def complaints(driver: webdriver.Chrome) -> list[str]:
    """What the browser's console has of warnings and errors since the last time."""
    entries = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [each["message"] for each in entries if each["level"] in ("WARNING", "SEVERE")]
