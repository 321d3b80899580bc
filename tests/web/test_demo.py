"""The demo page in a real browser: a newcomer starts an order, walks away and picks it up on the phone."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from bot.web import pages

from .conftest import Fake, open_chat

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(context: BrowserContext, fake: Fake) -> Iterator[Page]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(fake.url)
    expect(page.get_by_role("radio")).to_have_count(4)
    yield page
    assert errors == []


def log(page: Page, name: str) -> Any:
    return page.get_by_role("log", name=name)


def test_order_is_resumed_on_the_phone(demo: Page, fake: Fake) -> None:
    """An order left in the website chat is offered back on the phone two days later, and finished there."""
    demo.get_by_role("button", name="Say “a large latte").click()
    expect(log(demo, "Conversation").get_by_text("Which milk would you like")).to_be_visible()
    demo.get_by_role("button", name="Come back in two days").click()
    expect(demo.locator("#clock")).to_contain_text("In the shop it is now")
    demo.get_by_role("button", name="Text “hi”").click()
    phone = log(demo, "Text messages")
    expect(phone.get_by_text("You were choosing the milk for a large latte")).to_contain_text("1. Continue")
    for words in ("1", "oat"):
        demo.get_by_role("textbox", name="Text message").fill(words)
        demo.get_by_role("button", name="Send text message").click()
    expect(phone.get_by_text("One large latte with oat milk")).to_be_visible()
    assert [item.get_attribute("class") for item in demo.locator(".steps li").all()] == ["done", "done", "done", "next"]


def test_each_customer_has_their_own_conversation(demo: Page, fake: Fake) -> None:
    """Switching the customer switches both channels; nothing of the other is left on the page."""
    demo.get_by_role("radio", name="Bruno").check()
    demo.locator(".shelf").get_by_role("button", name="What beans do you have?").click()
    expect(log(demo, "Conversation").get_by_text("Guji Highland")).to_be_visible()
    demo.get_by_role("radio", name="Mei").check()
    expect(demo.get_by_text("+44 7700 900103")).to_be_visible()
    expect(log(demo, "Conversation").locator(".msg")).to_have_count(0)
    demo.reload()
    expect(demo.get_by_role("radio", name="Mei")).to_be_checked()


def test_new_visitor_has_no_phone(demo: Page, fake: Fake) -> None:
    """A visitor can chat; the page says why the phone does not know them."""
    demo.get_by_role("radio", name="A new visitor").check()
    expect(log(demo, "Text messages")).to_contain_text("knows no number")
    expect(demo.get_by_role("textbox", name="Text message")).to_be_disabled()
    demo.get_by_role("textbox", name="Write a message").fill("hello")
    demo.keyboard.press("Enter")
    expect(log(demo, "Conversation").get_by_text("You said: hello")).to_be_visible()


def test_unsent_text_message_can_be_sent_again(context: BrowserContext, fake: Fake) -> None:
    """A text message that did not get through says so and is sent once on demand."""
    page = context.new_page()
    page.goto(fake.url)
    page.get_by_role("radio", name="Bruno").check()
    page.route("**/demo/messaging", lambda route: route.abort())
    page.get_by_role("textbox", name="Text message").fill("are you there?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“are you there?” was not sent")).to_be_visible()
    page.unroute("**/demo/messaging")
    page.get_by_role("button", name="Send again").click()
    expect(log(page, "Text messages").get_by_text("You said: are you there?")).to_be_visible()
    expect(log(page, "Text messages").locator("p.mine", has_text="are you there?")).to_have_count(1)


def test_demo_page_has_no_sideways_scroll(demo: Page, fake: Fake) -> None:
    """The page fits every width."""
    beyond = {}
    for width in (320, 768, 1280):
        demo.set_viewport_size({"width": width, "height": 800})
        beyond[width] = demo.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert beyond == {320: 0, 768: 0, 1280: 0}


def violations(page: Page) -> dict[str, list[str]]:
    """What axe finds, in light and in dark."""
    page.wait_for_timeout(200)  # A message that is still fading in has less contrast than it will have.
    found: dict[str, list[str]] = {}
    schemes: list[Literal["light", "dark"]] = ["light", "dark"]
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        result = Axe().run(page).response["violations"]
        found[scheme] = [f"{v['id']}: {n['target']} {n.get('failureSummary', '')}" for v in result for n in v["nodes"]]
    return found


NOTHING: dict[str, list[str]] = {"light": [], "dark": []}


def test_demo_page_is_accessible(demo: Page, fake: Fake) -> None:
    """Axe finds nothing on the demo page with both channels in use."""
    demo.get_by_role("radio", name="Bruno").check()
    demo.locator(".shelf").get_by_role("button", name="What beans do you have?").click()
    demo.get_by_role("button", name="Text “hi”").click()
    expect(log(demo, "Text messages").get_by_text("You said: hi").first).to_be_visible()
    expect(log(demo, "Conversation").get_by_text("Guji Highland").first).to_be_visible()
    assert violations(demo) == NOTHING


def test_embedding_page_is_accessible(context: BrowserContext) -> None:
    """Axe finds nothing on the page that is shown outside demo mode."""
    page = context.new_page()
    styles = (pages.STATIC / "running.css").read_text()
    page.set_content(
        (pages.TEMPLATES / "running.html").read_text().replace("</head>", f"<style>{styles}</style></head>")
    )
    assert violations(page) == NOTHING


def test_widget_is_accessible(context: BrowserContext, fake: Fake) -> None:
    """Axe finds nothing on the widget: empty, closed, and with choices, cards, an operator and a refused message."""
    fake.mischief(refuse_text="long")
    chat = open_chat(context, fake, heading="A shop", starters="A large latte|The menu")
    expect(chat.box).to_be_visible()
    assert violations(chat.page) == NOTHING
    chat.say("a large latte")
    chat.log.get_by_role("button", name="Oat").click()
    expect(chat.bubble("with oat milk")).to_be_visible()
    chat.say("the menu")
    expect(chat.log.locator("article")).to_have_count(2)
    said = {"from": "operator", "text": "Hello, this is Sam: https://example.org/", "choices": ["Thanks"]}
    fake.push(chat.customer, **said)
    expect(chat.bubble("this is Sam")).to_be_visible()
    chat.say("too long")
    expect(chat.log.get_by_text("Not sent:")).to_be_visible()
    assert violations(chat.page) == NOTHING
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("button", name="Open chat")).to_be_visible()
    assert violations(chat.page) == NOTHING
