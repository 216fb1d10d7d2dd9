"""What was given, to read: rows as they are, nothing to add, change or delete.

Supporters stand here as ids. The site decides who may look (members/staff/admin_site.py).
"""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from billing import models

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin  # generic for the type checker alone


# As the site's own links ask; another (`__year=0`) may be a question that nothing answers.
_LOOKUPS: Final = frozenset({"", "exact", "in", "isnull", "gte", "lt"})


class ReadOnly(_ModelAdmin):
    """An admin without a single permission to write; `hidden` columns are not shown either."""

    # The site takes in nothing that does not carry this.
    only_reads: Final = True
    hidden: tuple[str, ...] = ()
    actions = None
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What is not shown is not filtered by: `?password__startswith=` would spell it out."""
        shown = {field.name for field in self.opts.concrete_fields} - set(self.hidden)
        name, _, how = lookup.partition("__")
        return (
            name in shown
            and how in _LOOKUPS
            and self.opts.get_field(name).get_internal_type() != "BinaryField"
            and super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
        )

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Every column but the sealed and the hidden; key columns are named by their id."""
        sealed = {"BinaryField"}
        return [
            field.name
            for field in self.opts.concrete_fields
            if field.name not in self.hidden and field.get_internal_type() not in sealed
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return self.get_fields(request, obj)


@admin.register(models.Campaign)
class CampaignAdmin(ReadOnly):
    list_display = ("slug", "name", "active")


@admin.register(models.Plan)
class PlanAdmin(ReadOnly):
    list_display = ["slug", "name", "interval", "least_cents", "suggested_cents", "active"]


@admin.register(models.Membership)
class MembershipAdmin(ReadOnly):
    list_display = [
        "id",
        "state",
        "amount_cents",
        "interval",
        "started_at",
        "period_end",
        "ended_at",
    ]
    list_filter = ["state", "interval"]
    search_fields = ["=id", "=stripe_subscription_id"]
    ordering = ["-created_at"]


@admin.register(models.MembershipEvent)
class MembershipEventAdmin(ReadOnly):
    list_display = ["recorded_at", "membership_id", "old_state", "new_state", "source", "reference"]
    search_fields = ["=membership__id"]
    ordering = ["-recorded_at"]


@admin.register(models.Payment)
class PaymentAdmin(ReadOnly):
    list_display = ["id", "state", "amount_cents", "fee_cents", "net_cents", "paid_at", "method"]
    list_filter = ["state"]
    search_fields = ["=id", "=stripe_payment_intent_id", "=stripe_invoice_id"]
    ordering = ["-created_at"]


@admin.register(models.Refund)
class RefundAdmin(ReadOnly):
    list_display = ["stripe_refund_id", "state", "amount_cents", "refunded_at", "payment_id"]
    list_filter = ["state"]
    ordering = ["-refunded_at"]


@admin.register(models.Dispute)
class DisputeAdmin(ReadOnly):
    list_display = ["stripe_dispute_id", "state", "reason", "amount_cents", "opened_at"]
    list_filter = ["state"]
    search_fields = ["=stripe_dispute_id"]
    ordering = ["-opened_at"]


@admin.register(models.CompMembership)
class CompMembershipAdmin(ReadOnly):
    list_display = ["id", "reason", "starts_on", "ends_on", "revoked_at"]
    list_filter = ["reason"]
    ordering = ["-granted_at"]


@admin.register(models.LedgerLine)
class LedgerLineAdmin(ReadOnly):
    list_display = ["id", "kind", "amount_cents", "fee_cents", "net_cents", "booked_at"]
    list_filter = ["kind"]
    search_fields = ["=id", "=source_id", "=payout_id"]
    ordering = ["-booked_at"]


@admin.register(models.Payout)
class PayoutAdmin(ReadOnly):
    list_display = ["id", "status", "amount_cents", "arrives_on"]
    list_filter = ["status"]
    search_fields = ["=id"]
    ordering = ["-created"]


@admin.register(models.Receipt)
class ReceiptAdmin(ReadOnly):
    list_display = ["label", "amount_cents", "issued_at", "payment_id"]
    list_filter = ["series", "year"]
    ordering = ["-issued_at"]


@admin.register(models.ReceiptSeries)
class ReceiptSeriesAdmin(ReadOnly):
    list_display = ["series", "year", "last_number"]


@admin.register(models.Counted)
class CountedAdmin(ReadOnly):
    list_display = ["supporter_id", "memberships"]
    ordering = ["supporter_id"]


@admin.register(models.Rollup)
class RollupAdmin(ReadOnly):
    list_display = ["figure", "month", "key", "count", "value"]
    list_filter = ["figure"]
    ordering = ["figure", "-month", "key"]


@admin.register(models.Letter)
class LetterAdmin(ReadOnly):
    list_display = ["kind", "state", "due_at", "attempts", "sent_at", "reason"]
    list_filter = ["state", "kind"]
    ordering = ["-created_at"]


@admin.register(models.LetterHold)
class LetterHoldAdmin(ReadOnly):
    list_display = ["letter_id", "reason", "held_by_id", "held_at", "released_by_id", "released_at"]
    list_filter = ["reason"]
    ordering = ["-held_at"]


@admin.register(models.Suppression)
class SuppressionAdmin(ReadOnly):
    hidden = ("address_hash",)
    list_display = ["id", "reason", "since", "lifted_at", "lifted_by_id"]
    list_filter = ["reason"]
    ordering = ["-since"]


@admin.register(models.StripeEvent)
class StripeEventAdmin(ReadOnly):
    list_display = ["id", "type", "state", "attempts", "received_at", "error"]
    list_filter = ["state", "type"]
    search_fields = ["=id", "=object_id"]
    ordering = ["-received_at"]


@admin.register(models.Intent)
class IntentAdmin(ReadOnly):
    # Frozen parameters may name an address that was typed on a form.
    hidden = ("params", "press")
    list_display = ["id", "kind", "state", "attempt", "created_at", "answered_at", "error"]
    list_filter = ["state", "kind"]
    ordering = ["-created_at"]


@admin.register(models.StripeCustomer)
class StripeCustomerAdmin(ReadOnly):
    list_display = ["stripe_customer_id", "supporter_id"]
    search_fields = ["=stripe_customer_id"]


@admin.register(models.Ticket)
class TicketAdmin(ReadOnly):
    list_display = ["pk", "__str__"]


@admin.register(models.Walk)
class WalkAdmin(ReadOnly):
    list_display = ["name", "started_at", "finished_at", "seen", "healed", "remaining"]


@admin.register(models.Tally)
class TallyAdmin(ReadOnly):
    list_display = ["name", "day", "count"]
    ordering = ["-day"]


@admin.register(models.Pulse)
class PulseAdmin(ReadOnly):
    list_display = ["name", "seen_at"]


@admin.register(models.Period)
class PeriodAdmin(ReadOnly):
    list_display = ["month", "closed_at", "closed_by", "opening_cents", "closing_cents"]


@admin.register(models.JobRun)
class JobRunAdmin(ReadOnly):
    list_display = ["job", "began_at", "ended_at", "result", "counts", "error"]
    list_filter = ["job", "result"]
    ordering = ["-ended_at"]


@admin.register(models.Alarm)
class AlarmAdmin(ReadOnly):
    list_display = ["what", "since", "told_at", "over_at", "acknowledged_at"]
    ordering = ["-since"]


@admin.register(models.YearLetGo)
class YearLetGoAdmin(ReadOnly):
    list_display = ["year", "at", "counts"]
    ordering = ["-year"]


@admin.register(models.Bygone)
class BygoneAdmin(ReadOnly):
    list_display = ["figure", "month", "key", "count", "value"]
    ordering = ["-month", "figure"]
