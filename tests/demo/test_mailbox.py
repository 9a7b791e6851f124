"""The demo's mailbox keeps every mail and shows it safely."""

import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from billing_portal.demo import mailbox
from billing_portal.local.redis import free_port


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The page's address, after one mail with text, HTML and a PDF has arrived."""
    smtp, http = free_port(), free_port()
    controller, server = mailbox.serve(tmp_path / "mails", smtp=smtp, http=http)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "billing@acme.localhost", "jane@example.com", "Invoice <1> für Jäne"
    mail.set_content("Pay here: http://acme.localhost:8000/pay?a=1&b=2.\nThank you & goodbye")
    mail.add_alternative('<html><head></head><body><script>alert(1)</script><a href="http://acme.localhost:8000/pay">Pay</a></body></html>', subtype="html")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="INV-1.pdf")
    mail.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", filename="evil.html")
    with smtplib.SMTP("127.0.0.1", smtp) as line:
        line.send_message(mail, to_addrs=["jane@example.com", "hidden@example.com"])
    yield f"http://127.0.0.1:{http}"
    controller.stop()
    server.shutdown()
    server.server_close()


def read(address: str) -> str:
    with urlopen(address) as answer:
        return str(answer.read().decode())


def test_the_list_names_recipients_and_subject(address: str) -> None:
    page = read(address)
    assert "Invoice &lt;1&gt; für Jäne" in page
    assert "jane@example.com, hidden@example.com" in page


def test_a_mail_shows_its_text_with_working_links_and_its_attachments(address: str) -> None:
    name = json.loads(read(f"{address}/mails.json"))[0]["name"]
    page = read(f"{address}/mail/{name}")
    assert '<a href="http://acme.localhost:8000/pay?a=1&amp;b=2" target="_blank" rel="noreferrer">' in page
    assert "Thank you &amp; goodbye" in page
    assert f'<a href="/mail/{name}/part/0">INV-1.pdf</a>' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page


def test_the_html_of_a_mail_runs_no_script(address: str) -> None:
    name = json.loads(read(f"{address}/mails.json"))[0]["name"]
    with urlopen(f"{address}/mail/{name}/html") as answer:
        assert "sandbox allow-popups" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert '<head><base target="_blank">' in answer.read().decode()


@pytest.mark.parametrize(("part", "way"), [(0, 'inline; filename="INV-1.pdf"'), (1, 'attachment; filename="evil.html"')])
def test_an_attachment_is_shown_only_when_it_is_harmless(address: str, part: int, way: str) -> None:
    name = json.loads(read(f"{address}/mails.json"))[0]["name"]
    with urlopen(f"{address}/mail/{name}/part/{part}") as answer:
        assert answer.headers["Content-Disposition"] == way


@pytest.mark.parametrize("path", ["mail/1", "mail/..%2f..%2fsecrets", "mail/x/html", "other"])
def test_what_is_not_there_is_not_found(address: str, path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{address}/{path}")
    caught.value.close()
    assert caught.value.code == 404
