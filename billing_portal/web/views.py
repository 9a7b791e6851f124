"""Search over everything, help, the reseller's logo and the portal's icon."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from billing_portal.web import registry
from billing_portal.web.access import public, signed_in, while_locked
from billing_portal.web.forms import clean_line
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest

TERM_CAP = 100
HITS_SHOWN = 8
# what the first bytes of an image say; anything else is not shown to a browser
IMAGES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


@signed_in
@require_safe
def search(request: PortalRequest) -> HttpResponse:
    term = clean_line(request.GET.get("q", ""))[:TERM_CAP]
    return page(request, "web/search.html", term=term, found=find(request, term) if term else [])


def find(request: PortalRequest, term: str) -> list[tuple[registry.Text, list[registry.Hit]]]:
    """The first hits of each provider that has any."""
    found = [(label, list(provider(request.viewer, term))[:HITS_SHOWN]) for label, provider in registry.search.providers]
    return [(label, hits) for label, hits in found if hits]


@while_locked
@public
@require_safe
def help_page(request: PortalRequest) -> HttpResponse:
    return page(request, "web/help.html")


@while_locked
@public
@require_safe
def logo(request: PortalRequest) -> HttpResponse:
    content = bytes(request.tenant.logo or b"")
    kind = next((kind for first, kind in IMAGES if content.startswith(first)), None)
    if kind is None:
        raise Http404
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": "public, max-age=300"})


@while_locked
@public
@require_safe
def favicon(request: PortalRequest) -> HttpResponse:
    """The icon for browsers that ask for it by themselves, where what they show is no page of ours: a PDF, a file."""
    return HttpResponseRedirect(static("mark.svg"), headers={"Cache-Control": "public, max-age=86400"})
