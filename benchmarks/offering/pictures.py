"""The pictures of docs/offering.md, drawn from the models themselves. Usage: python -m benchmarks.offering.pictures"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.offering.rules_files import load_rules
from bot.offering.value import Counts, Family, discounted_purchases, fit_purchases, fit_spend

PROJECT = Path(__file__).parents[2]
IMAGES = PROJECT / "docs" / "images"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 340, 62, 40, 24, 52
COLOURS = ("#2f6f8f", "#b5562b", "#5b8a3c", "#7a4f9a")
INK, PALE = "#444444", "#dddddd"


@dataclass
class Picture:
    """A small chart: data coordinates in, SVG out."""

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def __post_init__(self) -> None:
        self.parts: list[str] = []

    def x(self, value: float) -> float:
        low, high = self.x_range
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    def curve(self, xs: Sequence[float], ys: Sequence[float], colour: str, *, dashed: bool = False) -> None:
        points = " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in zip(xs, ys, strict=True))
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{points}"/>')

    def area(self, from_x: float, to_x: float, colour: str) -> None:
        width = self.x(to_x) - self.x(from_x)
        self.parts.append(
            f'<rect x="{self.x(from_x):.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}" '
            f'fill="{colour}" opacity="0.12"/>'
        )

    def text(self, x: float, y: float, words: str, *, colour: str = INK, anchor: str = "start") -> None:
        self.parts.append(
            f'<text x="{self.x(x):.1f}" y="{self.y(y):.1f}" fill="{colour}" text-anchor="{anchor}">{words}</text>'
        )

    def ticks(self, xs: Sequence[float], ys: Sequence[float], *, percent: bool = False) -> None:
        for value in xs:
            self.parts.append(
                f'<text x="{self.x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:g}</text>'
            )
        for value in ys:
            said = f"{value:.0%}" if percent else f"{value:g}"
            at = f"{self.y(value):.1f}"
            self.parts.insert(0, f'<path d="M{LEFT} {at}H{WIDTH - RIGHT}" stroke="{PALE}"/>')
            self.parts.append(f'<text x="{LEFT - 8}" y="{self.y(value) + 4:.1f}" text-anchor="end">{said}</text>')

    def save(self, name: str) -> None:
        """Writes docs/images/<name>.svg on a white ground, so that it can be read on a dark page as well."""
        frame = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'font-family="sans-serif" font-size="12" fill="{INK}">',
            f"<title>{self.title}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="22" font-size="14" font-weight="bold">{self.title}</text>',
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{self.x_label}</text>',
            f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
            f"{self.y_label}</text>",
        ]
        IMAGES.mkdir(parents=True, exist_ok=True)
        (IMAGES / f"{name}.svg").write_text("\n".join([*frame, *self.parts, "</svg>"]) + "\n", encoding="utf-8")


def read_cdnow() -> tuple[Counts, np.ndarray]:
    with (PROJECT / "tests" / "offering" / "data" / "cdnow.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    x, tx, age, spend = (np.array([float(row[name]) for row in rows]) for name in ("x", "tx", "T", "spend"))
    return Counts.of(x, tx, age), spend


def draw_tiers() -> None:
    """Customers by value, with the bounds at which the best tier begins and is kept until."""
    counts, spend = read_cdnow()
    model, gamma = fit_purchases(counts), fit_spend(counts.x, spend)
    value = discounted_purchases(model, counts, months=12, monthly_discount=0.01) * gamma.expected(counts.x, spend)
    share = np.linspace(0, 100, 201)
    curve = np.percentile(value, share)
    shown = min(float(np.percentile(value, 98)), float(curve.max()))
    picture = Picture("Tiers over value", "customers by value, %", "value of the next 12 months", (0, 100), (0, shown))
    picture.ticks(range(0, 101, 10), range(0, int(shown), 20))
    picture.area(70, 80, COLOURS[1])
    picture.area(80, 100, COLOURS[0])
    picture.curve(share[curve <= shown], curve[curve <= shown], COLOURS[0])
    top = shown * 0.94
    picture.text(90, top, "MVC from P80", colour=COLOURS[0], anchor="middle")
    picture.text(69, top, "kept until P70: no flapping", colour=COLOURS[1], anchor="end")
    picture.save("tiers-over-value")


def draw_decay() -> None:
    """How a purchase fades, by category: a question at one half-life, no evidence past two."""
    intervals = load_rules(PROJECT / "data" / "offering").offers.intervals
    picture = Picture("How a purchase fades", "days since the purchase", "weight", (0, 130), (0, 1))
    picture.ticks(range(0, 131, 10), (0, 0.25, 0.5, 0.75, 1))
    days = np.linspace(0, 130, 261)
    for colour, name in zip(COLOURS, ("drinks", "beans", "subscriptions", "gift_cards"), strict=True):
        half_life = 2 * intervals[name].days
        asserted = days[days <= 2 * half_life]
        picture.curve(asserted, 0.5 ** (asserted / half_life), colour)
        rest = days[days >= 2 * half_life]
        picture.curve(rest, 0.5 ** (rest / half_life), colour, dashed=True)
        if half_life < 130:
            picture.parts.append(
                f'<circle cx="{picture.x(half_life):.1f}" cy="{picture.y(0.5):.1f}" r="4" fill="{colour}"/>'
            )
    for x, y, words, colour in (
        (21, 0.20, "drinks (every 4 days)", COLOURS[0]),
        (52, 0.42, "beans (28)", COLOURS[1]),
        (78, 0.53, "subscriptions (30)", COLOURS[2]),
        (88, 0.89, "gift cards (180)", COLOURS[3]),
        (62, 0.97, "dot: from here on a question; dashed: no evidence any more", INK),
    ):
        picture.text(x, y, words, colour=colour)
    picture.save("decay-curves")


def draw_activity() -> None:
    """Why MBG: what each model says of a customer who bought once."""
    counts, _ = read_cdnow()
    weeks = np.linspace(0.5, 104, 208)
    once = Counts.of(np.zeros(208), np.zeros(208), weeks)
    picture = Picture("Bought once: still a customer?", "weeks of silence", "chance", (0, 104), (0, 1))
    picture.ticks(range(0, 105, 13), (0, 0.25, 0.5, 0.75, 1), percent=True)
    for family, colour in ((Family.BG, COLOURS[1]), (Family.MBG, COLOURS[0])):
        picture.curve(weeks, fit_purchases(counts, family=family).p_alive(once), colour)
    picture.text(52, 0.94, "BG/NBD: certain, for ever", colour=COLOURS[1], anchor="middle")
    picture.text(52, 0.45, "MBG/NBD: less likely by the week", colour=COLOURS[0], anchor="middle")
    picture.save("bought-once")


if __name__ == "__main__":
    draw_tiers()
    draw_decay()
    draw_activity()
