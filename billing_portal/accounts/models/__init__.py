from billing_portal.accounts.models.audit import AuditEntry
from billing_portal.accounts.models.links import LoginLink
from billing_portal.accounts.models.sign_ins import OpenSession, SignInTry
from billing_portal.accounts.models.switches import ApiKey, Switch
from billing_portal.accounts.models.tickets import ParentSession, SwitchTicket
from billing_portal.accounts.models.users import Role, SignInName, User

__all__ = ["ApiKey", "AuditEntry", "LoginLink", "OpenSession", "ParentSession", "Role", "SignInName", "SignInTry", "Switch", "SwitchTicket", "User"]
