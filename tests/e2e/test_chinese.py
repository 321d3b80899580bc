"""Whole conversations in Chinese, in either script, with the trained model: not a word of English in any answer."""

import asyncio
import re

import pytest

from bot.channels.messaging import MESSAGING, as_texts
from bot.gateway import Incoming, Rejected
from bot.rasa.nlu.chinese import SIMPLIFIED_ONLY, TRADITIONAL_ONLY
from memory import consent, identities

# Names, keywords of the law and the numbers of orders are the same in every language.
_SAME = re.compile(
    r"Kestrel Coffee|r_[\w-]+|START|STOP|PayPal|[KT]-[2-9B-Z]{6}|Falkenhof 7, 10435 Berlin|Schönhauser Allee"
)
_FOREIGN = {"zh-Hans": TRADITIONAL_ONLY, "zh-Hant": SIMPLIFIED_ONLY}


class Customer:
    """Somebody who writes in one language and reads every word of the answers."""

    def __init__(self, parts, subject: str, language: str | None = None) -> None:
        self.parts, self.language = parts, language
        with parts.memory.write() as tx:
            self.id = identities.sign_in(tx, subject=subject, now=parts.clock())

    def say(self, text: str, *, channel: str = "web", guess: str = "") -> str:
        """All that is answered, choices and cards included."""
        incoming = Incoming(self.id, channel, text=text, language=guess)
        answer = "\n".join(as_texts(asyncio.run(self.parts.gateway.handle(incoming)).reply.messages))
        if self.language is not None:
            left = _SAME.sub("", answer)
            assert re.findall(r"[A-Za-z]{2,}", left) == [], answer
            assert set(left) & _FOREIGN[self.language] == set(), answer
        return answer


SIMPLIFIED = [
    ("你好", "欢迎来到 Kestrel Coffee"),
    ("我要一杯大杯拿铁", "奶"),
    ("燕麦奶", "自取"),
    ("你们几点关门", "营业时间"),
    ("自取", "大杯燕麦奶拿铁，到店自取，一共 €5.00。现在下单吗？"),
    ("等等，不要再给我发广告了", "我们不再给你发广告了"),
    ("改成中杯", "中杯燕麦奶拿铁"),
    ("好", "谢谢。你的订单号是"),
    ("我的订单到哪了", "中杯燕麦奶拿铁"),
    ("你知道我什么", "2026"),
    ("取消我的订单", "要取消订单"),
    ("好的", "已取消"),
    ("我对坚果过敏", "这是你的私事"),
    ("推荐一下", "馥芮白"),
    ("转人工", "转达"),
    ("跳过", "已经转达了"),
    ("删除我的所有数据", "要忘掉关于你的一切"),
    ("都保留", "全部保留"),
    ("再见", ""),
]
TRADITIONAL = [
    ("早安，我想點咖啡", "飲品"),
    ("飲品", "馥列白"),
    ("卡布奇諾", ""),
    ("大杯", "奶"),
    ("豆漿", "自取"),
    ("外帶", "大杯豆奶卡布奇諾，到店自取，一共"),
    ("不要記住我的口味", "不再記住"),
    ("換成兩杯", "× 2"),
    ("好，下單", "你的訂單編號是"),
    ("可以外送嗎", "柏林環線以內"),
    ("請問怎麼付款", "櫃台付現"),
    ("拿鐵多少錢", "大杯 €"),
    ("你記得我什麼", "大杯豆奶卡布奇諾"),
    ("不要分析我", "購買紀錄"),
    ("我要找真人", "轉達"),
    ("取消", ""),
    ("幫我訂機票", ""),
    ("刪除我的所有資料", "要忘掉關於你的一切"),
    ("一切", "現在開始忘掉你"),
]


@pytest.mark.parametrize(
    ("language", "conversation"), [("zh-Hans", SIMPLIFIED), ("zh-Hant", TRADITIONAL)], ids=["zh-Hans", "zh-Hant"]
)
def test_a_conversation_stays_in_its_script(parts, language, conversation):
    """Greeting, order, change, refusal, questions, status, cancelling, what is known, a person, erasure."""
    someone = Customer(parts, f"chinese-{language}", language)
    for text, expected in conversation:
        assert expected in someone.say(text), text


def test_the_language_goes_along_to_another_channel(parts):
    """The resume card, its numbers and the answers to it are in the language spoken elsewhere."""
    someone = Customer(parts, "chinese-channels", "zh-Hant")
    someone.say("我要一杯大杯拿鐵")
    card = someone.say("hi", channel=MESSAGING)
    assert "停在「奶」這一步" in card
    assert "1. 繼續" in card
    assert "燕麥奶" in someone.say("第一個", channel=MESSAGING)
    assert "自取" in someone.say("四", channel=MESSAGING)


def test_one_message_in_chinese_is_answered_in_chinese(parts):
    """And the next English one in English; what tells no language keeps the one at hand."""
    someone = Customer(parts, "mixed")
    assert "milk" in someone.say("a large latte please")
    assert "营业时间" in (hours := someone.say("你们几点关门？"))
    assert "要哪" in hours or "奶" in hours
    assert "自取" in someone.say("ok 燕麦奶")
    assert "Our hours" in someone.say("sorry, when do you close on a normal day?")
    assert "Shall I place the order?" in someone.say("pick up")


def test_the_first_guess_is_the_browsers(client, parts):
    """Until a message tells the language: "hi" of somebody whose browser reads Chinese."""
    visitor = client.post("/api/visitors").json()
    headers = {"Authorization": f"Bearer {visitor['token']}", "Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"}
    reply = client.post("/api/chat", json={"text": "2"}, headers=headers).json()
    assert "自動助理" in reply["messages"][0]["text"]


def test_the_evidence_of_a_refusal_is_in_the_language_it_was_made_in(parts):
    """The language that the customer writes in, not the token's."""
    someone = Customer(parts, "chinese-evidence", "zh-Hans")
    someone.say("退订", guess="en")
    with parts.memory.read() as tx:
        (entry,) = consent.history(tx, someone.id)
    assert (entry.decision, entry.language) == ("withdrawn", "zh-Hans")


def test_the_options_of_a_step_are_offered_in_the_language(parts):
    """What a flow's own file calls them is translated like the rest."""
    someone = Customer(parts, "chinese-options", "zh-Hans")
    for text in ("一杯大杯热拿铁", "燕麦奶", "配送"):
        someone.say(text)
    refused = someone.say("Hauptstraße 5, 20095")
    assert "改为自取" in refused
    assert "到店自取" in someone.say("改为自取")


def test_what_cannot_be_taken_is_said_in_the_language(parts):
    """A letter pasted whole."""
    someone = Customer(parts, "chinese-long", "zh-Hans")
    with pytest.raises(Rejected, match="一条消息最多 4000 个字"):
        someone.say("咖啡" * 3000)
