"""What a supporter can open."""

from django.urls import path

from members.views import (
    account,
    changes,
    join,
    mail_events,
    memberships,
    notes,
    receipts,
    signin,
    thanks,
)

_MEMBERSHIP = "account/memberships/<uuid:membership_id>"

urlpatterns = [
    path("", join.choose, name="join"),
    path("join/pay", join.pay, name="pay"),
    path("thanks/<uuid:subject>/", thanks.thanks, name="thanks"),
    path("sign-in/", signin.ask, name="sign-in"),
    path("sign-in/<uuid:signin_id>/<str:token>/", signin.confirm, name="sign-in-link"),
    path("sign-out/", signin.leave, name="sign-out"),
    path("account/", account.overview, name="account"),
    path("account/name/", account.rename, name="account-name"),
    path("account/receipts/<uuid:receipt_id>/", receipts.download, name="account-receipt"),
    path(f"{_MEMBERSHIP}/cancel/", memberships.cancel, name="cancel"),
    path(f"{_MEMBERSHIP}/keep/", memberships.keep, name="keep"),
    path(f"{_MEMBERSHIP}/withdraw/", memberships.withdraw, name="withdraw"),
    path(f"{_MEMBERSHIP}/undo/", memberships.undo, name="undo"),
    path(f"{_MEMBERSHIP}/pay/", memberships.pay, name="pay-now"),
    path(f"{_MEMBERSHIP}/card/", memberships.card, name="card"),
    path(f"{_MEMBERSHIP}/amount/", changes.amount, name="amount"),
    path(f"{_MEMBERSHIP}/rhythm/", changes.rhythm, name="rhythm"),
    path(f"{_MEMBERSHIP}/drop/", changes.drop, name="drop"),
    path(f"{_MEMBERSHIP}/pause/", changes.pause, name="pause"),
    path(f"{_MEMBERSHIP}/skip/", changes.skip, name="skip"),
    path(f"{_MEMBERSHIP}/resume/", changes.resume, name="resume"),
    path("mail/events/<slug:service>/", mail_events.mail_events, name="mail-events"),
    path("privacy/", notes.privacy, name="privacy"),
    path("terms/", notes.terms, name="terms"),
]
