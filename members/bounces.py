"""What mail services tell of letters that came back: turned at once into billing's own words.

anymail reads each service's events into one shape and sends them as a signal; this is all that we
hear of it. An address is hashed here, where the key is, and goes no further.
"""

from typing import Any, Final

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver

from billing import tallies
from billing.letters import suppression
from billing.models.letter import SuppressionReason
from members import vault

# The services whose soft bounces we know from hard ones (`_soft`).
SERVICES: Final = ("brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "postmark")
_GONE: Final = (RejectReason.BOUNCED, RejectReason.INVALID)
_UNDELIVERED: Final = (EventType.BOUNCED, EventType.REJECTED, EventType.DEFERRED, EventType.FAILED)


@receiver(tracking, dispatch_uid="members.bounces")
def hear(event: AnymailTrackingEvent, **_kwargs: Any) -> None:
    """Suppress an address that does not exist, or whose owner complained; count the rest."""
    reason = _reason(event)
    if reason is None:
        if event.event_type in _UNDELIVERED:
            tallies.count("mail came back for now")
        return
    tallies.count(f"mail {reason}")
    for spelling in _spellings(event.recipient or ""):
        suppression.suppress(vault.lookup_hash(spelling), reason=reason, at=event.timestamp)


def _reason(event: AnymailTrackingEvent) -> SuppressionReason | None:
    if event.event_type == EventType.COMPLAINED or event.reject_reason == RejectReason.SPAM:
        return SuppressionReason.COMPLAINED
    back = event.event_type in {EventType.BOUNCED, EventType.REJECTED}
    # A service may reject what has bounced before: then too the address is at fault.
    if back and event.reject_reason in _GONE and not _soft(event):
        return SuppressionReason.BOUNCED
    return None


def _soft(event: AnymailTrackingEvent) -> bool:
    """Whether it was a full mailbox, or the like: anymail calls that a bounce with some services.

    Brevo says it in `event`, MailerSend in `type`, Postmark in `Type`.
    """
    raw = event.esp_event if isinstance(event.esp_event, dict) else {}
    words = [str(raw.get(field, "")) for field in ("event", "type", "Type", "SuppressionReason")]
    return any("soft" in word.lower() for word in words)


def _spellings(address: str) -> list[str]:
    """An address as it was typed: services name the domain as it is on the wire (RFC 5890)."""
    user, at, domain = address.rpartition("@")
    if not at:
        return []
    try:
        typed = domain.encode().decode("idna")
    except UnicodeError:
        typed = domain
    return sorted({address, f"{user}@{typed}"})
