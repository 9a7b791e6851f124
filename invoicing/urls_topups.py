"""Pages of top-ups that are asked for."""

from django.urls import path

from invoicing.views import topups

urlpatterns = [
    path("requests/", topups.requests, name="requests"),
    path("requests/<uuid:topup>/", topups.topup_request, name="request"),
    path("customers/<str:account>/top-up/release/", topups.release, name="topup-release"),
    path("my/top-ups/", topups.my_topups, name="my-topups"),
]
