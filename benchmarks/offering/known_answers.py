"""The value models against the published answers on CDNOW. Usage: python -m benchmarks.offering.known_answers"""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import numpy as np

from bot.offering.value import Counts, Family, SpendModel, discounted_purchases, fit_purchases, fit_spend

DATA = Path(__file__).parents[2] / "tests" / "offering" / "data" / "cdnow.csv"


def main() -> None:
    with DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    x, tx, age, spend = (np.array([float(row[name]) for row in rows]) for name in ("x", "tx", "T", "spend"))
    counts = Counts.of(x, tx, age)
    for family, published in ((Family.BG, (0.243, 4.414, 0.793, 2.426)), (Family.MBG, (0.525, 6.183, 0.891, 1.614))):
        start = time.perf_counter()
        model = fit_purchases(counts, family=family)
        seconds = time.perf_counter() - start
        found = [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)]
        line = {"model": family.value, "published": published, "found": found, "log_likelihood": model.log_likelihood}
        print(json.dumps({**line, "fit_seconds": round(seconds, 3)}))
    bg, gamma = fit_purchases(counts, family=Family.BG), fit_spend(x, spend)
    known = Counts.of([2, 1], [30.43, 1.71], [38.86, 38.86])
    show("BG E[39 weeks]", (1.226, 0.2032), bg.expected(39, known))
    show("BG P(alive)", (0.7266, 0.2121), bg.p_alive(known))
    growth = bg.expected_new([0.1429, 1, 3, 31.8571, 32, 78])
    show("BG E[X(t)]", (0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576), growth)
    show("Gamma-Gamma p, q, v", (6.25, 3.74, 15.44), (gamma.p, gamma.q, gamma.v))
    customers = SpendModel(6.25, 3.74, 15.44).expected([2, 1, 7, 0], [22.35, 11.77, 73.74, 0])
    show("Gamma-Gamma mean spend", (24.66, 18.92, 71.47, 35.22), customers)
    value = discounted_purchases(bg, counts, months=12, monthly_discount=0.01, month=4.345) * gamma.expected(x, spend)
    show("CLV of the first three, and of all", (36.278, 4.637, 8.344, 71509.9), [*value[:3], value.sum()])
    top = np.sort(value)[::-1][: len(value) // 5].sum() / value.sum()
    show("share of the top fifth", (0.713,), (top,))


def show(what: str, published: tuple[float, ...], found: object) -> None:
    print(json.dumps({"what": what, "published": published, "found": [round(float(each), 4) for each in found]}))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
