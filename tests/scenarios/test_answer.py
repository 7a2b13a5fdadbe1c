"""Somebody who was told answers on the page behind the link, on the deployed local stack."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from scenarios.browser import Browser, needs_browser
from scenarios.world import World
from sla_watchdog.tools.imports.events import Event, EventKind

BREACH = ("owner", "owner-urgent", "team-lead", "team-lead-urgent")

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


def request(link: str, **form: str) -> tuple[int, str]:
    data = urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(link, data, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def link_of_the_last_message(world: World) -> str:
    return str(world.inbox.deliveries()[-1].facts["link"])


def test_a_promise_holds_until_it_is_broken_and_then_it_goes_one_level_up(world: World) -> None:
    world.ticket("taken")
    world.pass_to(6)
    world.expect("owner: taken resolution 1")
    link = link_of_the_last_message(world)
    for _ in range(3):  # mail scanners open links
        assert "I take it" in request(link)[1]
    status, page = request(link, answer="take", by="Kim Larsen", until=str(world.at(7)))
    assert (status, "Noted: Kim Larsen takes it" in page) == (200, True)
    assert "Kim Larsen has it already" in request(link, answer="not_me")[1]
    world.pass_to(7, -1)
    world.tick()  # nothing told the driver of time that somebody answered
    world.expect()
    world.pass_to(7)
    world.tick()
    world.expect(*(f"{topic}: taken resolution 2" for topic in BREACH))
    assert "Kim Larsen" in world.inbox.deliveries()[-1].email


def test_a_promise_of_an_event_file_holds_as_one_of_the_page_does(world: World) -> None:
    world.ticket("event")
    world.pass_to(6)
    world.expect("owner: event resolution 1")
    promise = Event("event", world.at(6.5), EventKind.ACKNOWLEDGED, "Kim", until=world.at(10))
    world.drive.play([promise], world.at(9.9))
    world.expect()
    world.pass_to(10)
    world.expect(*(f"{topic}: event resolution 2" for topic in BREACH))


def test_any_other_path_has_a_clear_page(world: World) -> None:
    world.ticket("other")
    world.pass_to(6)
    world.expect("owner: other resolution 1")
    base = link_of_the_last_message(world).rpartition("/")[0]
    for path in ("", "favicon.ico", "0" * 16, "..%2f..%2fetc%2fpasswd", "a/b/c"):
        status, page = request(f"{base}/{path}")
        assert (status, "This link is not known" in page) == (404, True)


@needs_browser
def test_on_a_phone_it_takes_two_taps_and_a_name(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    world.ticket("phone", subject="<script>document.title='taken'</script>")
    world.pass_to(6)
    world.expect("owner: phone resolution 1")
    browser.call("/window/rect", {"width": 390, "height": 844})
    browser.open(link_of_the_last_message(world))
    assert browser.run("return document.title") == "<script>document.title='taken'</script>"
    assert browser.run("return document.scrollingElement.scrollWidth <= window.innerWidth")
    assert (
        browser.run("return getComputedStyle(document.querySelector('button')).backgroundColor")
        == "rgb(29, 29, 31)"
    )
    labels = browser.run(
        "return [...document.querySelectorAll('input:not([type=hidden])')].every(i => i.closest('label'))"
    )
    assert labels
    browser.click("fieldset:nth-of-type(2) label.choice:nth-of-type(2)")
    browser.write("input[name=by]", "Kim Larsen")
    browser.click("form button")
    assert browser.wait("document.querySelector('h1')?.innerText === 'Noted: Kim Larsen takes it'")
    shown = re.search(r"Next update by (.*?)\.", browser.run("return document.body.innerText"))
    assert shown
    browser.screenshot(tmp_path / "noted.png")


@needs_browser
def test_one_tap_says_that_two_tickets_are_one_matter_and_another_that_they_are_not(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    world.ticket("first", subject="Order 4711008 is late", customer_id="city", team="Web")
    world.ticket("second", 0.5, subject="<b>4711008</b>?", customer_id="city", team="Trust")
    world.tick()
    world.expect(*(["team-lead: finding second same_matter"] * 2))
    browser.call("/window/rect", {"width": 390, "height": 844})
    browser.open(link_of_the_last_message(world))
    assert browser.run("return document.querySelector('h1').innerText") == "Same matter?"
    assert browser.run("return document.scrollingElement.scrollWidth <= window.innerWidth")
    assert "<b>4711008</b>?" in browser.run("return document.body.innerText")
    browser.click("button.other")
    said = "document.querySelector('[role=status]')?.innerText"
    assert browser.wait(f"{said} === 'Got it: second and first are not the same matter.'")
    browser.click("button")
    assert browser.wait(f"{said} === 'Got it: second and first are one matter.'")
    browser.screenshot(tmp_path / "same.png")
    assert {case.id for case, _ in world.drive.cases() if "second" in case.facts.tickets()} == {
        "first"
    }
