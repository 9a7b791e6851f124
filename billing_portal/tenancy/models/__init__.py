from billing_portal.tenancy.models.exchange import ExchangeRate
from billing_portal.tenancy.models.folded import FoldedField
from billing_portal.tenancy.models.names import CustomerName
from billing_portal.tenancy.models.records import MoneyField, Record, new_id
from billing_portal.tenancy.models.resellers import Domain, Reseller
from billing_portal.tenancy.models.templates import SchemaTemplate

__all__ = ["CustomerName", "Domain", "ExchangeRate", "FoldedField", "MoneyField", "Record", "Reseller", "SchemaTemplate", "new_id"]
