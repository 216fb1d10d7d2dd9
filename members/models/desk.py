"""The desk: what staff did for a supporter, what they searched by, and the index of names."""

from typing import Any, Final, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of, positive
from members.models.access import Purpose
from members.models.supporter import Supporter


class Act(models.TextChoices):
    """What staff may do for a supporter. The values stand in addresses."""

    RESEND = "resend", "Send a receipt again"
    REFUND = "refund", "Refund"
    CANCEL = "cancel", "End with the paid period"
    KEEP = "keep", "Take the ending back"
    END = "end", "End now"
    PAUSE = "pause", "Pause"
    RESUME = "resume", "End the pause"
    COMP = "comp", "Give a free membership"
    UNCOMP = "uncomp", "Take the free membership back"
    ADDRESS = "address", "Correct the e-mail address"
    SIGN_OUT = "sign-out", "Sign out everywhere"
    ERASE = "erase", "Erase"
    NOTE = "note", "Note"


class Reason(models.TextChoices):
    """Why. Of this list and nothing else: free text about a person would be one more secret."""

    WROTE = "wrote", "They wrote to us"
    CALLED = "called", "They called"
    OUR_MISTAKE = "mistake", "We made a mistake"
    PAYMENT = "payment", "A payment went wrong"
    COMPLAINT = "complaint", "They complained"
    SAFETY = "safety", "To keep them safe"
    LAW = "law", "The law asks for it"


class Phrase(models.TextChoices):
    """All that a note can say."""

    CALLED = "called", "They called, and were answered"
    WROTE = "wrote", "They wrote, and were answered"
    NO_ANSWER = "no-answer", "We tried to reach them, and could not"
    PROOF = "proof", "They showed that the payment is theirs"
    NO_PROOF = "no-proof", "They could not show that the record is theirs"
    CALL_BACK = "call-back", "They wait for an answer of ours"
    ANSWERED = "settled", "It is settled: nothing more to do"
    BANK = "bank", "They ask their bank"
    CARE = "care", "Take special care: write only to the address on record"


class ActIsFinal(TypeError):
    """A line says what was done: it is neither changed nor taken back."""


class StaffAct(models.Model):
    """One act of one member of staff for one supporter, with its reason; written before it is done.

    `subject` is the row it is about: a membership, a payment, a receipt, or the supporter. `press`
    is the press of the button, so that none counts twice, and names the wish that went to Stripe.
    The database refuses every change, and to delete a line within 24 months (migration 0009). As
    with a look, there is no constraint to the supporter's row. `role` is what they were then.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acts"
    )
    role = models.CharField(max_length=16)
    supporter = models.ForeignKey(
        Supporter, on_delete=models.DO_NOTHING, db_constraint=False, related_name="acts"
    )
    act = models.CharField(max_length=16, choices=Act)
    reason = models.CharField(max_length=16, choices=Reason)
    phrase = models.CharField(max_length=16, choices=Phrase, blank=True)
    subject = models.UUIDField()
    amount_cents = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    press = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            one_of("staffact", "act", Act),
            one_of("staffact", "reason", Reason),
            models.CheckConstraint(
                name="staffact_note_has_phrase",
                condition=models.Q(act=Act.NOTE, phrase__in=Phrase.values)
                | (~models.Q(act=Act.NOTE) & models.Q(phrase="")),
            ),
            positive("staffact", "amount_cents"),
        ]
        indexes = [
            models.Index(fields=["supporter", "-at"], name="act_for_supporter"),
            models.Index(fields=["staff", "-at"], name="act_by_staff"),
            models.Index(fields=["at"], name="act_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ActIsFinal(str(self.pk))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ActIsFinal(str(self.pk))


class Sought(models.TextChoices):
    """What a search was for, as the box recognised it."""

    EMAIL = "email", "E-mail address"
    NAME = "name", "Name"
    RECEIPT = "receipt", "Receipt"
    PAYMENT = "payment", "Payment by card, amount and day"
    STRIPE = "stripe", "Id of Stripe's"
    OURS = "ours", "Id of ours"
    NOTHING = "nothing", "Not recognised"


class Search(models.Model):
    """One search of one member of staff. What was typed is kept as a keyed hash alone.

    So that a search which found nobody leaves its trace too: guessing at names shows in the count.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="searches"
    )
    sought = models.CharField(max_length=16, choices=Sought)
    term_hash = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16, choices=Purpose)
    hits = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [one_of("search", "sought", Sought), one_of("search", "purpose", Purpose)]
        indexes = [
            models.Index(fields=["staff", "-at"], name="search_by_staff"),
            models.Index(fields=["term_hash"], name="search_by_term"),
            models.Index(fields=["at"], name="search_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.id)


MEMBERSHIP_ACTS: Final = frozenset({Act.CANCEL, Act.KEEP, Act.END, Act.PAUSE, Act.RESUME})
