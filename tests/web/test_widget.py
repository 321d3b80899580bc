"""The embeddable chat in a real browser, against a fake assistant: nothing is lost, doubled or run as code."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from .conftest import Chat, Fake, open_chat
from .fake_server import token_of

pytestmark = pytest.mark.browser
WIDGET = Path(__file__).parents[2] / "bot/web/static/widget.js"


def choice(chat: Chat, title: str) -> Any:
    return chat.log.get_by_role("button", name=re.compile(f"^{title}( |$)"))


def test_widget_is_small() -> None:
    """The script is at most 15 kB on the wire."""
    assert len(gzip.compress(WIDGET.read_bytes(), 9)) <= 15_000


def test_message_is_sent_and_answered(context: BrowserContext, fake: Fake) -> None:
    """A message typed and sent by Enter is shown once, and so is its answer, each with its speaker."""
    chat = open_chat(context, fake)
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    assert chat.texts() == ["hello", "You said: hello"]
    assert chat.log.locator(".who").all_inner_texts() == ["You", "Assistant (automated)"]
    assert chat.errors == []


def test_new_line_by_shift_enter(context: BrowserContext, fake: Fake) -> None:
    """Shift and Enter write a new line instead of sending."""
    chat = open_chat(context, fake)
    chat.box.press_sequentially("one")
    chat.box.press("Shift+Enter")
    chat.box.press_sequentially("two")
    chat.box.press("Enter")
    expect(chat.bubble("You said: one\ntwo")).to_be_visible()
    assert fake.said(chat.customer) == ["one\ntwo"]


def test_choice_is_used_once(context: BrowserContext, fake: Fake) -> None:
    """A tapped choice is sent, its set is used up, and the focus stays on it."""
    chat = open_chat(context, fake)
    chat.say("a large latte")
    choice(chat, "Oat").click()
    expect(chat.bubble("One large latte with oat milk")).to_be_visible()
    assert [choice(chat, t).get_attribute("aria-disabled") for t in ("Oat", "Soy")] == ["true", "true"]
    expect(choice(chat, "Oat")).to_be_focused()
    choice(chat, "Soy").click(force=True)
    assert fake.said(chat.customer) == ["a large latte", "Oat"]


def test_older_choices_stay_usable(context: BrowserContext, fake: Fake) -> None:
    """Choices that were passed over can still be taken later."""
    chat = open_chat(context, fake)
    chat.say("a large latte")
    expect(choice(chat, "Oat")).to_be_visible()
    chat.say("what is soy made of?")
    expect(chat.bubble("You said: what is soy")).to_be_visible()
    choice(chat, "Oat").click()
    expect(chat.bubble("with oat milk")).to_be_visible()


def test_used_choices_are_known_after_reload(context: BrowserContext, fake: Fake) -> None:
    """A reload shows the same conversation, with the used choices still used."""
    chat = open_chat(context, fake)
    chat.say("a large latte")
    choice(chat, "Oat").click()
    expect(chat.bubble("with oat milk")).to_be_visible()
    chat.page.reload()
    expect(chat.bubble("with oat milk")).to_be_visible()
    expect(choice(chat, "Oat")).to_have_attribute("aria-disabled", "true")


def test_cards_show_only_web_pictures(context: BrowserContext, fake: Fake) -> None:
    """A card shows its title, price and choices; a picture whose address is not http(s) is left out."""
    chat = open_chat(context, fake)
    chat.say("the menu")
    card = chat.log.locator("article", has_text="Guji Highland")
    expect(card).to_contain_text("€ 9.50")
    assert chat.log.locator("article img").count() == 1
    choice(chat, "Add Guji").click()
    expect(chat.bubble("You said: Add Guji")).to_be_visible()


def test_typing_is_shown_while_the_answer_is_made(context: BrowserContext, fake: Fake) -> None:
    """The typing sign appears for a slow answer and goes with it."""
    chat = open_chat(context, fake)
    chat.say("slow one")
    expect(chat.log.locator(".dots")).to_be_visible()
    expect(chat.bubble("You said: slow one")).to_be_visible()
    expect(chat.log.locator(".dots")).to_be_hidden()


def test_markup_is_shown_as_text(context: BrowserContext, fake: Fake) -> None:
    """Markup in a message, a choice or a card is text, and only web addresses become links."""
    chat = open_chat(context, fake)
    evil = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    expect(chat.box).to_be_visible()
    chat.say("hello")
    expect(chat.bubble("You said")).to_be_visible()
    fake.push(
        chat.customer,
        text=evil + " javascript:alert(1) https://example.org/a.",
        choices=[evil],
        cards=[{"title": evil, "subtitle": evil, "price": evil}],
    )
    expect(chat.log.locator(".bub", has_text="<script>")).to_be_visible()
    assert chat.log.locator("img, script").count() == 0
    assert [a.get_attribute("href") for a in chat.log.locator("a").all()] == ["https://example.org/a"]
    assert chat.page.title() == "Test"


def test_reconnects_and_replays_after_restart(context: BrowserContext, fake: Fake) -> None:
    """When the server was away, what was missed appears once, in order, and the state line is honest meanwhile."""
    chat = open_chat(context, fake)
    chat.say("before")
    expect(chat.bubble("You said: before")).to_be_visible()
    fake.stop()
    expect(chat.page.get_by_role("status")).to_contain_text("No connection")
    chat.say("meanwhile")
    expect(chat.log.locator(".note")).to_contain_text("Waiting for the connection")
    fake.start()
    fake.push(chat.customer, text="Missed by you")
    expect(chat.bubble("You said: meanwhile")).to_be_visible(timeout=15000)
    expect(chat.page.get_by_role("status")).to_be_empty()
    assert sorted(chat.texts()) == sorted(
        ["before", "You said: before", "Missed by you", "meanwhile", "You said: meanwhile"]
    )
    assert fake.said(chat.customer) == ["before", "meanwhile"]


def test_lost_reply_is_resent_under_its_key(context: BrowserContext, fake: Fake) -> None:
    """When the acknowledgement is lost the same key is sent again, and the message is taken and shown once."""
    chat = open_chat(context, fake)
    chat.say("first")
    expect(chat.bubble("You said: first")).to_be_visible()
    fake.mischief(lose_ack=2, received=[])
    chat.say("once only")
    expect(chat.bubble("You said: once only")).to_be_visible(timeout=10000)
    kept = "Object.keys(localStorage).filter(k => k.includes(':out:'))"
    for _ in range(100):
        if not chat.page.evaluate(kept):
            break
        chat.page.wait_for_timeout(50)
    received = fake.mischief()["received"]
    assert len(received) >= 3
    assert len(set(received)) == 1
    assert chat.texts() == ["first", "You said: first", "once only", "You said: once only"]


def test_works_without_sockets(context: BrowserContext, fake: Fake) -> None:
    """Where sockets are blocked the same conversation goes on by plain requests."""
    fake.mischief(sockets_refused=True)
    chat = open_chat(context, fake)
    chat.say("a large latte")
    choice(chat, "Soy").click()
    expect(chat.bubble("with soy milk")).to_be_visible(timeout=10000)
    assert len(chat.texts()) == 4
    expect(chat.page.get_by_role("status")).to_be_empty()


def test_outbox_survives_a_reload(context: BrowserContext, fake: Fake) -> None:
    """What could not be sent is kept over a reload and sent once when the server is back."""
    chat = open_chat(context, fake)
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    context.route("**/api/**", lambda route: route.abort())
    context.route_web_socket("**/api/chat/socket", lambda ws: ws.close())
    fake.mischief(cut=True)
    chat.say("keep this")
    chat.page.reload()
    expect(chat.bubble("keep this")).to_be_visible()
    expect(chat.page.get_by_role("status")).to_contain_text("No connection")
    context.unroute_all()
    chat.page.reload()
    expect(chat.bubble("You said: keep this")).to_be_visible(timeout=10000)
    assert fake.said(chat.customer) == ["hello", "keep this"]
    assert chat.page.evaluate("Object.keys(localStorage).filter(k => k.includes(':out:'))") == []


def test_stale_outbox_asks_first(context: BrowserContext, fake: Fake) -> None:
    """A message kept for long is offered again, not sent unasked."""
    chat = open_chat(context, fake)
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    context.route("**/api/**", lambda route: route.abort())
    context.route_web_socket("**/api/chat/socket", lambda ws: ws.close())
    fake.mischief(cut=True)
    chat.say("two lattes now")
    expect(chat.bubble("two lattes now")).to_be_visible()
    age = "k => { const e = JSON.parse(localStorage[k]); e.at -= 3600e3; localStorage[k] = JSON.stringify(e); }"
    chat.page.evaluate(f"Object.keys(localStorage).filter(k => k.includes(':out:')).forEach({age})")
    context.unroute_all()
    chat.page.reload()
    expect(chat.bubble("You said: hello")).to_be_visible()
    expect(chat.log.get_by_text("Not sent")).to_be_visible()
    assert fake.said(chat.customer) == ["hello"]
    chat.log.get_by_role("button", name="Delete").click()
    expect(chat.bubble("two lattes now")).to_have_count(0)


def test_two_tabs_show_the_same_once(context: BrowserContext, fake: Fake) -> None:
    """A message sent in one tab appears once in both."""
    one = open_chat(context, fake)
    one.say("hello")
    expect(one.bubble("You said: hello")).to_be_visible()
    two = open_chat(context, fake, customer=one.customer)
    expect(two.bubble("You said: hello")).to_be_visible()
    two.say("from two")
    for chat in (one, two):
        expect(chat.bubble("You said: from two")).to_be_visible()
        assert chat.texts() == ["hello", "You said: hello", "from two", "You said: from two"]


def test_too_many_waits_as_told(context: BrowserContext, fake: Fake) -> None:
    """On 429 the line says when it goes on, and it goes on by itself."""
    chat = open_chat(context, fake)
    chat.say("one")
    expect(chat.bubble("You said: one")).to_be_visible()
    fake.mischief(too_many=1)
    chat.say("two")
    expect(chat.page.get_by_role("status")).to_contain_text("Sending again in 1 s")
    expect(chat.bubble("You said: two")).to_be_visible()
    expect(chat.page.get_by_role("status")).to_be_empty()


def test_refused_message_can_be_deleted(context: BrowserContext, fake: Fake) -> None:
    """A message that the server refuses says why and blocks nothing."""
    chat = open_chat(context, fake)
    fake.mischief(refuse_text="long")
    chat.say("too long a text")
    expect(chat.log.get_by_text("Not sent: That message is too long.")).to_be_visible()
    chat.say("short")
    expect(chat.bubble("You said: short")).to_be_visible()
    assert fake.said(chat.customer) == ["short"]


def test_token_provider_is_asked_again(context: BrowserContext, fake: Fake) -> None:
    """A refused token is renewed through the provider, and the message arrives."""
    customer = "provided"
    old, new = token_of(customer), token_of(customer, serial=1)
    chat = open_chat(context, fake, customer=customer, token="")
    provider = "async ({renew}) => { asked.push(renew); return renew ? now : old }"
    script = (
        f"([old, now]) => {{ window.asked = []; document.querySelector('rapport-chat').tokenProvider = {provider} }}"
    )
    chat.page.evaluate(script, [old, new])
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    fake.mischief(refuse_tokens=[old], cut=True)
    chat.say("again")
    expect(chat.bubble("You said: again")).to_be_visible(timeout=10000)
    assert chat.page.evaluate("asked") == [False, True]


def test_signed_out_is_said(context: BrowserContext, fake: Fake) -> None:
    """Without a way to a new token the widget says so; a new token goes on with the unsent message."""
    customer = "leaver"
    fake.mischief(refuse_tokens=[token_of(customer, serial=7)])
    chat = open_chat(context, fake, customer=customer, token=token_of(customer, serial=7))
    expect(chat.page.get_by_role("status")).to_contain_text("You are signed out")
    chat.say("still here")
    chat.page.evaluate("t => document.querySelector('rapport-chat').setAttribute('token', t)", token_of(customer))
    expect(chat.bubble("You said: still here")).to_be_visible()


def test_visitor_is_remembered_and_forgotten(context: BrowserContext, fake: Fake) -> None:
    """A visitor keeps the conversation over a reload, until it is forgotten."""
    chat = open_chat(context, fake, token="")
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    chat.page.reload()
    expect(chat.bubble("You said: hello")).to_be_visible()
    chat.page.evaluate("document.querySelector('rapport-chat').forget()")
    expect(chat.bubble("You said: hello")).to_have_count(0)
    chat.say("anew")
    expect(chat.bubble("You said: anew")).to_be_visible()
    assert chat.texts() == ["anew", "You said: anew"]


def test_expired_visitor_starts_anew(context: BrowserContext, fake: Fake) -> None:
    """When the visitor's token no longer holds, a new visitor is made, the line says so, and what was typed arrives."""
    chat = open_chat(context, fake, token="")
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    tokens = "Object.keys(localStorage).filter(k => k.includes('visitor')).map(k => localStorage[k])"
    fake.mischief(refuse_tokens=chat.page.evaluate(tokens), cut=True)
    chat.say("anyone?")
    expect(chat.bubble("You said: anyone?")).to_be_visible()
    expect(chat.log.get_by_text("The earlier chat is gone")).to_be_visible()
    assert chat.texts() == ["anyone?", "You said: anyone?"]


