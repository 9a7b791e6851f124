"""Passkeys: each accepted at its own host, from its own origin, once for each asking, for its own holder."""

import json
from datetime import datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import passkeys, second_factors
from billing_portal.accounts.domain.passkeys import Site
from billing_portal.accounts.models import AuditEntry, User
from billing_portal.kernel.errors import DomainError
from tests import sizes
from tests.support.people import mails, user
from tests.support.soft_passkey import SoftPasskey

ACME = Site("acme.localhost", "http://acme.localhost", "Acme")
GLOBEX = Site("globex.localhost", "http://globex.localhost", "Globex")


def add(person: User, noon: datetime, *, key: SoftPasskey | None = None, name: str = "Laptop") -> SoftPasskey:
    made = key or SoftPasskey()
    options, state = passkeys.ask_to_add(person, site=ACME)
    passkeys.add(person, name, made.make(options), site=ACME, state=state, actor=Actor.of(person), at=noon)
    return made


def test_a_passkey_is_added_told_and_written_down_and_brings_recovery_codes(acme: Any, noon: datetime) -> None:
    jane, key = user("jane"), SoftPasskey()
    options, state = passkeys.ask_to_add(jane, site=ACME)
    codes = passkeys.add(jane, " Laptop ", key.make(options), site=ACME, state=state, actor=Actor.of(jane), at=noon)

    assert json.loads(json.dumps(options))["publicKey"]["rp"] == {"id": "acme.localhost", "name": "Acme"}
    assert len(codes) == 10
    assert queries.has_second_factor(jane)
    assert [mail.subject for mail in mails("sign_in_changed")] == ["A passkey was added: Acme"]
    assert AuditEntry.objects.get(action="user.passkey_added").changes == {"passkey": ["", "Laptop"]}


