"""Which of the vendor packages' files are collected."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class PortalStaticFilesConfig(StaticFilesConfig):
    """Of what Tabler brings only its one stylesheet is used; some of the rest names files that its package does not hold."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "libs", "img", "types", "flags", "tabler-*", "tabler*.js*", "tabler.css*", "*.rtl.*"]
