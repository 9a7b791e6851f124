"""Files of calls, as switches write them: each reader turns rows into records, one at a time, so that a file of any size fits in memory."""

from invoicing.domain.formats.reading import FORMATS, guess, read
from invoicing.domain.formats.rows import Read

__all__ = ["FORMATS", "Read", "guess", "read"]
