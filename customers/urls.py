"""Pages of this app: the staff's over a customer under its account number, the customer's own under /my/."""

from django.urls import path

from customers.views import customer_forms, customers, lines, locks, own_history, people, switching, tabs

app_name = "customers"
urlpatterns = [
    path("", customers.home, name="home"),
    path("customers/", customers.customer_list, name="list"),
    path("customers/new/", customer_forms.new, name="new"),
    path("customers/check-name/", customer_forms.check_name, name="check-name"),
    path("customers/switch/", switching.enter, name="switch"),
    path("customers/return/", switching.leave, name="return"),
    path("customers/<str:account>/", customers.customer, name="customer"),
    path("customers/<str:account>/edit/", customer_forms.edit, name="edit"),
    path("customers/<str:account>/lock/", locks.lock, name="lock"),
    path("customers/<str:account>/unlock/", locks.unlock, name="unlock"),
    path("customers/<str:account>/rate-plan/", tabs.rate_plan, name="rate-plan"),
    path("customers/<str:account>/history/", tabs.history, name="history"),
    path("customers/<str:account>/people/", people.people, name="people"),
    path("customers/<str:account>/people/new/", people.new, name="person-new"),
    path("customers/<str:account>/people/<uuid:person>/", people.edit, name="person-edit"),
    path("customers/<str:account>/people/<uuid:person>/resend/", people.resend, name="person-resend"),
    path("customers/<str:account>/people/<uuid:person>/link/", people.link, name="person-link"),
    path("customers/<str:account>/people/<uuid:person>/deactivate/", people.deactivate, name="person-deactivate"),
    path("customers/<str:account>/people/<uuid:person>/activate/", people.activate, name="person-activate"),
    path("customers/<str:account>/people/<uuid:person>/second-factor/reset/", people.reset, name="person-reset"),
    path("customers/<str:account>/people/<uuid:person>/sessions/end/", people.end_sessions, name="person-end"),
    path("customers/<str:account>/lines/", lines.lines, name="lines"),
    path("customers/<str:account>/lines/new/", lines.new, name="line-new"),
    path("customers/<str:account>/lines/<uuid:line>/", lines.edit, name="line-edit"),
    path("customers/<str:account>/lines/<uuid:line>/remove/", lines.remove, name="line-remove"),
    path("my/people/", people.my_people, name="my-people"),
    path("my/people/new/", people.my_new, name="my-person-new"),
    path("my/people/<uuid:person>/", people.my_edit, name="my-person-edit"),
    path("my/people/<uuid:person>/resend/", people.my_resend, name="my-person-resend"),
    path("my/people/<uuid:person>/link/", people.my_link, name="my-person-link"),
    path("my/people/<uuid:person>/deactivate/", people.my_deactivate, name="my-person-deactivate"),
    path("my/people/<uuid:person>/activate/", people.my_activate, name="my-person-activate"),
    path("my/people/<uuid:person>/second-factor/reset/", people.my_reset, name="my-person-reset"),
    path("my/people/<uuid:person>/sessions/end/", people.my_end_sessions, name="my-person-end"),
    path("my/lines/", lines.my_lines, name="my-lines"),
    path("my/lines/new/", lines.my_new, name="my-line-new"),
    path("my/lines/<uuid:line>/", lines.my_edit, name="my-line-edit"),
    path("my/lines/<uuid:line>/remove/", lines.my_remove, name="my-line-remove"),
    path("my/history/", own_history.my_history, name="my-history"),
]
