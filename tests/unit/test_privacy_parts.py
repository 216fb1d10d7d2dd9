"""One list of what is known of a person: no table is forgotten, and the copy says it all."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import transaction

from billing import receipts
from billing.cause import Cause
from billing.models import Intent
from billing.models.stripe import IntentKind
from members import access, addresses, charges, search, sessions, signin, withdrawals
from members.embed import badges
from members.models import ChargeReport, Consent, Farewell, StaffAct, Withdrawal
from members.models.access import Action, Field, Purpose
from members.models.desk import Act, Reason
from members.models.farewell import Why
from members.models.staff import Role
from members.privacy import copies, parts
from members.privacy.parts import IMPERSONAL, PARTS
from members.shield import orders
from tests import rows
from tests.letter_desk import link_in, sent
from tests.staff_desk import staff
from tests.supporter_desk import press_in, signed_in, text_of

pytestmark = pytest.mark.django_db

PATH = "/account/data/"


def test_every_table_is_a_part_or_is_about_nobody() -> None:
    """Who adds a table says here what a supporter gets of it, and what erasing does to it."""
    ours = {
        each
        for app in ("billing", "members")
        for each in apps.get_app_config(app).get_models(include_auto_created=False)
    }
    named = [each for part in PARTS for each in part.tables] + list(IMPERSONAL)
    assert len(named) == len(set(named)), "a table stands in two places"
    assert set(named) == ours


def test_what_erasing_leaves_says_why() -> None:
    assert [part.name for part in PARTS if part.wipe is None and not part.kept] == []


def alices_life() -> dict[str, Any]:
    """A row of Alice's in every part, and what the copy says of her."""
    alice = rows.alice()
    member = rows.membership(alice)
    payment = rows.payment(member)
    rows.refund(payment)
    badges.show(alice)
    with transaction.atomic():
        receipts.issue(payment, cause=Cause.clock())
    alice.customers.create(stripe_customer_id="cus_alice")
    Consent.objects.create(supporter=alice, text_version="2026-11", locale="en-IE")
    params: dict[str, Any] = {"subscription": member.stripe_subscription_id, "frozen": {"a": 1}}
    Intent.objects.create(
        kind=IntentKind.KEEP, press="secret press", subject=member.pk, params=params
    )
    withdrawals.state(
        email="alice@example.org", reference=member.pk, name="Alice", press="secret press"
    )
    Withdrawal.objects.update(outcome="over", supporter=alice, settled_at=rows.START)
    charges.report(
        day=rows.START.date(), amount_cents=payment.amount_cents, last4="0000", press="secret press"
    )
    ChargeReport.objects.update(finding="over", payment=payment, settled_at=rows.START)
    signin.ask(email="alice@example.org")
    sessions.begin(alice, user_agent="")
    helper = staff(Role.SUPPORT)
    search.find(term="Alice@example.org ", staff=helper, purpose=Purpose.ASKED, by_name=True)
    StaffAct.objects.create(
        staff=helper,
        role=helper.role,
        supporter=alice,
        subject=alice.pk,
        act=Act.SIGN_OUT,
        reason=Reason.CALLED,
        press="secret press",
    )
    access.note(
        staff=helper,
        supporter_id=alice.pk,
        action=Action.SHOWN,
        fields=[Field.PAYMENTS],
        purpose=Purpose.ASKED,
    )
    Farewell.objects.create(membership=member, reason=Why.MONEY, press="secret press")
    addresses.ask(alice, email="alice@example.net")
    orders.write(
        press="secret press",
        order={"email": "alice@example.org", "name": "Alice"},
        language="en",
    )
    copies.ask(alice, press="p")
    found: dict[str, Any] = json.loads(copies.of(alice))
    return found


def test_the_copy_has_something_of_every_part() -> None:
    found = alices_life()
    assert found["person"]["email"] == "alice@example.org"
    assert found["person"]["name"] == "Alice"
    empty = {name for name, part in found.items() if not part}
    assert empty <= {"complimentary", "erasure"}
    (membership,) = found["memberships"]
    assert membership["amount_cents"] == 199
    assert found["payments"][0]["refunds"][0]["amount_cents"] == 199
    assert {each["kind"] for each in found["letters"]["letters"]} >= {"receipt", "export-ready"}
    assert found["receipts"][0]["number"] == 1


def test_the_copy_holds_nothing_that_opens_anything() -> None:
    text = json.dumps(alices_life())
    for secret in ("sealed", "hash", "nonce", "secret press", "frozen", "claim"):
        assert secret not in text
    assert rows.alice().email_hash not in text


def test_the_copy_is_of_nobody_else() -> None:
    rows.payment(supporter=rows.bob())
    assert "bob" not in json.dumps(alices_life()).casefold()


def test_it_is_made_in_the_account_and_told_by_a_letter_without_a_file() -> None:
    client = signed_in(rows.alice())
    action = f"{PATH}copy/"
    press = press_in(text_of(client, PATH), action)
    for _ in range(2):
        assert client.post(action, {"press": press}).headers["Location"] == PATH
    export = rows.alice().exports.get()
    page = text_of(client, PATH)
    assert f"{PATH}{export.pk}/" in page
    answer = client.get(f"{PATH}{export.pk}/")
    assert answer.json()["person"]["name"] == "Alice"
    assert copies.FILE_NAME in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    text = sent("export-ready")
    assert str(export.pk) in link_in(text)


def test_a_press_that_is_bent_makes_no_copy() -> None:
    client = signed_in(rows.alice())
    client.post(f"{PATH}copy/", {"press": "bent"})
    assert not rows.alice().exports.exists()


def test_no_address_can_lead_to_a_tombstone() -> None:
    one, two = parts.tombstone(), parts.tombstone()
    assert one != two
    assert len(one) <= 64
    with pytest.raises(ValueError, match="non-hexadecimal"):
        bytes.fromhex(one)
    assert isinstance(rows.alice().pk, UUID)
