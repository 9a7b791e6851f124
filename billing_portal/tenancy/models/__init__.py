from billing_portal.tenancy.models.exchange import ExchangeRate
from billing_portal.tenancy.models.names import CustomerName
from billing_portal.tenancy.models.records import MoneyField, Record, new_id
from billing_portal.tenancy.models.resellers import Domain, Reseller

__all__ = ["CustomerName", "Domain", "ExchangeRate", "MoneyField", "Record", "Reseller", "new_id"]
