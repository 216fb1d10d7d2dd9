from members.models.access import AccessLog
from members.models.address import AddressChange
from members.models.badge import Badge
from members.models.charge import ChargeReport
from members.models.desk import Search, StaffAct
from members.models.farewell import Farewell
from members.models.listing import ListPart, StaffList
from members.models.name import NameToken
from members.models.privacy import Erasure, Export
from members.models.session import Browser
from members.models.shield import JoinLink, ShieldChange
from members.models.signin import SignIn
from members.models.staff import StaffMember
from members.models.supporter import Consent, Supporter
from members.models.team import TeamAct
from members.models.withdrawal import Withdrawal

__all__ = [
    "AccessLog",
    "AddressChange",
    "Badge",
    "Browser",
    "ChargeReport",
    "Consent",
    "Erasure",
    "Export",
    "Farewell",
    "JoinLink",
    "ListPart",
    "NameToken",
    "Search",
    "ShieldChange",
    "SignIn",
    "StaffAct",
    "StaffList",
    "StaffMember",
    "Supporter",
    "TeamAct",
    "Withdrawal",
]
