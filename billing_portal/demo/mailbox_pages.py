"""What the mailbox shows: plain pages without a framework, so that they stand while the portal is down."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html import escape
from typing import Any

PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; img-src 'self'"
# A mail runs no script and reads nothing of this page; its links open beside it.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: http: https:; sandbox allow-popups allow-popups-to-escape-sandbox"
ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; }
h1 { font-size: 1.4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8885; padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; }
td.when { white-space: nowrap; }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content 1fr; }
dt { color: #777; }
dd { margin: 0; }
iframe { background: #fff; border: 1px solid #8885; border-radius: 6px; height: 40rem; width: 100%; }
pre { border: 1px solid #8885; border-radius: 6px; overflow-x: auto; padding: 1rem; white-space: pre-wrap; }
"""


def parts(mail: EmailMessage) -> list[EmailMessage]:
    """The attachments and the pictures inside the HTML, in order."""
    bodies = {id(body) for body in (mail.get_body(("plain",)), mail.get_body(("html",))) if body is not None}
    return [part for part in mail.walk() if not part.is_multipart() and id(part) not in bodies]


def file_name(part: EmailMessage) -> str:
    return re.sub(r"[^\w .()-]", "_", part.get_filename() or "part", flags=re.ASCII)


def summary(name: str, mail: EmailMessage) -> dict[str, Any]:
    """One mail for a program: who, what, the texts, the names of its attachments."""
    return {
        "name": name,
        "from": str(mail["From"] or ""),
        "to": str(mail["To"] or ""),
        "envelope_to": str(mail["X-Envelope-To"] or ""),
        "subject": str(mail["Subject"] or ""),
        "text": _text_of(mail, "plain"),
        "html": _text_of(mail, "html"),
        "attachments": [file_name(part) for part in parts(mail)],
    }


def listing(mails: Iterator[tuple[str, EmailMessage]]) -> str:
    rows = "".join(
        f'<tr><td class="when">{escape(_when(mail))}</td><td>{escape(str(mail["X-Envelope-To"] or ""))}</td>'
        f'<td><a href="/mail/{name}">{escape(str(mail["Subject"] or "(no subject)"))}</a></td><td>{len(parts(mail)) or ""}</td></tr>'
        for name, mail in mails
    )
    table = f"<table><thead><tr><th>Sent</th><th>To</th><th>Subject</th><th>Attachments</th></tr></thead><tbody>{rows}</tbody></table>"
    body = table if rows else "<p>No mail yet. Every mail that the portal sends arrives here; reload the page to see it.</p>"
    return _page("Mailbox", f"<h1>Mailbox</h1>{body}", refresh=True)


def one(name: str, mail: EmailMessage) -> str:
    subject = str(mail["Subject"] or "(no subject)")
    facts = [("From", mail["From"]), ("To", mail["To"]), ("Delivered to", mail["X-Envelope-To"]), ("Sent", _when(mail))]
    head = "".join(f"<dt>{label}</dt><dd>{escape(str(value or ''))}</dd>" for label, value in facts)
    files = "".join(
        f'<dt>Attachment</dt><dd><a href="/mail/{name}/part/{number}">{escape(file_name(part))}</a></dd>' for number, part in enumerate(parts(mail))
    )
    frame = (
        f'<h2>HTML</h2><iframe title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/mail/{name}/html"></iframe>'
        if mail.get_body(("html",)) is not None
        else ""
    )
    text = _text_of(mail, "plain")
    plain = f"<h2>Text</h2><pre>{_with_links(text)}</pre>" if text else ""
    return _page(subject, f'<p><a href="/">Mailbox</a></p><h1>{escape(subject)}</h1><dl>{head}{files}</dl>{frame}{plain}')


def html_of(name: str, mail: EmailMessage) -> str:
    """The mail's HTML, its links opening in a page of their own, its inner pictures taken from the mail."""
    text = _text_of(mail, "html")
    for number, part in enumerate(parts(mail)):
        if part["Content-ID"]:
            text = text.replace(f"cid:{str(part['Content-ID']).strip('<>')}", f"/mail/{name}/part/{number}")
    base = '<base target="_blank">'
    return re.sub(r"(<head[^>]*>)", rf"\1{base}", text, count=1) if "<head" in text else base + text


def _text_of(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    return str(body.get_content()) if body is not None else ""


def _when(mail: EmailMessage) -> str:
    try:
        return f"{parsedate_to_datetime(str(mail['Date'])):%d %b %Y %H:%M:%S %Z}"
    except ValueError:
        return ""


def _with_links(text: str) -> str:
    pieces, begin = [], 0
    for found in ADDRESS.finditer(text):
        link = escape(found.group())
        pieces += [escape(text[begin : found.start()]), f'<a href="{link}" target="_blank" rel="noreferrer">{link}</a>']
        begin = found.end()
    return "".join([*pieces, escape(text[begin:])])


def _page(title: str, body: str, *, refresh: bool = False) -> str:
    again = '<meta http-equiv="refresh" content="5">' if refresh else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{again}<title>{escape(title)}</title><link rel="stylesheet" href="/mailbox.css"></head><body>{body}</body></html>'
    )
