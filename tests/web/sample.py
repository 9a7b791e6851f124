"""A small site to try the frame of the pages on: one view of each kind."""

from django import forms
from django.http import HttpResponse
from django.urls import include, path

from billing_portal.accounts.models import Role
from billing_portal.kernel.errors import DomainError
from billing_portal.web.access import any_frame, own_account, people, public, roles, signed_in, staff
from billing_portal.web.forms import MoneyField, PortalForm
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest


class SampleForm(PortalForm):
    name = forms.CharField(label="Customer name")
    limit = MoneyField(label="Credit limit", currency="GBP", help_text="Calls stop when this much is owed.")


def answer(request: PortalRequest, **named: str) -> HttpResponse:
    return HttpResponse("opened")


def refuse(request: PortalRequest) -> HttpResponse:
    raise DomainError("not_theirs", "That invoice belongs to another customer.")


def form_page(request: PortalRequest) -> HttpResponse:
    return page(request, "web/help.html", form=SampleForm(request.POST or None))


unmarked = answer
for_anybody = public(answer)
for_signed_in = signed_in(answer)
for_staff = staff(answer)
for_commerce = roles(Role.ADMINISTRATOR, Role.COMMERCE)(answer)
for_people = people(answer)
for_account_admins = people(Role.ACCOUNT_ADMIN)(answer)
about_oneself = own_account(answer)
leaving = any_frame(people(answer))
refusing = staff(refuse)
with_form = staff(form_page)

urlpatterns = [
    path("", include("billing_portal.web.urls")),
    path("customers/", for_staff, name="customers"),
    path("customers/<account>/calls/", for_staff, name="customer-calls"),
    path("own/", for_people, name="own"),
    path("sign-in/", for_anybody, name="account_login"),
    path("sign-out/", for_anybody, name="account_logout"),
    path("account/", about_oneself, name="own_account"),
    path("password/", about_oneself, name="account_change_password"),
]
