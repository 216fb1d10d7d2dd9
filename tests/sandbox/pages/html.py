"""The look of every hosted page, and the little HTML they share."""

from __future__ import annotations

from html import escape

STYLE = """
:root{--ink:#1f2430;--soft:#5b6372;--line:#d9dde5;--paper:#fff;--back:#f4f5f8;--act:#3d4ed8}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back)}
.band{background:#7a2e0e;color:#fff;text-align:center;padding:.4rem;font-size:.9rem}
main{max-width:34rem;margin:2rem auto;padding:2rem;background:var(--paper);
border:1px solid var(--line);border-radius:10px}
main.wide{max-width:72rem}
h1{font-size:1.4rem;margin:0 0 1rem}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}
label{display:block;margin:.9rem 0 .2rem;font-weight:600}
input[type=text],input[type=email]{width:100%;padding:.6rem;font:inherit;
border:1px solid #8a93a3;border-radius:6px}
input[readonly]{background:var(--back);color:var(--soft)}
input:focus,button:focus,a:focus{outline:3px solid #9db0ff;outline-offset:1px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
.sum{font-size:2rem;font-weight:700;margin:.2rem 0}.soft{color:var(--soft)}
.bad{background:#fdecea;color:#7f1d1d;border:1px solid #f0b4ae;padding:.7rem;border-radius:6px}
button{font:inherit;font-weight:600;padding:.7rem 1.1rem;border:0;border-radius:6px;
background:var(--act);color:#fff;cursor:pointer}
button.big{width:100%;margin-top:1.2rem}button.plain{background:#e6e9f0;color:var(--ink)}
button.small{padding:.25rem .6rem;font-size:.85rem}
.row{display:flex;gap:.6rem;flex-wrap:wrap;align-items:center}
.box{display:flex;gap:.6rem;margin-top:1rem;font-weight:400}
.across{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:.88rem}
th,td{text-align:left;padding:.35rem .5rem;border-bottom:1px solid var(--line)}
code{font-size:.85em}fieldset{border:1px solid var(--line);border-radius:8px;margin:1rem 0}
"""

_ICON = "data:,"


def frame(title: str, inner: str, *, wide: bool = False) -> str:
    """Return a whole page; the band says what this is."""
    width = ' class="wide"' if wide else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="{_ICON}"><style>{STYLE}</style></head><body>'
        f'<div class="band" data-testid="stand-in">local stand-in, not Stripe: '
        f"no money moves here</div><main{width}>{inner}</main></body></html>"
    )


def money(cents: int, currency: str = "eur") -> str:
    """Return an amount for people, e.g. €1.99."""
    sign = "€" if currency == "eur" else f"{currency.upper()} "
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def field(name: str, label: str, value: str = "", *, hint: str = "", locked: bool = False) -> str:
    """Return a labelled text field with a test id of its name."""
    kind = "email" if name == "email" else "text"
    return (
        f'<label for="{name}">{escape(label)}</label><input type="{kind}" id="{name}" '
        f'name="{name}" data-testid="{name}" value="{escape(value)}" '
        f'placeholder="{escape(hint)}" autocomplete="off"{" readonly" if locked else ""}>'
    )


def button(text: str, testid: str, *, kind: str = "big", value: str = "") -> str:
    """Return a submit button; `value` is sent as `do`."""
    sent = f' name="do" value="{escape(value)}"' if value else ""
    return f'<button class="{kind}" data-testid="{testid}"{sent}>{escape(text)}</button>'


def action(path: str, text: str, testid: str, *, value: str = "", kind: str = "plain") -> str:
    """Return a form of one button that posts to `path`."""
    inner = button(text, testid, kind=kind, value=value)
    return f'<form method="post" action="{escape(path)}">{inner}</form>'


def link(url: str, text: str, testid: str) -> str:
    """Return a link."""
    return f'<a href="{escape(url)}" data-testid="{testid}">{escape(text)}</a>'


def problem(message: str) -> str:
    """Return an error in words, announced to screen readers; empty for none."""
    if not message:
        return ""
    return f'<p class="bad" role="alert" data-testid="error">{escape(message)}</p>'


def table(head: list[str], rows: list[list[str]], testid: str) -> str:
    """Return a table of cells that are HTML already."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    empty = "" if rows else f'<tr><td colspan="{len(head)}" class="soft">none yet</td></tr>'
    return (
        f'<div class="across"><table data-testid="{testid}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}{empty}</tbody></table></div>"
    )
