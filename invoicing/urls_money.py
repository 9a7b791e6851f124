"""Pages of a customer's payments, charges and credits."""

from django.urls import path

from invoicing.views import money, payments

urlpatterns = [
    path("customers/<str:account>/payment/", payments.record, name="record-payment"),
    path("customers/<str:account>/payments/", money.payments, name="payments"),
    path("customers/<str:account>/payments/new-entry/", money.entry, name="new-entry"),
    path("customers/<str:account>/payments/settle/", money.settle, name="settle"),
    path("customers/<str:account>/payments/wallet-debt/", money.bill_debt, name="wallet-debt"),
    path("customers/<str:account>/payments/<uuid:movement>/refund/", money.refund, name="refund"),
    path("customers/<str:account>/payments/<uuid:movement>/chargeback/", money.charge_back, name="charge-back"),
    path("customers/<str:account>/payments/<uuid:movement>/take-back/", money.take_back, name="take-back"),
]
