"""Plain words for staff: what a kind of letter is, why one is due, what stopped one."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from billing.models.letter import LetterState

TONES: Final[dict[str, str]] = {
    LetterState.SENT: "good",
    LetterState.QUEUED: "",
    LetterState.SENDING: "warn",
    LetterState.HELD: "warn",
    LetterState.FAILED: "bad",
}
# In the order of a membership's life.
MATTERS: Final = (
    "Beginning",
    "Documents",
    "Before money is taken",
    "When a payment fails",
    "Changes",
    "The end",
    "Address and data",
    "Staff",
)


@dataclass(frozen=True, slots=True)
class About:
    """A kind of letter: its name, the rule by which it is due, and what speaks against a hold."""

    name: str
    why: str
    matter: str = "Other"
    binding: str = ""


ABOUT: Final[dict[str, About]] = {
    "welcome": About(
        "Welcome and contract",
        "A membership began.",
        "Beginning",
        "It is the confirmation of the contract that consumer law and the card schemes want, "
        "within two working days. The fourteen days in which its supporter may withdraw run "
        "whether it is sent or not.",
    ),
    "duplicate": About(
        "Second membership",
        "A second membership began under an address that has one already.",
        "Beginning",
    ),
    "sign-in": About(
        "Sign-in link",
        "Somebody asked for a link to sign in with this address.",
        "Beginning",
    ),
    "join-link": About(
        "Link to the payment page",
        "Somebody chose to give while the payment page was under attack: it opens for who has the "
        "mailbox.",
        "Beginning",
    ),
    "receipt": About(
        "Receipt",
        "A payment arrived, and its receipt has been issued.",
        "Documents",
        "It is a document of account, and tells how to end a membership, which the card schemes "
        "want with each payment. Its number is given, held or not.",
    ),
    "receipts": About(
        "Collected receipts",
        "Three months are over, and this supporter wants their receipts together.",
        "Documents",
        "These are documents of account. Their numbers are given, held or not.",
    ),
    "statement": About(
        "Yearly statement",
        "A year is over, and this supporter wants one statement of what they gave in it.",
        "Documents",
    ),
    "credit-note": About(
        "Credit note",
        "Money went back to its payer, or was taken back by a bank without a dispute, and the "
        "credit note has been issued.",
        "Documents",
        "It is a document of account. Its number is given, held or not.",
    ),
    "debit-note": About(
        "Debit note",
        "A refund came back to us, or a returned debit was paid after all, and the debit note has "
        "been issued.",
        "Documents",
        "It is a document of account. Where a refund came back it asks its payer how it can reach "
        "them.",
    ),
    "refund": About(
        "Refund on its way",
        "A refund was begun, and takes some days.",
        "Documents",
    ),
    "reminder": About(
        "Renewal reminder",
        f"A yearly membership renews in {settings.REMINDER_DAYS} days.",
        "Before money is taken",
        "The card schemes want it at least seven working days before the renewal. Later than that "
        "it is not sent any more, and the renewal should not be charged.",
    ),
    "sepa-notice": About(
        "Direct debit ahead",
        "A direct debit will be taken within the next days.",
        "Before money is taken",
        "The rules of direct debit want each one announced before it is taken.",
    ),
    "card-expiring": About(
        "Card runs out",
        "The card of a membership runs out before its next payment.",
        "Before money is taken",
    ),
    "resumes-soon": About(
        "Pause ends soon",
        "A paused membership goes on, and is charged, within the next days.",
        "Before money is taken",
        "Money is taken again after a pause: its supporter has to hear of it before.",
    ),
    "payment-failed": About(
        "Payment failed",
        "A payment of a membership did not go through.",
        "When a payment fails",
    ),
    "authenticate": About(
        "Bank asks to confirm",
        "A bank wants its customer to confirm a payment.",
        "When a payment fails",
    ),
    "recovered": About(
        "Payment recovered",
        "A payment that had failed went through after all.",
        "When a payment fails",
    ),
    "changed": About(
        "Amount or rhythm changed",
        "The amount or the rhythm of a membership was changed.",
        "Changes",
        "The card schemes want a change of amount or date told at least seven working days before "
        "the payment.",
    ),
    "paused": About("Paused", "A membership was paused.", "Changes"),
    "cancelled": About(
        "Cancelled",
        "A membership was cancelled, and ends with the period that is paid.",
        "The end",
        "Who cancels has a right to hear at once that it worked.",
    ),
    "ended": About(
        "Ended",
        "A membership ended.",
        "The end",
    ),
    "withdrawal": About(
        "Withdrawal acknowledged",
        "A supporter withdrew from the contract.",
        "The end",
        "The law wants a withdrawal acknowledged without delay, with its day and hour.",
    ),
    "address-confirm": About(
        "Confirm a new address",
        "Somebody asked for letters to go to this new address.",
        "Address and data",
        "Its link works for one day from the moment it is sent.",
    ),
    "address-told": About(
        "Address changed",
        "Letters are to go to another address from now on.",
        "Address and data",
        "It warns whoever did not ask for the change.",
    ),
    "export-ready": About(
        "Data export ready",
        "A supporter asked for a copy of what we know of them, and it is ready.",
        "Address and data",
        "The law gives us one month from the request.",
    ),
    "erased": About(
        "Data erased",
        "A supporter asked to be forgotten, and it is done.",
        "Address and data",
        "It confirms what the law gives a right to, and its address is kept only until it is sent.",
    ),
    "shield-alert": About(
        "The shield is up",
        "The public forms are attacked, or a colleague said so.",
        "Staff",
    ),
    "staff-digest": About(
        "Weekly numbers",
        "A week is over, and this colleague wants its numbers.",
        "Staff",
    ),
    "alarm": About(
        "Alarm",
        f"Something on the board has been red for {settings.ALARM_MINUTES} minutes, or is well "
        "again.",
        "Staff",
    ),
    "staff-list": About(
        "A colleague's list",
        "A list waits for a second person, or the asker is to hear what became of it.",
        "Staff",
    ),
}

_TROUBLES: Final[dict[str, str]] = {
    "SMTPRecipientsRefused": "The mail server refused the address.",
    "SMTPSenderRefused": "The mail server refused us as sender.",
    "SMTPDataError": "The mail server refused the letter.",
    "SMTPAuthenticationError": "The mail server did not accept our password.",
    "SMTPServerDisconnected": "The mail server hung up.",
    "SMTPResponseException": "The mail server refused it.",
    "ConnectionRefusedError": "The mail server could not be reached.",
    "ConnectionResetError": "The mail server hung up.",
    "TimeoutError": "The mail server did not answer in time.",
    "gaierror": "The mail server could not be found.",
    "SenderDied": "Each worker that took it up ended before it was done.",
    "Indiscreet": "Its subject, its first line or a file name holds a word that others must not "
    "see (INDISCREET_WORDS).",
    "DoesNotExist": "What it is about is not in the database any more.",
    "Unavailable": "Stripe did not answer.",
    "VaultError": "The address could not be opened: a vault key is missing.",
    "_Writes": "It wants to write something while it is composed. Send its id to those who look "
    "after the service.",
    "KeyError": "This version of the service does not know letters of this kind, or one of its "
    "words.",
    "NoReverseMatch": "A page that it leads to does not exist.",
    "TemplateDoesNotExist": "Its words are missing.",
    "TypstError": "Its document could not be drawn.",
    "imported": "It is about something from before this service, so it was never to be sent.",
}


def about(kind: str) -> About:
    """The words for a kind; for one without words, its own name."""
    return ABOUT.get(kind) or About(kind.replace("-", " ").capitalize(), "")


def trouble(reason: str) -> str:
    """A letter's reason as a sentence: the class of an error, or what its composer said."""
    if not reason:
        return ""
    if reason in _TROUBLES:
        return _TROUBLES[reason]
    if " " not in reason and reason[0].isupper():
        return f"The service met an error of its own ({reason})."
    return f"{reason[0].upper()}{reason[1:]}."