def test_it_proves_who_has_it_and_says_when_it_was_used(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    key = add(jane, noon)
    options, state = passkeys.ask_to_prove(jane, site=ACME)
    used = passkeys.prove(jane, key.sign(options), site=ACME, state=state, at=noon)
    used.refresh_from_db()

    assert used.last_used_at == noon


def test_names_are_given_where_none_is_and_can_be_changed(acme: Any, noon: datetime) -> None:
    jane, ann = user("jane"), user("ann")
    add(jane, noon, name="")
    add(jane, noon, name="   ")
    [first, second] = passkeys.of(jane)
    passkeys.rename(jane, first.pk, "Key on the ring")
    passkeys.rename(ann, second.pk, "Mine")

    assert [row.wrap().name for row in passkeys.of(jane)] == ["Key on the ring", "Passkey 2"]
    with pytest.raises(DomainError, match="Write a name"):
        passkeys.rename(jane, first.pk, " ")


def refused_to_add(person: User, answer: Any, state: Any, noon: datetime, site: Site = ACME) -> bool:
    try:
        passkeys.add(person, "", answer, site=site, state=state, actor=Actor.of(person), at=noon)
    except DomainError as refusal:
        return refusal.code == "passkey_refused" and not passkeys.of(person)
    return False


@pytest.mark.rel(46)
@pytest.mark.parametrize("origin", ["http://globex.localhost", "http://evil.acme.localhost", "https://acme.localhost", "http://acme.localhost:81", "null", ""])
def test_a_page_of_another_origin_adds_none_and_proves_nothing(acme: Any, noon: datetime, origin: str) -> None:
    """Also one on a host below: that is another reseller's."""
    jane = user("jane")
    options, state = passkeys.ask_to_add(jane, site=ACME)
    assert refused_to_add(jane, SoftPasskey().make(options, origin=origin), state, noon)

    key = add(jane, noon)
    options, state = passkeys.ask_to_prove(jane, site=ACME)
    assert refuses(jane, key.sign(options, origin=origin), state, noon)


def test_a_passkey_of_another_host_or_another_asking_is_not_added(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    options, state = passkeys.ask_to_add(jane, site=ACME)
    other, _state = passkeys.ask_to_add(jane, site=ACME)

    assert refused_to_add(jane, SoftPasskey(host="globex.localhost").make(options), state, noon)
    assert refused_to_add(jane, SoftPasskey().make(other), state, noon)
    assert refused_to_add(jane, SoftPasskey().make(options), None, noon)
    assert refused_to_add(jane, SoftPasskey().make(options), state, noon, site=GLOBEX)
    assert not refused_to_add(jane, SoftPasskey().make(options), state, noon)


def refuses(person: User, answer: Any, state: Any, noon: datetime, site: Site = ACME) -> bool:
    try:
        passkeys.prove(person, answer, site=site, state=state, at=noon)
    except DomainError as refusal:
        return refusal.code == "passkey_refused"
    return False


def test_an_answer_fits_its_asking_its_host_and_its_holder(acme: Any, noon: datetime) -> None:
    jane, ann = user("jane"), user("ann")
    key, anns = add(jane, noon), add(ann, noon)
    options, state = passkeys.ask_to_prove(jane, site=ACME)
    other, _state = passkeys.ask_to_prove(jane, site=ACME)
    forged = SoftPasskey(name=key.name, holder=key.holder)

    assert refuses(jane, key.sign(other), state, noon), "of another asking"
    assert refuses(jane, key.sign(options), None, noon), "asked for by nobody"
    assert refuses(jane, anns.sign(options), state, noon), "of somebody else"
    assert refuses(jane, forged.sign(options), state, noon), "signed by another key under the same name"
    assert refuses(jane, key.sign(options), state, noon, site=GLOBEX), "shown to another reseller"
    assert not refuses(jane, key.sign(options), state, noon)


def is_taken(person: User, key: SoftPasskey, counter: int, noon: datetime) -> bool:
    """Whether the passkey is taken when it says this of how often it was used."""
    key.counter = counter
    options, state = passkeys.ask_to_prove(person, site=ACME)
    return not refuses(person, key.sign(options), state, noon)


@pytest.mark.parametrize(
    ("first", "then", "taken"),
    [
        (0, [0, 0, 0], [True, True, True]),
        (0, [1, 2, 7], [True, True, True]),
        (4, [4], [False]),
        (4, [5, 5, 4, 0, 6], [True, False, False, False, True]),
        (0, [3, 0], [True, False]),
    ],
)
def test_a_passkey_whose_counter_does_not_go_on_may_be_a_copy_and_proves_nothing(
    acme: Any, noon: datetime, first: int, then: list[int], taken: list[bool]
) -> None:
    """Its holder is told by one mail an hour. Passkeys that never count say 0 for ever, and are taken."""
    jane = user("jane")
    key = add(jane, noon, key=SoftPasskey(counter=first))

    assert [is_taken(jane, key, counter, noon) for counter in then] == taken
    told = [mail for mail in mails("sign_in_changed") if mail.subject == "A passkey was refused: Acme"]
    assert len(told) == (1 if False in taken else 0)
    assert all("“Laptop” said that it was used less often than before, as a copy of it would." in mail.text for mail in told)


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
def test_an_answer_with_a_flipped_bit_proves_nothing(acme: Any, noon: datetime, part: str) -> None:
    jane = user("jane")
    key = add(jane, noon)
    options, state = passkeys.ask_to_prove(jane, site=ACME)
    honest = key.sign(options)
    raw = bytearray(websafe_decode(honest["response"][part]))
    for at in range(0, len(raw), 7):
        flipped = bytearray(raw)
        flipped[at] ^= 1
        answer = {**honest, "response": {**honest["response"], part: websafe_encode(bytes(flipped))}}
        assert refuses(jane, answer, state, noon), (part, at)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@settings(max_examples=sizes.size(15, 2_000))
@given(st.dictionaries(st.sampled_from(["id", "rawId", "type", "response", "clientExtensionResults", "x"]), ANYTHING))
def test_whatever_a_browser_sends_is_refused_in_words(answer: dict[str, Any]) -> None:
    """Rubbish is an answer like any other: refused, never an error of ours. Needs no row, so no database."""
    _options, state = passkeys.ask_to_prove(None, site=ACME)
    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.check(answer, [], site=ACME, state=state)
    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.made(answer, site=ACME, state=state)


@pytest.mark.parametrize("part", ["rawId", *passkeys.BYTES])
def test_a_number_in_place_of_bytes_takes_no_memory(part: str) -> None:
    answer: dict[str, Any] = {"id": 10**11, "rawId": 10**11, "response": {}} if part == "rawId" else {"rawId": "AA", "response": {part: 10**11}}
    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.made(answer, site=ACME, state=Fresh.asked()[1])
    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.check(answer, [], site=ACME, state=passkeys.ask_to_prove(None, site=ACME)[1])


@pytest.mark.parametrize("packed", [10**11, 2**63, [0] * 40, "text", None])
def test_a_number_packed_into_a_new_key_takes_no_memory(packed: Any) -> None:
    """The library makes as many bytes of it as it says before anything else is looked at."""
    options, state = Fresh.asked()
    honest = SoftPasskey().make(options)
    attested = cbor.encode({"fmt": "none", "attStmt": {}, **({} if packed is None else {"authData": packed})})
    answer = {**honest, "response": {**honest["response"], "attestationObject": websafe_encode(attested)}}

    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.made(answer, site=ACME, state=state)


def test_nothing_is_stored_of_an_answer_but_what_signatures_are_checked_by(acme: Any, noon: datetime) -> None:
    jane, key = user("jane"), SoftPasskey()
    options, state = passkeys.ask_to_add(jane, site=ACME)
    honest = key.make(options)
    odd = {"clientExtensionResults": {"\0": float("nan")}, "x": "\ud800" * 10_000, "response": {**honest["response"], "x": "\0"}}
    passkeys.add(jane, "", {**honest, **odd}, site=ACME, state=state, actor=Actor.of(jane), at=noon)
    [row] = passkeys.of(jane)
    options, state = passkeys.ask_to_prove(jane, site=ACME)

    response = {name: honest["response"][name] for name in ("clientDataJSON", "attestationObject")}
    assert row.data["credential"] == {"type": "public-key", "id": honest["rawId"], "rawId": honest["rawId"], "response": response}
    assert passkeys.prove(jane, key.sign(options), site=ACME, state=state, at=noon) == row


@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
def test_a_cut_off_answer_is_refused_in_words(part: str) -> None:
    options, state = Fresh.asked()
    honest = SoftPasskey().make(options)
    raw = websafe_decode(honest["response"][part])
    for length in range(0, len(raw), 3):
        answer = {**honest, "response": {**honest["response"], part: websafe_encode(raw[:length])}}
        with pytest.raises(DomainError, match="This passkey was not accepted"):
            passkeys.made(answer, site=ACME, state=state)


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_an_answer_nested_without_end_is_refused_in_words(depth: int) -> None:
    options, state = Fresh.asked()
    honest = SoftPasskey().make(options)
    answer = {**honest, "response": {**honest["response"], "attestationObject": websafe_encode(b"\x81" * depth + b"\x00")}}

    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.made(answer, site=ACME, state=state)


@pytest.mark.parametrize("key", [{1: 2, 3: "ES256"}, {1: 2, 3: -7}, {1: 2, 3: 99}, {1: 2, 3: b"x"}])
def test_a_key_by_which_no_signature_can_be_checked_is_refused_in_words(key: dict[int, Any]) -> None:
    options, state = Fresh.asked()
    answer = SoftPasskey(key=CoseKey(key)).make(options)

    with pytest.raises(DomainError, match="This passkey was not accepted"):
        passkeys.made(answer, site=ACME, state=state)


class Fresh:
    """Asking without a database."""

    @staticmethod
    def asked() -> tuple[dict[str, Any], dict[str, Any]]:
        from fido2.webauthn import PublicKeyCredentialUserEntity

        options, state = ACME.server().register_begin(PublicKeyCredentialUserEntity(id=b"1" * 16, name="jane", display_name="Jane"))
        return dict(options), dict(state)


# --- signing in with a passkey alone -------------------------------------------------------------------------------------


def signs_in(answer: Any, state: Any, noon: datetime, site: Site = ACME) -> User | None:
    try:
        return passkeys.sign_in(answer, site=site, state=state, at=noon)
    except DomainError as refusal:
        if refusal.code != "passkey_refused":
            raise
        return None


def test_a_passkey_that_asked_its_holder_signs_in_alone_and_another_does_not(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    key, careless = add(jane, noon), add(jane, noon, key=SoftPasskey(verified=False))
    options, state = passkeys.ask_to_prove(None, site=ACME)

    assert signs_in(key.sign(options), state, noon) == jane
    assert signs_in(careless.sign(options), state, noon) is None


def test_an_asking_for_the_second_step_does_not_serve_for_the_first(acme: Any, noon: datetime) -> None:
    """There the holder need not be asked; that is not enough to sign in alone."""
    jane = user("jane")
    key = add(jane, noon, key=SoftPasskey(verified=False))
    options, state = passkeys.ask_to_prove(jane, site=ACME)

    assert signs_in(key.sign(options), state, noon) is None


def test_nobody_signs_in_as_somebody_else_or_deactivated(acme: Any, noon: datetime) -> None:
    jane, ann = user("jane"), user("ann")
    key = add(jane, noon)
    options, state = passkeys.ask_to_prove(None, site=ACME)

    assert signs_in(key.sign(options, holder=websafe_encode(ann.pk.bytes)), state, noon) is None
    assert [signs_in(key.sign(options, holder=holder), state, noon) for holder in ("", "x", websafe_encode(b"1" * 16))] == [None] * 3
    User.objects.filter(pk=jane.pk).update(is_active=False)
    assert signs_in(key.sign(options), state, noon) is None


def test_removing_one_of_two_keeps_the_other_and_the_codes(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    key, _lost = add(jane, noon), add(jane, noon, name="Lost phone")
    lost = passkeys.of(jane)[1]
    second_factors.remove(jane, lost.pk, actor=Actor.of(jane), at=noon)
    options, state = passkeys.ask_to_prove(jane, site=ACME)

    assert not refuses(jane, key.sign(options), state, noon)
    assert Authenticator.objects.filter(user=jane, type="recovery_codes").exists()
    assert mails("sign_in_changed")[-1].subject == "A passkey was removed: Acme"
