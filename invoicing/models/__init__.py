from invoicing.models.calls import Call, CallBatch, CallKey, WaitingCall
from invoicing.models.documents import Document, DocumentFile, DocumentLine, DocumentTax, Match, Series, Taken
from invoicing.models.payments import Payment
from invoicing.models.runs import InvoiceRun, InvoiceRunItem

__all__ = [
    "Call",
    "CallBatch",
    "CallKey",
    "Document",
    "DocumentFile",
    "DocumentLine",
    "DocumentTax",
    "InvoiceRun",
    "InvoiceRunItem",
    "Match",
    "Payment",
    "Series",
    "Taken",
    "WaitingCall",
]
