"""What did each campaign bring? By the name that the link to the join page bore."""

from typing import Final

from billing.money import format_amount
from members.reports.campaigns import CampaignLine, campaigns
from members.reports.small import hidden, tells
from members.staff.reports.asked import Asked
from members.staff.reports.charts import Chart
from members.staff.reports.lying import lying
from members.staff.reports.told import Cell, Column, Row, Table, Told, cents, count, people

_HEADS: Final = [
    Column("Joined"),
    Column("First paid", "cents"),
    Column("Gifts"),
    Column("Gifts, worth", "cents"),
    Column("Members now"),
    Column("MRR now", "cents"),
]
_SAYS: Final = "Counted by membership. What no link named stands apart, and is never guessed."

# How many, and what they are worth in cents.
Pair = tuple[int, int]


def campaigns_report(asked: Asked) -> Told:
    """Memberships begun, gifts, and MRR as of now, by campaign."""
    found = campaigns(now=asked.until, count=asked.count)
    columns = list(zip(*(_pairs(each) for each in found), strict=True))
    gone = [_small(found, column) for column in columns]
    rows = [
        Row(_name(each), _cells(_pairs(each), [i in few for few in gone]))
        for i, each in enumerate(found)
    ]
    told = [each for i, each in enumerate(found) if each.campaign and i not in gone[-1]]
    return Told(
        answer=_in_words(asked, found, told),
        charts=[_chart(found, gone[-1])] if found else [],
        tables=[_table(rows, columns)],
    )


def _table(rows: list[Row], columns: list[tuple[Pair, ...]]) -> Table:
    total = _total(columns)
    return Table("campaigns-table", "By campaign", "Campaign", _HEADS, rows, total, _SAYS)


def _pairs(each: CampaignLine) -> list[Pair]:
    return [
        (each.joins.number, each.joins.value),
        (each.gifts.number, each.gifts.value),
        (each.memberships, each.mrr_cents),
    ]


def _small(found: list[CampaignLine], column: tuple[Pair, ...]) -> set[int]:
    """The places in it that would tell of persons.

    All together are told in the table, and in the answer those that have a name.
    """
    named = [i for i, each in enumerate(found) if each.campaign]
    numbers = {i: number for i, (number, _) in enumerate(column)}
    return hidden(numbers, [named, range(len(column))])


def _cells(pairs: list[Pair], hide: list[bool]) -> list[Cell]:
    cells: list[Cell] = []
    for (number, worth), few in zip(pairs, hide, strict=True):
        cells += [count(number, hidden=few), cents(worth, hidden=few)]
    return cells


def _total(columns: list[tuple[Pair, ...]]) -> Row | None:
    sums = [(sum(n for n, _ in column), sum(worth for _, worth in column)) for column in columns]
    hide = [tells(number) for number, _ in sums]
    return Row("All", _cells(sums, hide), tone="total") if columns else None


def _chart(found: list[CampaignLine], gone: set[int]) -> Chart:
    lines = [
        (_name(each), None if i in gone else each.mrr_cents,
         "main" if each.campaign else "pale")
        for i, each in enumerate(found)
    ]  # fmt: skip
    return lying("campaigns", "MRR of today, by campaign", lines=lines, write=format_amount)


def _in_words(asked: Asked, found: list[CampaignLine], told: list[CampaignLine]) -> str:
    named = sum(each.joins.number for each in found if each.campaign)
    brought = people(named, "member", "members") if named else "nobody"
    answer = f"Campaigns brought {brought} {asked.period.words}."
    most = max(((each.mrr_cents, _name(each)) for each in told if each.mrr_cents), default=None)
    if most is not None:
        answer += f" “{most[1]}” brings most: {format_amount(most[0])} a month now."
    return answer


def _name(each: CampaignLine) -> str:
    return each.campaign.name if each.campaign else "No campaign named"