def test_failing_server_is_tried_again(context: BrowserContext, fake: Fake) -> None:
    """An answer of 500 is followed by another try under the same key."""
    chat = open_chat(context, fake)
    fake.mischief(broken=1, received=[])
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    assert fake.said(chat.customer) == ["hello"]


def test_token_of_another_customer_clears_the_chat(context: BrowserContext, fake: Fake) -> None:
    """Signing in as somebody else shows nothing of the first, and sends none of their unsent messages."""
    chat = open_chat(context, fake)
    fake.mischief(refuse_text="long")
    chat.say("a long secret")
    expect(chat.log.get_by_text("Not sent:")).to_be_visible()
    fake.mischief(refuse_text="")
    other = chat.customer + "x"
    chat.page.evaluate("t => document.querySelector('rapport-chat').setAttribute('token', t)", token_of(other))
    expect(chat.bubble("secret")).to_have_count(0)
    chat.say("hello")
    expect(chat.bubble("You said: hello")).to_be_visible()
    assert (fake.said(other), fake.said(chat.customer)) == (["hello"], [])


def test_closed_chat_asks_for_nothing(context: BrowserContext, fake: Fake) -> None:
    """Merely loading a page makes no visitor and stores nothing."""
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{fake.url}/blank?body=<rapport-chat></rapport-chat>")
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    assert [url for url in asked if "/api/" in url] == []
    assert page.evaluate("Object.keys(localStorage)") == []


