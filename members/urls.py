"""What a supporter can open."""

from django.urls import path

from members.views import account, join, memberships, notes, receipts, signin, thanks

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
    path("account/memberships/<uuid:membership_id>/cancel/", memberships.cancel, name="cancel"),
    path("account/memberships/<uuid:membership_id>/keep/", memberships.keep, name="keep"),
    path("account/memberships/<uuid:membership_id>/card/", memberships.card, name="card"),
    path("privacy/", notes.privacy, name="privacy"),
    path("terms/", notes.terms, name="terms"),
]
