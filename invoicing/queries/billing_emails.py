"""The billing email of today, of the customer whom a mail is about."""

from uuid import UUID

from customers.models import Customer
from invoicing.models import Document, TopUpRequest


def of_customer(customer_id: UUID) -> str:
    return Customer.objects.values_list("billing_email", flat=True).get(pk=customer_id)


def of_document(document_id: UUID) -> str:
    return Document.objects.values_list("customer__billing_email", flat=True).get(pk=document_id)


def of_request(request_id: UUID) -> str:
    return TopUpRequest.objects.values_list("customer__billing_email", flat=True).get(pk=request_id)
