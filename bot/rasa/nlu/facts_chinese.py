"""What customers tell of themselves in Chinese, either script: the plain statements, told as the English ones are.

Pure. What is asked, supposed, or said of somebody else is left out; what is said for today is not `lasting`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.fact import Fact, Polarity
from bot.rasa.nlu.typed_chinese import number

Entity = dict[str, Any]


def _table(written: str) -> dict[str, str]:
    """Words and the value that each means, from `value word word; value word`."""
    rows = (row.split() for row in written.split(";"))
    return {word: value for value, *words in rows for word in words}


_BORDER = re.compile(r"[，。！？；,.!?;\n]+|但是?|不过|所以|因为|而且")
_ASKED = re.compile(r"吗|呢$|什么|哪|是不是|有没有|会不会|能不能|多少|怎么")
_SUPPOSED = re.compile(r"如果|假如|要是|万一|可能|也许|大概会|以前|曾经|听说|据说|开玩笑")
_OTHERS = re.compile(
    r"(?:我|我们)?的?(?:老婆|太太|妻子|老公|先生|丈夫|女朋友|男朋友|女友|男友|妈妈?|爸爸?|母亲|父亲|儿子|女儿|孩子|小孩"
    r"|宝宝|姐姐|妹妹|哥哥|弟弟|朋友|同事|老板|室友|客人|奶奶|爷爷|他|她|人家|有人|别人)"
)
_NOW = re.compile(r"今天|今晚|今早|这次|这一次|这杯|这单|暂时|现在先|刚才|等会|明天|偶尔")
_GIFT = re.compile(r"送人|送给|礼物|生日|帮[^我]{1,4}(?:买|点|带)")
_NO_LONGER = re.compile(r"不再|已经不|不是?.{0,8}了$|戒掉?不了|好了")
_NOT = re.compile(r"不|没")
_LIST = re.compile(r"和|、|跟|还有|与|以及|及")

_ALLERGY = re.compile(
    r"对(?P<things>.{1,16}?)(?:都|也|会|严重|有点|有|很)*过敏|(?P<before>[^我对会有是]{1,8}?)(?:会|严重)?过敏"
)
_ALLERGENS = _table("""
    nuts 坚果; peanuts 花生; almond 杏仁; hazelnut 榛果 榛子; walnut 核桃; cashew 腰果;
    soy 大豆 黄豆 豆奶 豆浆 豆制品; milk 牛奶 鲜奶 奶制品 乳制品 奶; lactose 乳糖; gluten 麸质 小麦 面筋;
    eggs 鸡蛋 蛋; coconut 椰子 椰奶; oat 燕麦; cinnamon 肉桂; sesame 芝麻; caffeine 咖啡因; chocolate 巧克力
""")
_DIETS = _table("""
    vegan 纯素 全素; vegetarian 吃素 素食 蛋奶素; halal 清真; keto 生酮; low_carb 低碳饮食;
    gluten_free 无麸质饮食; sugar_free 戒糖; dairy_free 不吃奶制品
""")
_HEALTH = _table("""
    pregnant 怀孕 孕妇; breastfeeding 哺乳; diabetes 糖尿病; high_blood_pressure 高血压; acid_reflux 胃酸 反流;
    heart_condition 心脏病 心脏不好
""")
_GEAR = _table("""
    espresso_machine 意式咖啡机 半自动咖啡机 半自动; automatic_machine 全自动咖啡机;
    capsule_machine 胶囊咖啡机 胶囊机; drip_machine 滴滤咖啡机 美式咖啡机; coffee_machine 咖啡机;
    french_press 法压壶 法式滤压壶; moka_pot 摩卡壶; kettle 手冲壶 细口壶; grinder 磨豆机; aeropress 爱乐压;
    dripper 滤杯; v60 v60; chemex chemex; milk_frother 奶泡机; scale 电子秤
""")
_OWNS = re.compile(r"(?:家里?|我们?|办公室)(?:也|还|已经|刚|都)*(?:有|用|买了|入了)")
_WANTS = re.compile(r"想|要买|没有|退|坏|订|需要")
_TASTES = _table("""
    dark_roast 深烘 深焙; light_roast 浅烘 浅焙; medium_roast 中烘 中焙; single_origin 单品; fruity 果香 果味;
    floral 花香; nutty 坚果味 坚果风味; chocolate 巧克力味; smoky 烟熏; strong 浓一点 浓的 浓咖啡;
    mild 淡一点 淡的; bitter 苦; acidic 酸; sweet 甜; sugar 糖; decaf 低因; caffeine 咖啡因; foam 奶泡;
    black 黑咖啡; organic 有机; cream 奶油; honey 蜂蜜
