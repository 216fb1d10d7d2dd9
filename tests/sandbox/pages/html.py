"""The HTML that every hosted page is made of; each value is escaped where it is put in."""

from __future__ import annotations

import base64
import hashlib
import secrets
from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# No script, nothing from elsewhere; forms may lead to the merchant, so form-action is not set.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # The address of a page is the key to it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def frame(title: str, inner: str, *, wide: bool = False, two: bool = False) -> str:
    """Return a whole page; the band says what this is."""
    width = ' class="wide"' if wide else ' class="two"' if two else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f' · local stand-in</title><meta name="viewport" content="width=device-width,'
        f'initial-scale=1"><meta name="robots" content="noindex"><link rel="icon" href="data:,">'
        f'<style>{STYLE}</style></head><body><header class="band" data-testid="stand-in">local '
        "stand-in, not Stripe: no money moves here</header>"
        f"<main{width}>{inner}</main></body></html>"
    )


def money(cents: int, currency: str = "eur") -> str:
    """Return an amount for people, e.g. €1,234.50."""
    sign = "€" if currency == "eur" else f"{escape(currency.upper())} "
    less = "-" if cents < 0 else ""
    return f"{less}{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def per(recurring: dict[str, object] | None) -> str:
    """Return the rhythm of a price, e.g. ` per month` or ` every 3 months`; empty for none."""
    if not recurring:
        return ""
    unit, count = str(recurring["interval"]), recurring["interval_count"]
    return f" per {unit}" if count == 1 else f" every {count} {unit}s"


_KINDS = {"email": "email", "phone": "tel"}
_FILL = {
    "address_line1": "address-line1",
    "business_name": "organization",
    "card": "cc-number",
    "cvc": "cc-csc",
    "email": "email",
    "expiry": "cc-exp",
    "individual_name": "name",
    "name": "name",
    "phone": "tel",
}
_DIGITS = ("card", "expiry", "cvc")


def field(
    name: str,
    label: str,
    value: str = "",
    *,
    hint: str = "",
    locked: bool = False,
    wrong: bool = False,
) -> str:
    """Return a labelled text field with a test id of its name."""
    more = ' inputmode="numeric"' if name in _DIGITS else ""
    more += " readonly" if locked else ""
    more += ' aria-invalid="true"' if wrong else ""
    return (
        f'<label for="{name}">{escape(label)}</label><input type="{_KINDS.get(name, "text")}" '
        f'id="{name}" name="{name}" data-testid="{name}" value="{escape(value)}" '
        f'placeholder="{escape(hint)}" autocomplete="{_FILL.get(name, "off")}"{more}>'
    )


def box(name: str, label: str, *, wrong: bool = False) -> str:
    """Return a box to tick; the label is HTML already."""
    bad = ' aria-invalid="true"' if wrong else ""
    return (
        f'<label class="box"><input type="checkbox" name="{name}" value="yes" '
        f'data-testid="{name}"{bad}><span>{label}</span></label>'
    )


def button(text: str, testid: str, *, kind: str = "big", value: str = "") -> str:
    """Return a submit button; `value` is sent as `do`."""
    sent = f' name="do" value="{escape(value)}"' if value else ""
    return f'<button class="{kind}" data-testid="{testid}"{sent}>{escape(text)}</button>'


def press() -> str:
    """Return the hidden mark by which a form sent twice is known (`site`)."""
    return f'<input type="hidden" name="press" value="{secrets.token_urlsafe(9)}">'


def action(path: str, text: str, testid: str, *, value: str = "", kind: str = "plain") -> str:
    """Return a form of one button that posts to `path`."""
    inner = press() + button(text, testid, kind=kind, value=value)
    return f'<form method="post" action="{escape(path)}">{inner}</form>'


def link(url: str, text: str, testid: str, *, kind: str = "") -> str:
    """Return a link, as a button when `kind` names one."""
    look = f' class="button {kind}"' if kind else ""
    # Only the web: an address that a browser would run is not made into a link.
    safe = url if url.startswith(("http://", "https://", "/", "?")) else "#"
    return f'<a href="{escape(safe)}"{look} data-testid="{testid}">{escape(text)}</a>'


def problem(message: str) -> str:
    """Return an error in words, announced to screen readers; empty for none."""
    if not message:
        return ""
    return f'<p class="bad" role="alert" data-testid="error">{escape(message)}</p>'


def notice(message: str, testid: str, *, kind: str = "good") -> str:
    """Return a quiet message: `good`, `warm` or `bad`."""
    return f'<p class="{kind}" role="status" data-testid="{testid}">{escape(message)}</p>'


def tag(text: str, kind: str = "") -> str:
    """Return a small label: `ok`, `so` (waits) or `no` colours it."""
    return f'<span class="tag {kind}">{escape(text)}</span>'


def table(head: list[str], rows: list[list[str]], testid: str) -> str:
    """Return a table of cells that are HTML already."""
    top = "".join(f"<th>{escape(name)}</th>" if name else "<td></td>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    empty = "" if rows else f'<tr><td colspan="{len(head)}" class="soft">none yet</td></tr>'
    return (
        f'<div class="across" tabindex="0" role="region" aria-label="{testid}">'
        f'<table data-testid="{testid}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}{empty}</tbody></table></div>"
    )


def lines(rows: list[tuple[str, str]], total: tuple[str, str] | None = None) -> str:
    """Return what is sold: pairs of words and amount, both escaped here, with their sum below."""
    items = [f"<li><span>{escape(a)}</span><span>{escape(b)}</span></li>" for a, b in rows]
    if total:
        items.append(
            f'<li class="total"><span>{escape(total[0])}</span><span>{escape(total[1])}</span></li>'
        )
    return f'<ul class="lines">{"".join(items)}</ul>'
