"""A real Chromium on a real page: the server as people start it, and the browser that is installed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: make browser")
PICTURES = os.environ.get("PICTURES")  # a folder where the pages that the tests see are kept


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(project: Path, *words: str) -> Iterator[str]:
    """The address at which `triplets tune` answers in the folder `project`."""
    command = [str(Path(sys.executable).with_name("triplets")), "tune", "--no-open", "--port", "0", *words]
    # DVC runs the stages' commands by their names.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        command,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": path},
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, line + process.stdout.read()
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)  # as Ctrl-C does, with pages open
            assert process.wait(timeout=20) == 0, process.stdout.read()


def watched(browser: Browser, address: str, width: int = 1400) -> tuple[Page, list[str]]:
    """The page, drawn; and what went wrong in it since: requests to elsewhere, errors of its code."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    wrong: list[str] = []
    page.on("request", lambda asked: wrong.append(asked.url) if _elsewhere(asked.url, address) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.goto(address)
    page.wait_for_selector("#found li img")
    return page, wrong


def _elsewhere(url: str, address: str) -> bool:
    return not url.startswith((address, "data:", "blob:"))


def picture(page: Page, name: str) -> None:
    """Keep what the page shows, where pictures are asked for."""
    if PICTURES:
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def order(page: Page, side: int = 0) -> list[str]:
    """The image ids of a side's neighbours, nearest first."""
    buttons = page.locator("#found .column").nth(side).locator("button.photo")
    return [str(buttons.nth(place).get_attribute("data-value")) for place in range(buttons.count())]


def until(page: Page, script: str, value: object = None) -> None:
    """Wait until the `script`, a function of `value`, is true in the page."""
    page.wait_for_function(script, arg=value)


def slide(page: Page, name: str, key: str) -> None:
    """Turn a weight by the keyboard, and wait until the heading of the neighbours says so."""
    before = page.inner_text("#found .column:first-child h2")
    page.focus(f"#weight-{name} input[type=range]")
    page.keyboard.press(key)
    until(page, "(before) => document.querySelector('#found .column:first-child h2').innerText !== before", before)


def open_tab(page: Page, name: str) -> None:
    """Show a panel."""
    page.get_by_role("tab", name=name).click()


def message(page: Page, part: str) -> str:
    """What the line for messages says, once `part` of it is there."""
    until(page, "(part) => document.querySelector('#message').innerText.includes(part)", part)
    return page.inner_text("#message")
