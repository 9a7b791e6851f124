"""`render_invoice --reseller R NUMBER --format pdf|html -o FILE` (contracts.md, Commands)."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller
from invoicing.domain import rendering
from invoicing.models import Document

FORMATS = ("pdf", "html")


class Command(ResellerCommand):
    help = "Write an issued document to a file: its stored PDF, or the same as an HTML page that stands alone."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMBER", help="the document's number, such as ACM-2026-0001")
        parser.add_argument("--format", choices=FORMATS, default="pdf")
        parser.add_argument("-o", "--output", required=True, metavar="FILE", help="where to write it; - is the standard output")

    def run(self, reseller: Reseller, **options: Any) -> None:
        document = Document.objects.filter(number=options["number"]).first()
        if document is None:
            raise CommandError(f"There is no document “{options['number']}”.")
        content = rendering.pdf_content(document) if options["format"] == "pdf" else rendering.standalone(document).encode()
        if options["output"] == "-":
            sys.stdout.buffer.write(content)
        else:
            write(Path(options["output"]), content)


def write(target: Path, content: bytes) -> None:
    """Write the file whole or not at all. Raises CommandError with the reason."""
    partial = target.with_name(f".{target.name}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, target)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise CommandError(f"{target} cannot be written: {problem.strerror}") from problem
