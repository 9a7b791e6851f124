from rateplans.models.exchange import OwnExchangeRate
from rateplans.models.imports import RateImport
from rateplans.models.plans import PlanVersion, RatePlan, StoredRate
from rateplans.models.taxes import Tax
from rateplans.models.terms import BillingTerms

__all__ = ["BillingTerms", "OwnExchangeRate", "PlanVersion", "RateImport", "RatePlan", "StoredRate", "Tax"]
