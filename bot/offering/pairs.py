"""Which products go together: bought by the same people, or alike; never on the word of fewer than three people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from bot.offering.shelf import Sold
from bot.offering.value import Floats

# A pair is shown from so many people on: fewer would tell what a single customer bought.
_PEOPLE = 3
_LIFT = 1.2
_PAIR_PRIOR = 10.0
_NEIGHBOURS = 20
# Of each customer the newest things are paired; more of them add time but hardly pairs.
_PAIRED = 30
_BLOCK = 4096
# Chance of wanting a thing that is like another in every tag, as against a pair that people do buy; an assumption for
# shops without orders, where nothing has been observed yet.
_ALIKE = 0.03


@dataclass(frozen=True)
class Sales:
    """Order lines as columns, purchases only, of products that are in the catalogue."""

    who: np.ndarray
    what: np.ndarray
    day: np.ndarray
    price: Floats


def neighbours(
    sales: Sales, products: Sequence[Sold], kind: np.ndarray, *, popular: Floats
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each product the nearest others: first those bought by the same people, then those alike in kind and tags."""
    near = np.full((len(products), _NEIGHBOURS), -1, dtype=np.int32)
    strength = np.zeros((len(products), _NEIGHBOURS), dtype=np.float32)
    for rows, columns, value in _pairs(sales, len(products)):
        _keep_strongest(near, strength, rows=rows, columns=columns, value=value)
    together = near >= 0
    _fill_with_alike(near, strength, products=products, kind=kind, popular=popular)
    return near, strength, together


def _pairs(sales: Sales, products: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs bought by enough people and more often than by chance, with the chance of the second given the first."""
    if not len(sales.who):
        return
    matrix = _paired(sales, products)
    people, buyers = matrix.shape[0], np.asarray(matrix.sum(axis=0)).ravel()
    by_item = matrix.T.tocsr()
    for start in range(0, products, _BLOCK):
        block = (by_item[start : start + _BLOCK] @ matrix).tocoo()
        rows, columns, both = block.row + start, block.col, block.data
        keep = (both >= _PEOPLE) & (rows != columns)
        rows, columns, both = rows[keep], columns[keep], both[keep]
        lifted = both * people >= _LIFT * buyers[rows] * buyers[columns]
        rows, columns, both = rows[lifted], columns[lifted], both[lifted]
        yield rows, columns, both / (buyers[rows] + _PAIR_PRIOR)


def _paired(sales: Sales, products: int) -> sparse.csr_matrix:
    """People by products, 1 where bought; of each person the newest few things only."""
    order = np.lexsort((-sales.day, sales.who))
    pairs = np.stack([sales.who[order], sales.what[order]])
    _, first = np.unique(pairs, axis=1, return_index=True)
    pairs = pairs[:, np.sort(first)]
    starts = np.flatnonzero(np.diff(pairs[0], prepend=-1))
    rank: np.ndarray = np.arange(pairs.shape[1]) - np.repeat(starts, np.diff(np.append(starts, pairs.shape[1])))
    pairs = pairs[:, rank < _PAIRED]
    shape = (int(sales.who.max()) + 1, products)
    return sparse.csr_matrix((np.ones(pairs.shape[1], dtype=np.float32), (pairs[0], pairs[1])), shape=shape)


def _keep_strongest(
    near: np.ndarray, strength: np.ndarray, *, rows: np.ndarray, columns: np.ndarray, value: np.ndarray
) -> None:
    order = np.lexsort((columns, -value, rows))
    rows, columns, value = rows[order], columns[order], value[order]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    rank: np.ndarray = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    keep = rank < near.shape[1]
    near[rows[keep], rank[keep]] = columns[keep]
    strength[rows[keep], rank[keep]] = value[keep]


def _fill_with_alike(
    near: np.ndarray, strength: np.ndarray, *, products: Sequence[Sold], kind: np.ndarray, popular: Floats
) -> None:
    """Places left free go to popular products of the same kind that share tags, by the share of tags in common."""
    order = np.argsort(-popular, kind="stable")
    for _, members in grouped(order, kind[order], [""] * (int(kind.max(initial=0)) + 1)):
        favourites = [int(place) for place in members[:_NEIGHBOURS]]
        for row in members:
            free = int(np.count_nonzero(near[row] < 0))
            alike = _alike(products, int(row), favourites, taken=set(near[row].tolist()))[:free]
            for column, (share, other) in zip(range(near.shape[1] - free, near.shape[1]), alike, strict=False):
                near[row, column], strength[row, column] = other, _ALIKE * share


def _alike(products: Sequence[Sold], row: int, others: Sequence[int], *, taken: set[int]) -> list[tuple[float, int]]:
    tags = products[row].tags
    shares = []
    for other in others:
        common = len(tags & products[other].tags)
        if other != row and other not in taken and common:
            shares.append((common / len(tags | products[other].tags), other))
    return sorted(shares, key=lambda pair: -pair[0])


def grouped(order: np.ndarray, group: np.ndarray, names: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """The members of each group, by its name, in the order given."""
    sort = np.argsort(group, kind="stable")
    groups, starts = np.unique(group[sort], return_index=True)
    for number, members in zip(groups, np.split(order[sort], starts[1:]), strict=False):
        yield names[number], members
