from members.models.address import AddressChange
from members.models.privacy import Erasure, Export
from members.models.signin import SignIn
from members.models.staff import StaffMember
from members.models.supporter import Consent, Supporter

__all__ = ["AddressChange", "Consent", "Erasure", "Export", "SignIn", "StaffMember", "Supporter"]
