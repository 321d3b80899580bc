"""A newcomer's five minutes on the demo page, in a real browser against the trained assistant."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def _start(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.get_by_role("radio", name=name, exact=True).check(force=True)
    expect(page.get_by_role("button", name="Say “a large latte, please”")).to_be_enabled()


def test_an_order_left_on_the_website_is_resumed_on_the_phone(page: Page, served: str):
    """Start, walk away for two days, be told what was left, continue, and finish without a question asked twice."""
    _start(page, served, "Ana")
    page.get_by_role("button", name="Say “a large latte, please”").click()
    chat, phone = page.get_by_role("log", name="Conversation"), page.get_by_role("log", name="Text messages")
    expect(chat.get_by_role("button", name="Oat milk")).to_be_visible()
    page.get_by_role("button", name="Come back in two days").click()
    page.get_by_role("button", name="Text “hi” from the phone").click()
    expect(phone).to_contain_text("You were choosing the milk for a large latte.")
    for text, answer in (("continue", "milk"), ("oat", "pick"), ("pick up", "€"), ("yes", "K-")):
        page.get_by_label("Text message", exact=True).fill(text)
        page.get_by_label("Text message", exact=True).press("Enter")
        expect(phone.locator(":scope > *").last).to_contain_text(re.compile(answer))


def test_forgotten_is_never_offered_again(page: Page, served: str):
    """One tap, and two days later nothing is brought up."""
    _start(page, served, "Ben")
    chat = page.get_by_role("log", name="Conversation")
    page.get_by_role("button", name="Say “a large latte, please”").click()
    expect(chat.get_by_role("button", name="Oat milk")).to_be_visible()
    page.get_by_role("button", name="Come back in two days").click()
    box = page.get_by_role("textbox", name="Write a message")
    box.fill("hello")
    box.press("Enter")
    chat.get_by_role("button", name="Forget that").click()
    expect(chat).to_contain_text(re.compile("forgotten|forgot", re.IGNORECASE))
    page.get_by_role("button", name="Come back in two days").click()
    box.fill("good morning")
    box.press("Enter")
    expect(chat.get_by_text("good morning")).to_be_visible()
    expect(chat.get_by_text("You were choosing")).to_have_count(1)


def test_the_chat_follows_whoever_writes_chinese(page: Page, served: str):
    """The widget's own words, and the language that a screen reader and the fonts go by, on an English page."""
    _start(page, served, "Chen")
    box = page.get_by_role("textbox", name="Write a message")
    box.fill("我要一杯大杯拿鐵")
    box.press("Enter")
    chat = page.get_by_role("log", name="對話")
    expect(chat.get_by_role("button", name="燕麥奶")).to_be_visible()
    expect(page.get_by_role("textbox", name="輸入訊息")).to_be_visible()
    assert page.locator("rapport-chat").first.evaluate("e => e.shadowRoot.querySelector('[lang]').lang") == "zh-Hant"
