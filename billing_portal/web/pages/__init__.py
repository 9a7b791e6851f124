"""Pages over the platform itself, each in its module; `page` is how every view answers."""

from billing_portal.web.page import page

__all__ = ["page"]