def test_keyboard_alone_suffices(context: BrowserContext, fake: Fake) -> None:
    """Open, write, choose and close with the keyboard; the focus is never lost."""
    page = context.new_page()
    page.goto(f"{fake.url}/blank?body=<rapport-chat></rapport-chat>")
    chat = Chat(page, "", [])
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(chat.box).to_be_focused()
    page.keyboard.type("a large latte")
    page.keyboard.press("Enter")
    expect(choice(chat, "Oat")).to_be_visible()
    expect(chat.box).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    expect(choice(chat, "Oat")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chat.bubble("with oat milk")).to_be_visible()
    expect(choice(chat, "Oat")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()


def test_operator_is_named(context: BrowserContext, fake: Fake) -> None:
    """When a person takes over, the header and the speaker say so."""
    chat = open_chat(context, fake)
    chat.say("a person please")
    expect(chat.bubble("You said")).to_be_visible()
    expect(chat.page.get_by_text("Automated assistant", exact=True)).to_be_visible()
    fake.push(chat.customer, in_charge="operator")
    fake.push(chat.customer, **{"from": "operator"}, text="Hello, this is Sam.")
    expect(chat.page.get_by_text("A person is answering")).to_be_visible()
    assert chat.log.locator(".who").all_inner_texts()[-1] == "Support team (a person)"


def test_unread_messages_are_counted(context: BrowserContext, fake: Fake) -> None:
    """While the chat is closed the button tells how many messages wait."""
    chat = open_chat(context, fake)
    chat.say("hello")
    expect(chat.bubble("You said")).to_be_visible()
    chat.page.get_by_role("button", name="Close chat").first.click()
    fake.push(chat.customer, text="Your order is ready")
    launcher = chat.page.get_by_role("button", name="Open chat, 1 new")
    expect(launcher).to_be_visible()
    launcher.click()
    expect(chat.bubble("Your order is ready")).to_be_visible()


def test_long_reply_is_read_from_its_beginning(context: BrowserContext, fake: Fake) -> None:
    """Of several messages, too: the first is in view, the rest is announced below, and all their choices stand out."""
    chat = open_chat(context, fake)
    chat.say("tell me everything")
    expect(chat.bubble("Third. A line")).to_be_attached()
    chat.page.wait_for_timeout(700)
    expect(chat.bubble("First. A line")).to_be_in_viewport()
    expect(chat.bubble("Third. A line")).not_to_be_in_viewport()
    jump = chat.page.get_by_role("button", name="New messages")
    colours = [choice(chat, f"Take {n}").evaluate("e => getComputedStyle(e).color") for n in ("First", "Third")]
    assert colours[0] == colours[1]
    jump.click()
    expect(chat.bubble("Third. A line")).to_be_in_viewport()
    expect(jump).to_be_hidden()
    chat.say("thanks")
    expect(chat.bubble("You said: thanks")).to_be_in_viewport()
    assert choice(chat, "Take Third").evaluate("e => getComputedStyle(e).color") != colours[1]


def test_narrow_screen_has_no_sideways_scroll(context: BrowserContext, fake: Fake) -> None:
    """At 320 px everything fits, a word without end included."""
    chat = open_chat(context, fake)
    chat.page.set_viewport_size({"width": 320, "height": 560})
    chat.say("x" * 200)
    expect(chat.bubble("You said")).to_be_visible()
    chat.say("the menu")
    expect(chat.log.locator("article")).to_have_count(2)
    log = "document.querySelector('rapport-chat').shadowRoot.querySelector('.log')"
    wide = f"() => [document.documentElement, {log}].map(e => e.scrollWidth - e.clientWidth)"
    assert chat.page.evaluate(wide) == [0, 0]


def test_theme_follows_system_and_attribute(context: BrowserContext, fake: Fake) -> None:
    """Dark by the system's wish, unless the attribute says otherwise; the shop's variables win."""
    chat = open_chat(context, fake)
    panel = "document.querySelector('rapport-chat').shadowRoot.querySelector('.panel')"
    surface = f"() => getComputedStyle({panel}).backgroundColor"
    light = chat.page.evaluate(surface)
    chat.page.emulate_media(color_scheme="dark")
    dark = chat.page.evaluate(surface)
    chat.page.evaluate("document.querySelector('rapport-chat').setAttribute('theme', 'light')")
    forced = chat.page.evaluate(surface)
    chat.page.evaluate("document.querySelector('rapport-chat').style.setProperty('--rapport-surface', 'rgb(1, 2, 3)')")
    assert (light, dark, forced) == ("rgb(255, 255, 255)", "rgb(20, 25, 27)", "rgb(255, 255, 255)")
    assert chat.page.evaluate(surface) == "rgb(1, 2, 3)"


def test_words_follow_the_language(context: BrowserContext, fake: Fake) -> None:
    """The widget's own words are in the asked language, or in English."""
    chat = open_chat(context, fake, lang="de-AT")
    expect(chat.page.get_by_role("textbox", name="Nachricht schreiben")).to_be_visible()
    for lang, words in [("zh-TW", "輸入訊息"), ("zh-CN", "输入消息"), ("pt", "Write a message")]:
        chat.page.evaluate("lang => document.querySelector('rapport-chat').setAttribute('lang', lang)", lang)
        expect(chat.page.get_by_role("textbox", name=words)).to_be_visible()


def test_right_to_left_text_is_laid_out_so(context: BrowserContext, fake: Fake) -> None:
    """Each message takes its direction from its own text."""
    chat = open_chat(context, fake)
    chat.say("قهوة من فضلك")
    expect(chat.bubble("You said")).to_be_visible()
    bubble = chat.log.locator(".mine .bub")
    assert bubble.evaluate("e => getComputedStyle(e).direction") == "rtl"


def test_host_page_hears_of_messages(context: BrowserContext, fake: Fake) -> None:
    """The page is told of messages and of opening and closing."""
    chat = open_chat(context, fake)
    hear = "e => heard.push(e.detail.message?.from ?? e.detail.open)"
    listen = f"document.addEventListener('rapport:message', {hear}); document.addEventListener('rapport:open', {hear})"
    chat.page.evaluate(f"heard = []; {listen}")
    chat.say("hello")
    expect(chat.bubble("You said")).to_be_visible()
    chat.page.keyboard.press("Escape")
    assert chat.page.evaluate("heard") == ["customer", "assistant", False]
