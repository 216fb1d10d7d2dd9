"""Whom a letter to the staff goes to."""

from billing import letters
from members import vault
from members.models import StaffMember


def recipient(member: StaffMember) -> letters.Recipient:
    """The address that they sign in with; a refusal of it counts as a supporter's would."""
    address = vault.lookup_hash(member.email)
    return letters.Recipient(email=member.email, email_hash=address, name=member.name)
