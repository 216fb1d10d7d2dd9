"""Any text in any field of the join form: advice beside the field, or exactly what was chosen."""

import re
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.money import format_amount
from billing.wording import rhythm

pytestmark = pytest.mark.django_db

PLANS = {"monthly": "month", "yearly": "year", "once": "once"}
LEAST = {"monthly": 199, "yearly": 2388, "once": 200}
ANY = st.text(max_size=30)
AMOUNT = st.integers(0, 120_000).map(lambda cents: f"{cents // 100},{cents % 100:02d}")
TYPED = ANY | AMOUNT | st.sampled_from(["7", "€ 7", "EUR 7.50", "1e3", "٣", "\x00"])
PICK = st.sampled_from(["", "own", "199", "499", "2388", "500"]) | ANY
FIELDS = st.fixed_dictionaries(
    {
        "plan": st.sampled_from(sorted(PLANS)) | ANY,
        "consent": st.just("on"),
        "adult": st.just("on"),
    },
    optional={
        **{f"pick_{slug}": PICK for slug in PLANS},
        **{f"amount_{slug}": TYPED for slug in PLANS},
        **{f"extra_{slug}": st.sampled_from(["on", ""]) for slug in PLANS},
        "amount": TYPED,
        "campaign": ANY,
        "email": st.just("alice@example.org") | ANY,
        "name": ANY,
        "change": ANY,
        "drop": ANY,
    },
)
SLOWLY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@SLOWLY
@given(fields=FIELDS)
def test_any_text_in_any_field_is_answered(client: Client, fields: dict[str, str]) -> None:
    page = client.post("/", fields)
    assert page.status_code in {200, 400}
    text = page.content.decode()
    if page.status_code == 200:
        assert re.search(r">Pay €[\d,.]+ (every month|every year|once)</button>", text)
    elif not page.context["stale"]:
        links = set(re.findall(r'<a href="#(id_\w+)">', text))
        assert links
        assert all(f'id="{each}"' in text and f'id="{each}_error"' in text for each in links)


@SLOWLY
@given(
    slug=st.sampled_from(sorted(PLANS)),
    cents=st.integers(1, 110_000),
    comma=st.sampled_from([".", ","]),
    extra=st.booleans(),
)
def test_the_review_page_has_exactly_what_was_typed(
    client: Client, slug: str, cents: int, comma: str, extra: bool
) -> None:
    typed = f"{cents // 100}{comma}{cents % 100:02d}"
    fields: dict[str, Any] = {"plan": slug, f"pick_{slug}": "own", f"amount_{slug}": typed}
    fields |= {"email": "alice@example.org", "consent": "on", "adult": "on"}
    page = client.post("/", fields | ({f"extra_{slug}": "on"} if extra else {}))
    taken = LEAST[slug] <= cents <= 99_999
    assert page.status_code == (200 if taken else 400)
    if not taken:
        assert f'id="id_amount_{slug}_error"' in page.content.decode()
        return
    order = page.context["order"]
    assert order.own_cents == cents
    assert (order.extra_cents > 0) == extra
    label = f">Pay {format_amount(order.amount_cents)} {rhythm(PLANS[slug])}</button>"
    assert label in page.content.decode()
