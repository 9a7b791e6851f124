from customers.models.customers import AccountCode, BillingType, Customer, CustomerTax, PlanAssignment
from customers.models.ledger import Account, AccountKind, Kind, Transfer, UsedKey
from customers.models.locks import Lock
from customers.models.people import FormerLine, Line, Person
from customers.models.standing import Standing

__all__ = [
    "Account",
    "AccountCode",
    "AccountKind",
    "BillingType",
    "Customer",
    "CustomerTax",
    "FormerLine",
    "Kind",
    "Line",
    "Lock",
    "Person",
    "PlanAssignment",
    "Standing",
    "Transfer",
    "UsedKey",
]
