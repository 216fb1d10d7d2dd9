"""The letters that members ask billing's outbox to send: ways in, addresses, copies, farewells."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing import letters
from billing.ids import read_id
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Letter
from billing.wording import long_date, moment_words
from members import addresses, colleagues, signin
from members.models import (
    AddressChange,
    Erasure,
    Export,
    ShieldChange,
    SignIn,
    StaffMember,
    Supporter,
)
from members.models.privacy import ErasureState
from members.models.shield import Cause
from members.shield import orders, watch


@letters.composes("sign-in", owed=True)
def sign_in(letter: Letter) -> letters.Outcome:
    """The link, made now and kept nowhere; nothing for an address from which nobody ever paid.

    Whoever types a stranger's address into the join form must not make us write to them.
    """
    asked_id = read_id(letter.key)
    asked_for = SignIn.objects.select_related("supporter")
    asked = asked_for.filter(pk=asked_id).first() if asked_id else None
    if asked is None or asked.supporter is None:
        return letters.Skip("nobody has this address")
    if not asked.supporter.has_given:
        return letters.Skip("nothing was ever paid under this address")
    if asked.used_at is not None or asked.expires_at <= timezone.now():
        return letters.Skip("the link is over")
    path = reverse("sign-in-link", args=[asked.id, signin.token_of(asked)])
    minutes = int(signin.LASTS.total_seconds() // 60)
    return letters.Draft({"link": f"{settings.SITE_URL}{path}", "minutes": minutes})


@letters.composes(addresses.CONFIRM, owed=True)
def address_confirm(letter: Letter) -> letters.Outcome:
    """To the new address. Who reads it is not known yet, so it names nobody.

    Where there is an account under it already, that is said here, to its owner alone.
    """
    change = _change(letter)
    if change is None or not addresses.waits(change):
        return letters.Skip("the wish is over")
    context: dict[str, object] = {
        "taken": addresses.taken(change),
        "link": links.url(Purpose.ADDRESS, change.pk, holder=change.new_hash),
        "hours": int(addresses.LASTS.total_seconds() // 3600),
        "sign_in_url": settings.SITE_URL + reverse("sign-in"),
    }
    to = _recipient(change.supporter, email=change.new_email, email_hash=change.new_hash, name="")
    return letters.Draft(context, to=to)


@letters.composes(addresses.TELL, owed=True)
def address_told(letter: Letter) -> letters.Outcome:
    """To the old address, which is wiped once this is sent. The new one is not told here."""
    change = _change(letter)
    if change is None or change.confirmed_at is None or not change.old_email:
        return letters.Skip("the old address is not known any more")
    who = change.supporter
    to = _recipient(who, email=change.old_email, email_hash=change.old_hash, name=who.name)
    return letters.Draft({"day": long_date(change.confirmed_at)}, to=to)


@letters.composes("export-ready", owed=True)
def export_ready(letter: Letter) -> letters.Outcome:
    """A link and no attachment: a mailbox is no place for everything."""
    export = Export.objects.select_related("supporter").filter(pk=UUID(letter.key)).first()
    if export is None or export.expires_at <= timezone.now():
        return letters.Skip("the copy is not to be had any more")
    holder = export.supporter.email_hash
    return letters.Draft(
        {
            "link": links.url(Purpose.EXPORT, export.pk, holder=holder),
            "until": long_date(export.expires_at),
        }
    )


@letters.composes("erased", owed=True)
def erased(letter: Letter) -> letters.Outcome:
    """The last letter there is: nobody can write to them after it."""
    erasure = Erasure.objects.select_related("supporter").filter(pk=UUID(letter.key)).first()
    if erasure is None or erasure.state != ErasureState.TELLING:
        return letters.Skip("they were not erased")
    given = erasure.supporter.payments.filter(receipts__isnull=False).exists()
    return letters.Draft({"asked": long_date(erasure.asked_at), "given": given})


def _speaks(letter: Letter) -> str:
    """The language of the page that it was asked for on."""
    row = orders.find(UUID(letter.key))
    return row.language if row else ""


@letters.composes(orders.KIND, owed=True, speaks=_speaks)
def join_link(letter: Letter) -> letters.Outcome:
    """The way on to the payment page. Anybody may have typed the address: it names nobody.

    It is discreet whoever reads it, and the same for a supporter and for a stranger.
    """
    row = orders.find(UUID(letter.key))
    if row is None:
        return letters.Skip("the link is over")
    context: dict[str, object] = {
        "link": links.url(Purpose.JOIN, row.pk, holder=row.email_hash),
        "hours": int(orders.KEPT.total_seconds() // 3600),
    }
    to = letters.Recipient(
        email=row.email, email_hash=row.email_hash, language=row.language, discreet=True
    )
    return letters.Draft(context, to=to)


@letters.composes(watch.ALERT, to_staff=True)
def shield_alert(letter: Letter) -> letters.Outcome:
    """That the public forms are attacked, to a colleague who can look."""
    change_id, _colon, staff_id = letter.key.partition(":")
    reader = StaffMember.objects.filter(is_active=True, pk=staff_id).first()
    change = ShieldChange.objects.filter(pk=change_id).first()
    if reader is None or change is None:
        return letters.Skip("nobody reads it any more")
    context = {
        "at": moment_words(change.at),
        "by_itself": change.cause == Cause.PRESSURE,
        "shield_url": settings.SITE_URL + reverse("staff-shield"),
    }
    return letters.Draft(context, to=colleagues.recipient(reader))


def _change(letter: Letter) -> AddressChange | None:
    rows = AddressChange.objects.select_related("supporter")
    return rows.filter(pk=UUID(letter.key)).first()


def _recipient(who: Supporter, *, email: str, email_hash: str, name: str) -> letters.Recipient:
    wanted = who.language if who.language in dict(settings.LETTER_LANGUAGES) else "en"
    return letters.Recipient(
        email=email, email_hash=email_hash, name=name, language=wanted, discreet=who.discreet
    )
