"""The people, to read: ids and dates. Who they are stays sealed, here as in the database."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from billing.admin import ReadOnly
from members import models
from members.roles import May, may


class OfTheStaff(ReadOnly):
    """Rows about members of staff: for those who look after them."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request.user, May.TEAM)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, May.TEAM)


@admin.register(models.Supporter)
class SupporterAdmin(ReadOnly):
    hidden = ("email_hash",)
    list_display = ["id", "identity", "language", "created_at"]
    search_fields = ["=id"]
    ordering = ["-created_at"]

    @admin.display(description="E-mail and name")
    def identity(self, _supporter: models.Supporter) -> str:
        return "sealed"


@admin.register(models.Consent)
class ConsentAdmin(ReadOnly):
    list_display = ["text_version", "locale", "given_at", "supporter_id"]
    ordering = ["-given_at"]


@admin.register(models.SignIn)
class SignInAdmin(ReadOnly):
    hidden = ("nonce",)
    list_display = ["id", "asked_at", "expires_at", "used_at"]
    ordering = ["-asked_at"]


@admin.register(models.StaffMember)
class StaffMemberAdmin(OfTheStaff):
    hidden = ("password",)
    list_display = ["email", "role", "is_active", "last_login"]
    ordering = ["email"]


@admin.register(models.AddressChange)
class AddressChangeAdmin(ReadOnly):
    hidden = ("new_hash", "old_hash")
    list_display = ["id", "asked_at", "expires_at", "confirmed_at"]
    ordering = ["-asked_at"]


@admin.register(models.Export)
class ExportAdmin(ReadOnly):
    hidden = ("press",)
    list_display = ["id", "asked_at", "expires_at"]
    ordering = ["-asked_at"]


@admin.register(models.Erasure)
class ErasureAdmin(ReadOnly):
    list_display = ["id", "cause", "state", "asked_at", "done_at"]
    ordering = ["-asked_at"]


@admin.register(models.Withdrawal)
class WithdrawalAdmin(ReadOnly):
    hidden = ("email_hash", "press")
    list_display = ["id", "received_at", "outcome", "settled_at", "supporter_id"]
    list_filter = ["outcome"]
    ordering = ["-received_at"]


@admin.register(models.ChargeReport)
class ChargeReportAdmin(ReadOnly):
    hidden = ("press",)
    list_display = ["received_at", "finding", "day", "amount_cents", "payment_id", "settled_at"]
    list_filter = ["finding"]
    ordering = ["-received_at"]


@admin.register(models.JoinLink)
class JoinLinkAdmin(ReadOnly):
    hidden = ("email_hash", "press")
    list_display = ["id", "asked_at", "expires_at"]
    ordering = ["-asked_at"]


@admin.register(models.ShieldChange)
class ShieldChangeAdmin(ReadOnly):
    list_display = ["at", "level", "cause", "because", "reason", "until"]
    list_filter = ["level", "cause"]
    ordering = ["-at"]


@admin.register(models.Browser)
class BrowserAdmin(ReadOnly):
    list_display = ["id", "began_at", "last_seen_on"]
    ordering = ["-began_at"]


@admin.register(models.AccessLog)
class AccessLogAdmin(OfTheStaff):
    list_display = ["at", "staff_id", "role", "action", "purpose", "supporter_id"]
    list_filter = ["action", "purpose"]
    ordering = ["-at"]


@admin.register(models.StaffAct)
class StaffActAdmin(ReadOnly):
    hidden = ("press",)
    list_display = ["at", "staff_id", "role", "act", "reason", "supporter_id"]
    list_filter = ["act", "reason"]
    ordering = ["-at"]


@admin.register(models.Search)
class SearchAdmin(ReadOnly):
    hidden = ("term_hash",)
    list_display = ["at", "staff_id", "sought", "purpose", "hits"]
    list_filter = ["sought", "purpose"]
    ordering = ["-at"]


@admin.register(models.NameToken)
class NameTokenAdmin(ReadOnly):
    hidden = ("token_hash", "supporter")
    list_display = ["id"]
    ordering = ["id"]


@admin.register(models.Farewell)
class FarewellAdmin(ReadOnly):
    hidden = ("press",)
    list_display = ["reason", "said_at"]
    list_filter = ["reason"]
    ordering = ["-said_at"]


@admin.register(models.Badge)
class BadgeAdmin(ReadOnly):
    list_display = ["made_at"]
    ordering = ["-made_at"]


@admin.register(models.TeamAct)
class TeamActAdmin(OfTheStaff):
    list_display = ["at", "deed", "actor_id", "subject_id", "role"]
    list_filter = ["deed"]


@admin.register(models.StaffList)
class StaffListAdmin(OfTheStaff):
    hidden = ("press", "claim")
    list_display = ["asked_at", "subject", "names", "purpose", "state", "rows_done", "by_id"]
    list_filter = ["state", "subject", "names"]


@admin.register(models.ListPart)
class ListPartAdmin(OfTheStaff):
    list_display = ["of_id", "number", "lines"]
