"""Platform » Resellers, and the ways in and out across hosts."""

from django.urls import path

from customers.views import resellers, switching

app_name = "resellers"
urlpatterns = [
    path("platform/resellers/", resellers.overview, name="list"),
    path("platform/resellers/new/", resellers.new, name="new"),
    path("platform/resellers/orders/<uuid:order>/", resellers.order, name="order"),
    path("platform/resellers/orders/<uuid:order>/progress/", resellers.progress, name="progress"),
    path("platform/resellers/orders/<uuid:order>/again/", resellers.again, name="again"),
    path("platform/switched/", resellers.switched, name="switched"),
    path("platform/switched/<uuid:session>/end/", resellers.end, name="end"),
    path("switch/arrive/", switching.arrive, name="arrive"),
]
