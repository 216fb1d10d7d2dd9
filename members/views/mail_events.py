"""Where a mail service tells us of letters that came back: /mail/events/<service>/."""

from typing import Final

from anymail import urls as anymail_urls
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from members.bounces import SERVICES

_ENDING: Final = "_tracking_webhook"
_VIEWS: Final = {
    pattern.name.removesuffix(_ENDING): pattern.callback
    for pattern in anymail_urls.urlpatterns
    if pattern.name.endswith(_ENDING)
}


@csrf_exempt
def mail_events(request: HttpRequest, service: str) -> HttpResponseBase:
    """Hand a service's events to anymail, which checks the secret and tells `members.bounces`.

    Only the services in MAIL_EVENTS_FROM have a door here, and without a secret none has.
    """
    guarded = bool(settings.ANYMAIL.get("WEBHOOK_SECRET"))
    if service not in SERVICES or service not in settings.MAIL_EVENTS_FROM or not guarded:
        raise Http404
    answer: HttpResponseBase = _VIEWS[service](request)
    return answer
