"""Prove the identities of semantics rule 6 for every customer of a reseller, to the last digit."""

from invoicing.domain.ledger_check.check import check
from invoicing.domain.ledger_check.report import Difference, Report

__all__ = ["Difference", "Report", "check"]
