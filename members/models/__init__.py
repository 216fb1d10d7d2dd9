from members.models.signin import SignIn
from members.models.staff import StaffMember
from members.models.supporter import Consent, Supporter

__all__ = ["Consent", "SignIn", "StaffMember", "Supporter"]
