"""Lines of the log. The paths of links by mail are secrets: who reads one that still works has the account."""

import logging
import re

SECRET_PATHS = re.compile(r"/(password|email)/(?!forgotten/)[^/\s\"'<>]+")


class LineFormatter(logging.Formatter):
    """One line as it is written, with its traceback; of a link by mail only what kind it is (reliability 72)."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRET_PATHS.sub(r"/\1/[secret]", super().format(record))