""")
_POLARITIES: tuple[tuple[Polarity, re.Pattern[str]], ...] = (
    ("dislike", re.compile(r"不(?:太|怎么|是很)?喜欢|讨厌|受不了|不爱|最烦|喝不惯|不习惯")),
    (
        "never",
        re.compile(
            r"(?:从来?|一向|平时|一直|向来|都|绝对?|我)不(?:能|可以|会)?(?:喝|吃|加|碰|放|要加)|不能[喝吃加]|戒了"
        ),
    ),
    ("must", re.compile(r"(?:一直|总是|每次|从来|永远|平时|通常)都?(?:是|只)?(?:喝|要|点|加|用|选)|只[喝吃]")),
    ("like", re.compile(r"喜欢|最爱|爱喝|偏爱|超爱|钟爱|爱吃")),
)
_ORDERING = re.compile(r"^(?:请|麻烦|帮我|给我|来|要|我要|换|改|把|再)")
_TASTED = frozenset({"product", "milk", "syrup", "size", "temperature", "category", "grind"})
_PLAIN_MILK = frozenset({"牛奶", "鲜奶", "奶"})
_BUDGET = re.compile(r"预算(?:大概|大约|是|在|为|只有)*(\d{1,4})")
_CUPS = re.compile(r"(?:每天|一天|天天)(?:都|要|大概|大约|喝)*(\d{1,2}|[一二两三四五六七八九十])杯")
_DAY = re.compile(r"(?:每个?|都是|一般)?(?:星期|周|礼拜)([一二三四五六日天])")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DELIVERY = re.compile(r"送|收货|收件|在家")
_USUAL = re.compile(r"每|都|一般|通常|方便|最好|不要|别|不")


def find(text: str, *, entities: Sequence[Entity] = ()) -> list[Fact]:
    """The facts of a Chinese text, each thing once, in order of place; `entities` with their offsets in it."""
    said = fold(text.lower())
    gift, found = bool(_GIFT.search(said)), dict[tuple[str, str], Fact]()
    for start, end in _clauses(said):
        clause, after = said[start:end], said[end : end + 1]
        if after == "？" or after == "?" or _ASKED.search(clause) or _SUPPOSED.search(clause) or _OTHERS.match(clause):
            continue
        lasting = not gift and not _NOW.search(clause)
        inside = [(said[e["start"] : e["end"]], e) for e in entities if start <= e["start"] and e["end"] <= end]
        for fact in _told(clause, inside):
            one = Fact(fact.attribute, fact.value, fact.polarity, lasting=lasting)
            found.setdefault((one.attribute, str(one.value)), one)
    return list(found.values())


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in [*_BORDER.finditer(text), None]:
        end = border.start() if border else len(text)
        if text[start:end].strip():
            yield start, end
        start = border.end() if border else end


def _told(clause: str, entities: Sequence[tuple[str, Entity]]) -> Iterator[Fact]:
    allergies = list(_allergies(clause))
    yield from allergies
    yield from _states(clause, _DIETS, "diet", "must")
    yield from _states(clause, _HEALTH, "health", "has")
    yield from _gear(clause)
    yield from _figures(clause)
    if not allergies:
        yield from _tastes(clause, entities)


def _allergies(clause: str) -> Iterator[Fact]:
    if "乳糖不耐" in clause and not re.search(r"(?:没有?|不是?)乳糖不耐", clause):
        yield Fact("allergy", "lactose", "never")
    named = _ALLERGY.search(clause)
    if named is None:
        return
    longer = _NO_LONGER.search(clause)
    if not longer and re.search(r"(?:不|没有?)(?:会|对.{1,16})?过敏|不对|没有", clause):
        return
    for part in _LIST.split(named["things"] or named["before"] or ""):
        if value := _first(_ALLERGENS, part):
            yield Fact("allergy", value, "not" if longer else "never")


def _states(clause: str, known: Mapping[str, str], attribute: str, polarity: Polarity) -> Iterator[Fact]:
    for word, value in known.items():
        place = clause.find(word)
        if place < 0 or ("我" not in clause[:place] and place > 2):
            continue
        if re.search(r"不再|已经不", clause[:place]):
            yield Fact(attribute, value, "not")
        elif not _NOT.search(clause[:place]):
            yield Fact(attribute, value, polarity)
        return


def _gear(clause: str) -> Iterator[Fact]:
    owns = _OWNS.search(clause)
    if owns and not _WANTS.search(clause) and (value := _first(_GEAR, clause[owns.start() :])):
        yield Fact("equipment", value, "has")


def _figures(clause: str) -> Iterator[Fact]:
    if budget := _BUDGET.search(clause):
        yield Fact("budget", float(budget[1]), "must")
    if cups := _CUPS.search(clause):
        yield Fact("cups_a_day", float(number(cups[1]) or 0), "has")
    day = _DAY.search(clause)
    if day and _DELIVERY.search(clause) and _USUAL.search(clause):
        weekday = _WEEKDAYS["一二三四五六日".index("日" if day[1] == "天" else day[1])]
        yield Fact("delivery_day", weekday, "never" if re.search(r"不|别", clause) else "like")


def _tastes(clause: str, entities: Sequence[tuple[str, Entity]]) -> Iterator[Fact]:
    polarity = next((name for name, words in _POLARITIES if words.search(clause)), None)
    if polarity is None or (_ORDERING.match(clause) and polarity not in ("must", "never")):
        return
    wanted = (pair for pair in entities if pair[1]["entity"] in _TASTED and pair[1].get("role") != "from")
    named = [(said, entity) for said, entity in wanted if entity["value"] != "none"]
    for said, entity in named:
        plain = said in _PLAIN_MILK
        yield Fact("taste" if plain else entity["entity"], "milk" if plain else str(entity["value"]), polarity)
    if not named and (taste := _first(_TASTES, clause)):
        yield Fact("taste", taste, polarity)


def _first(known: Mapping[str, str], text: str) -> str | None:
    """The longest of `known` words in `text`, as its value."""
    return next((known[word] for word in sorted(known, key=len, reverse=True) if word in text), None)
