"""What the desk says of each act."""

from typing import Final

from members.models.desk import Act

TITLES: Final[dict[Act, str]] = {
    Act.RESEND: "Send a receipt again",
    Act.REFUND: "Give money back",
    Act.CANCEL: "End it with the paid period",
    Act.KEEP: "Take the ending back",
    Act.END: "End it now",
    Act.PAUSE: "Pause it",
    Act.RESUME: "End the pause",
    Act.COMP: "Give a free membership",
    Act.UNCOMP: "Take the free membership back",
    Act.ADDRESS: "Correct the e-mail address",
    Act.SIGN_OUT: "Sign them out everywhere",
    Act.ERASE: "Erase this supporter",
    Act.NOTE: "Add a note",
}
BUTTONS: Final[dict[Act, str]] = {
    Act.RESEND: "Send it again",
    Act.REFUND: "Give it back",
    Act.CANCEL: "End it then",
    Act.KEEP: "Let it go on",
    Act.END: "End it now",
    Act.PAUSE: "Pause it",
    Act.RESUME: "End the pause",
    Act.COMP: "Give it",
    Act.UNCOMP: "Take it back",
    Act.ADDRESS: "Send the link",
    Act.SIGN_OUT: "Sign them out",
    Act.ERASE: "Erase for good",
    Act.NOTE: "Note it",
}
INTRO: Final[dict[Act, str]] = {
    Act.RESEND: "The same document, once more, to the address on record.",
    Act.REFUND: "Money goes back the way it came. A credit note follows by letter.",
    Act.CANCEL: "It runs to the end of what is paid, and nothing more is taken.",
    Act.KEEP: "It goes on as if it had never been cancelled.",
    Act.END: "It ends at once, and what is paid for is cut short. Usually the other way is kinder.",
    Act.PAUSE: "Payments are left out, and never owed.",
    Act.RESUME: "It goes on from now.",
    Act.COMP: "A membership that nobody pays. No report counts it as money.",
    Act.UNCOMP: "What they pay themselves is not touched.",
    Act.ADDRESS: "You cannot make an address theirs; only they can, from the new mailbox.",
    Act.SIGN_OUT: "For a lost phone or a shared computer.",
    Act.ERASE: "Only when they ask, from the address on record. Their account can do it, too.",
    Act.NOTE: "One phrase of a short list. Nothing is ever written about a person.",
}
DONE: Final[dict[Act, str]] = {
    Act.RESEND: "The letter is in the outbox, and leaves within a minute.",
    Act.REFUND: "The refund is on its way to Stripe. The credit note follows by itself.",
    Act.CANCEL: "It ends with the paid period.",
    Act.KEEP: "It goes on.",
    Act.END: "It has ended.",
    Act.PAUSE: "It is paused.",
    Act.RESUME: "The pause is over.",
    Act.COMP: "The free membership has begun.",
    Act.UNCOMP: "The free membership has ended.",
    Act.ADDRESS: "The link is on its way to the new address. Nothing changes until it is pressed.",
    Act.SIGN_OUT: "They are signed out everywhere.",
    Act.ERASE: "It has begun, and goes on by itself to the end.",
    Act.NOTE: "It is noted.",
}
LATER: Final = "Stripe does not answer just now. It is noted, and done as soon as it does."
