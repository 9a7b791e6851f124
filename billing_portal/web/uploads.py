"""How much is read of a form, and of whom: files from who may open a page that takes one, and at the door no more than its forms hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler, SkipFile
from django.http import Http404, HttpRequest, HttpResponseBase

from billing_portal.web import access
from billing_portal.web.viewer import viewer_of

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
AT_THE_DOOR = 100_000


class DoorMiddleware:
    """Reads of who is not signed in no form larger than those at the door: taken apart, one can hold two hundred times its length for a moment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.content_type in FORMS and not viewer_of(request).signed_in and (not length.isdigit() or int(length) > AT_THE_DOOR):
            raise RequestDataTooBig("more than a form at the door holds")
        return self.get_response(request)


class FileHandler(MemoryFileUploadHandler):
    """Asked before anything of a form with files is read. Without the right to send one it holds no more than any other form, and its files are skipped."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, boundary: str, encoding: str | None = None) -> None:  # noqa: N803 - Django's
        assert self.request is not None
        self.is_welcome = may_send_files(self.request)
        if content_length > (settings.FILE_UPLOAD_MAX_MEMORY_SIZE if self.is_welcome else settings.DATA_UPLOAD_MAX_MEMORY_SIZE):
            raise RequestDataTooBig("more than is read here")
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if not self.is_welcome:
            raise SkipFile
        super().new_file(*args, **kwargs)


def may_send_files(request: HttpRequest) -> bool:
    """Whether this request goes to a page that takes files and that its viewer may open."""
    view: Any = request.resolver_match.func if request.resolver_match else None
    viewer = viewer_of(request)
    if not (viewer.signed_in and hasattr(view, "takes_files")):
        return False
    if access.must_add_second_factor(request, viewer) or access.is_shut_while_switched(view, viewer):
        return False
    try:
        view.access.check(viewer)
    except (Http404, PermissionDenied, access.ActingError):
        return False
    return True
