"""What did each campaign bring? By the name that the link to the join page bore."""

from billing.money import format_amount
from members.reports.campaigns import campaigns
from members.reports.small import hidden, tells
from members.staff.reports.asked import Asked
from members.staff.reports.charts import lying
from members.staff.reports.told import Cell, Column, Row, Table, Told, cents, count, people


def campaigns_report(asked: Asked) -> Told:
    """Memberships begun, gifts, and MRR as of now, by campaign."""
    found = campaigns(now=asked.until, count=asked.count)
    places = range(len(found))
    numbers = {
        "joins": [each.joins.number for each in found],
        "gifts": [each.gifts.number for each in found],
        "mrr": [each.memberships for each in found],
    }
    # All of them are told, and in the answer all that a campaign brought.
    named_places = [i for i in places if found[i].campaign]
    sums_told = [named_places, places]
    gone = {what: hidden(dict(enumerate(of)), sums_told) for what, of in numbers.items()}

    def cells(i: int) -> list[Cell]:
        each = found[i]
        joins, gifts, mrr = (i in gone[what] for what in ("joins", "gifts", "mrr"))
        return [
            count(each.joins.number, hidden=joins), cents(each.joins.value, hidden=joins),
            count(each.gifts.number, hidden=gifts), cents(each.gifts.value, hidden=gifts),
            count(each.memberships, hidden=mrr), cents(each.mrr_cents, hidden=mrr),
        ]  # fmt: skip

    names = [each.campaign.name if each.campaign else "No campaign named" for each in found]
    sums = [
        (sum(numbers["joins"]), sum(each.joins.value for each in found)),
        (sum(numbers["gifts"]), sum(each.gifts.value for each in found)),
        (sum(numbers["mrr"]), sum(each.mrr_cents for each in found)),
    ]
    whole = [
        cell(of, hidden=tells(number))
        for number, worth in sums
        for cell, of in ((count, number), (cents, worth))
    ]
    total = Row("All", whole, tone="total")
    named = sum(each.joins.number for each in found if each.campaign)
    told = [(each.mrr_cents, names[i]) for i, each in enumerate(found)
            if each.campaign and i not in gone["mrr"] and each.mrr_cents]  # fmt: skip
    answer = f"Campaigns brought {people(named, 'member', 'members')} {asked.period.words}."
    if told:
        most, name = max(told)
        answer += f" “{name}” brings most: {format_amount(most)} a month now."
    return Told(
        answer=answer,
        charts=[
            lying("campaigns", "MRR of today, by campaign",
                  lines=[(_short(names[i]), None if i in gone["mrr"] else each.mrr_cents,
                          "main" if each.campaign else "pale") for i, each in enumerate(found)],
                  write=format_amount)
        ] if found else [],
        tables=[Table("campaigns-table", "By campaign", "Campaign", [
            Column("Joined"), Column("First paid", "cents"), Column("Gifts"),
            Column("Gifts, worth", "cents"), Column("Members now"), Column("MRR now", "cents"),
        ], [Row(name, cells(i)) for i, name in enumerate(names)], total if found else None,
            "Counted by membership. What no link named stands apart, and is never guessed.")],
    )  # fmt: skip


def _short(name: str) -> str:
    """A name as it fits beside a bar."""
    return name if len(name) <= 24 else f"{name[:23]}…"
