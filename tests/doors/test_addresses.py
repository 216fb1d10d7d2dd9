"""Another e-mail address: asked for, confirmed from the new mailbox, told to the old (E7)."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing import letters, sweeper
from billing.cause import Cause
from billing.models import Intent, Letter
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind, IntentState
from members import addresses, limits, resealing, signin
from members.models import AddressChange, Supporter
from members.models.supporter import supporter_for
from tests import rows
from tests.cases.acts import dashboard
from tests.doors.conftest import Desk
from tests.doors.test_grace import customer_of
from tests.letter_desk import link_in, look, press, sent
from tests.supporter_desk import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/account/address/"
NEW = "alice@example.net"


@pytest.fixture(autouse=True)
def _own_counts(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = ""
    limits.storage.cache_clear()
    yield
    limits.storage.cache_clear()


def ask(email: str = NEW, who: Supporter | None = None) -> Any:
    return signed_in(who or rows.alice()).post(PATH, {"email": email})


def link() -> str:
    return link_in(sent("address-confirm"))


@pytest.mark.case("E7")
def test_it_changes_the_address_from_the_new_mailbox_and_tells_the_old_one_and_stripe(
    desk: Desk,
) -> None:
    member = desk.join()
    assert ask().status_code == 200
    path = link()
    assert mail.outbox[-1].to == [NEW]
    assert "Alice" not in str(mail.outbox[-1].body)
    assert rows.alice().email == "alice@example.org"
    assert press(path).status_code == 200
    alice = Supporter.objects.get()
    assert alice.email == NEW
    assert mail.outbox[-1].to == [NEW]
    told = sent("address-told")
    assert mail.outbox[-1].to == ["alice@example.org"]
    assert NEW not in told
    desk.work(timezone.now() + timedelta(minutes=2))
    assert dashboard(desk).customers.retrieve(customer_of(member)).email == NEW
    assert alice.payments.count() == 1


@pytest.mark.case("E7")
def test_the_intent_holds_no_address_and_is_tried_until_stripe_has_answered(desk: Desk) -> None:
    member = desk.join()
    ask()
    path = link()
    press(path)
    intent = Intent.objects.get(kind=IntentKind.UPDATE_CUSTOMER)
    desk.stripe.tell("down", seconds=60)
    later = timezone.now() + timedelta(minutes=2)
    sweeper.resume_intents(now=later)
    desk.stripe.tell("down", seconds=0)
    intent.refresh_from_db()
    assert (intent.state, intent.tries) == (IntentState.OPEN, 1)
    assert "example" not in json.dumps(list(Intent.objects.values("params")))
    sweeper.resume_intents(now=later + timedelta(hours=1))
    intent.refresh_from_db()
    assert intent.state == IntentState.DONE
    assert dashboard(desk).customers.retrieve(customer_of(member)).email == NEW


@pytest.mark.case("E7")
def test_of_two_changes_stripe_is_left_with_the_later(desk: Desk) -> None:
    member = desk.join()
    for email in (NEW, "third@example.net"):
        ask(email, Supporter.objects.get())
        press(link())
    states = Intent.objects.filter(kind=IntentKind.UPDATE_CUSTOMER).order_by("created_at")
    assert [each.state for each in states] == [IntentState.SUPERSEDED, IntentState.OPEN]
    desk.work(timezone.now() + timedelta(minutes=2))
    assert dashboard(desk).customers.retrieve(customer_of(member)).email == "third@example.net"


@pytest.mark.case("E7")
def test_what_was_opened_from_the_old_address_is_closed() -> None:
    rows.payment(rows.membership())
    elsewhere, here = (Client(), Client())
    for client in (elsewhere, here):
        enter(client)
    waiting = signin.ask(email="alice@example.org")
    used = f"/sign-in/{waiting.id}/{signin.token_of(waiting)}/"
    here.post(PATH, {"email": NEW})
    path = link()
    press(path, here)
    assert elsewhere.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert Client().get(used).status_code == 410
    letter = Letter.objects.get(kind="sign-in")
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    signin.ask(email="alice@example.org")
    newest = Letter.objects.filter(kind="sign-in").latest("created_at")
    assert letters.deliver(newest.pk) == LetterState.SKIPPED


def enter(client: Client) -> None:
    """Sign in by a link, as everybody does."""
    asked = signin.ask(email="alice@example.org")
    client.post(f"/sign-in/{asked.id}/{signin.token_of(asked)}/")
    assert client.get("/account/").status_code == 200
    Letter.objects.filter(key=str(asked.id)).delete()


@pytest.mark.case("E7", "F11")
def test_an_address_that_is_somebodys_gets_the_same_page_and_changes_nothing() -> None:
    bob = rows.bob()
    rows.payment(rows.membership())
    free, taken = ask("new@example.net"), ask("Bob@example.org")
    assert pages_alike(free, "new@example.net") == pages_alike(taken, "Bob@example.org")
    text = sent("address-confirm")
    assert mail.outbox[-1].to == ["Bob@example.org"]
    assert "There is an account under this address already" in " ".join(text.split())
    assert "/letters/" not in text
    change = AddressChange.objects.latest("asked_at")
    assert addresses.confirm(change.pk) is None
    assert bob == Supporter.objects.with_email("bob@example.org").get()
    assert rows.alice().email == "alice@example.org"


def pages_alike(answer: Any, email: str) -> tuple[int, str]:
    text = re.sub(r'name="csrf\w+" value="\w+"', "", answer.content.decode())
    return answer.status_code, text.replace(email, "")


def test_who_joins_under_it_in_between_keeps_it() -> None:
    ask()
    path = link()
    supporter_for(email=NEW)
    answer = Client().get(path)
    assert answer.status_code == 200
    assert "not possible any more" in answer.content.decode()
    assert rows.alice().email == "alice@example.org"


def test_a_second_press_and_a_second_look_change_nothing() -> None:
    ask()
    path = link()
    for _ in range(2):
        look(path)
    assert press(path).status_code == 200
    stamp = Supporter.objects.get().signed_out_at
    assert "That is confirmed" in look(path)
    assert "That is confirmed" in Client().post(path, {"press": "x"}).content.decode()
    assert Supporter.objects.get().signed_out_at == stamp
    assert Letter.objects.filter(kind="address-told").count() == 1


def test_only_the_newest_wish_counts_and_only_for_a_day() -> None:
    ask("first@example.net")
    first = link()
    ask(NEW)
    second = link()
    assert "not possible any more" in Client().get(first).content.decode()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert Client().get(second).status_code == 404


def test_a_letter_that_waits_goes_to_the_new_address() -> None:
    rows.payment(rows.membership())
    ended = rows.membership(state="ended", ended_at=rows.NEXT_MONTH)
    letters.queue(
        kind="ended",
        key=str(ended.pk),
        supporter_id=ended.supporter_id,
        cause=Cause.clock(),
    )
    ask()
    press(link())
    sent("ended")
    assert mail.outbox[-1].to == [NEW]


def test_no_address_is_kept_longer_than_it_takes_to_tell() -> None:
    ask()
    press(link())
    addresses.forget()
    assert AddressChange.objects.get().old_email == "alice@example.org", "it was not told yet"
    sent("address-told")
    addresses.forget()
    assert AddressChange.objects.get().old_email == ""
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        addresses.forget()
    assert not AddressChange.objects.exists()


def test_the_old_address_is_kept_for_staff_to_try_again_and_not_for_long() -> None:
    ask()
    press(link())
    Letter.objects.filter(kind="address-told").update(state=LetterState.FAILED, reason="x")
    addresses.forget()
    letters.retry(Letter.objects.filter(kind="address-told").values_list("pk", flat=True))
    sent("address-told")
    assert mail.outbox[-1].to == ["alice@example.org"]
    Letter.objects.filter(kind="address-told").update(state=LetterState.FAILED)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        addresses.forget()
    assert not AddressChange.objects.exists()


def test_it_refuses_what_is_no_address_and_the_one_they_have() -> None:
    for email in ("", "nonsense", "ALICE@example.org"):
        assert ask(email).status_code == 400
    assert not AddressChange.objects.exists()


@pytest.mark.parametrize("emails", [[f"{n}@example.net" for n in range(6)], [NEW] * 4])
def test_it_floods_nobody(emails: list[str]) -> None:
    answers = [ask(each).status_code for each in emails]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


def test_a_new_key_for_the_vault_does_not_end_a_change_on_its_way(settings: Any) -> None:
    ask()
    path = link()
    old_keys = settings.VAULT_KEYS
    settings.VAULT_KEYS = [base64.b64encode(b"n" * 32).decode(), *old_keys]
    assert resealing.rotate(batch=10).failed == 0
    settings.VAULT_KEYS = settings.VAULT_KEYS[:1]
    assert press(path).status_code == 200
    assert supporter_for(email=NEW).signed_out_at


def test_it_is_reached_from_the_account() -> None:
    assert PATH in text_of(signed_in(rows.alice()))
