"""The letters that members ask billing's outbox to send: the sign-in link."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing import letters
from billing.ids import read_id
from billing.models import Letter
from members import signin
from members.models import SignIn


@letters.composes("sign-in")
def sign_in(letter: Letter) -> letters.Outcome:
    """The link, made now and kept nowhere; nothing for an address from which nobody ever paid.

    Whoever types a stranger's address into the join form must not make us write to them.
    """
    asked_id = read_id(letter.key)
    links = SignIn.objects.select_related("supporter")
    asked = links.filter(pk=asked_id).first() if asked_id else None
    if asked is None or asked.supporter is None:
        return letters.Skip("nobody has this address")
    if not asked.supporter.has_given:
        return letters.Skip("nothing was ever paid under this address")
    if asked.used_at is not None or asked.expires_at <= timezone.now():
        return letters.Skip("the link is over")
    path = reverse("sign-in-link", args=[asked.id, signin.token_of(asked)])
    minutes = int(signin.LASTS.total_seconds() // 60)
    return letters.Draft({"link": f"{settings.SITE_URL}{path}", "minutes": minutes})
