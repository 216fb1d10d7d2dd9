"""What a supporter can open."""

from django.urls import path

from members.views import (
    account,
    badge,
    changes,
    charge,
    data,
    embed,
    join,
    letter_links,
    letter_wishes,
    mail_events,
    memberships,
    notes,
    receipts,
    signin,
    thanks,
    withdraw,
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
    path("account/letters/", letter_wishes.wishes, name="account-letters"),
    path("account/address/", letter_wishes.address, name="account-address"),
    path("account/data/", data.overview, name="account-data"),
    path("account/data/copy/", data.ask_for_copy, name="account-copy"),
    path("account/data/<uuid:export_id>/", data.download, name="account-export"),
    path("account/badge/", badge.wish, name="account-badge"),
    path("account/erase/", data.erase, name="account-erase"),
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
    path("withdraw/", withdraw.state, name="withdraw-here"),
    path("withdraw/confirm/", withdraw.confirm, name="withdraw-confirm"),
    path("charge/", charge.report, name="charge"),
    path("mail/events/<slug:service>/", mail_events.mail_events, name="mail-events"),
    path("letters/back/", letter_links.back, name="letter-back"),
    # Before the others: the one that mail programs press by themselves.
    path("letters/stop/<uuid:subject>/<str:token>/", letter_links.stop, name="letter-stop"),
    path(
        "letters/<str:purpose>/<uuid:subject>/<str:token>/", letter_links.opened, name="letter-link"
    ),
    path("embed/button.svg", embed.button, name="embed-button"),
    path("embed/meter.svg", embed.meter_picture, name="embed-meter"),
    path("embed/meter.json", embed.meter_figures, name="embed-meter-figures"),
    path("badge/", badge.check, name="badge"),
    path("s/<slug:slug>/", embed.stall, name="stall"),
    path("privacy/", notes.privacy, name="privacy"),
    path("terms/", notes.terms, name="terms"),
    path("accessibility/", notes.accessibility, name="accessibility"),
]
