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
def sign_in(letter: Letter) -> letters.Draft | letters.Skip:
    """The link, made now and kept nowhere; nothing for an address that nobody here has."""
    asked_id = read_id(letter.key)
    asked = SignIn.objects.filter(pk=asked_id).first() if asked_id else None
    if asked is None or asked.supporter_id is None:
        return letters.Skip("nobody has this address")
    if not asked.supporter.has_given:
        return letters.Skip("nothing was ever paid under this address")
    if asked.used_at is not None or asked.expires_at <= timezone.now():
        return letters.Skip("the link is over")
    path = reverse("sign-in-link", args=[asked.id, signin.token_of(asked)])
    minutes = int(signin.LASTS.total_seconds() // 60)
    return letters.Draft({"link": f"{settings.SITE_URL}{path}", "minutes": minutes})
