from invoicing.models.calls import Call, CallBatch, CallKey, PriceChange, WaitingCall
from invoicing.models.documents import Document, DocumentFile, DocumentLine, DocumentTax, LineTax, Match, Series, Taken
from invoicing.models.payments import GiveBack, Payment
from invoicing.models.runs import InvoiceRun, InvoiceRunItem
from invoicing.models.topups import LowBalanceEpisode, TopUpRequest

__all__ = [
    "Call",
    "CallBatch",
    "CallKey",
    "Document",
    "DocumentFile",
    "DocumentLine",
    "DocumentTax",
    "GiveBack",
    "InvoiceRun",
    "InvoiceRunItem",
    "LineTax",
    "LowBalanceEpisode",
    "Match",
    "Payment",
    "PriceChange",
    "Series",
    "Taken",
    "TopUpRequest",
    "WaitingCall",
]
