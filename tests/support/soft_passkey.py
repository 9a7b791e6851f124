"""A passkey in software, and what a browser would answer with it: also answers that no honest browser gives."""

import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG
ORIGIN = "http://acme.localhost"


@dataclass
class SoftPasskey:
    """A key pair for one host; `verified` says whether it asked its holder for a finger or a PIN. `key`: another public one is shown.

    `counter` is what it says about how often it was used: many say 0 for ever, as this one does unless somebody counts it on.
    """

    host: str = "acme.localhost"
    verified: bool = True
    name: bytes = field(default_factory=lambda: os.urandom(16))
    pair: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    holder: str = ""
    key: Any = None
    counter: int = 0

    def make(self, options: dict[str, Any], *, origin: str = ORIGIN) -> dict[str, Any]:
        """The answer to being asked for a new passkey."""
        asked = options["publicKey"]
        self.holder = asked["user"]["id"]
        said = CollectedClientData.create(CollectedClientData.TYPE.CREATE, websafe_decode(asked["challenge"]), origin)
        public = self.key or ES256.from_cryptography_key(self.pair.public_key())  # type: ignore[no-untyped-call]
        key = AttestedCredentialData.create(b"\0" * 16, self.name, public)
        data = AuthenticatorData.create(sha256(self.host.encode()), self._flags() | FLAG.AT, self.counter, key)
        answer = {"clientDataJSON": said.b64, "attestationObject": websafe_encode(AttestationObject.create("none", data, {})), "transports": ["internal"]}
        return self._credential(answer)

    def sign(self, options: dict[str, Any], *, origin: str = ORIGIN, holder: str | None = None) -> dict[str, Any]:
        """The answer to being asked for a proof."""
        asked = options["publicKey"]
        said = CollectedClientData.create(CollectedClientData.TYPE.GET, websafe_decode(asked["challenge"]), origin)
        data = AuthenticatorData.create(sha256(self.host.encode()), self._flags(), self.counter)
        signature = self.pair.sign(bytes(data) + said.hash, ec.ECDSA(hashes.SHA256()))
        shown = self.holder if holder is None else holder
        answer = {"clientDataJSON": said.b64, "authenticatorData": websafe_encode(data), "signature": websafe_encode(signature), "userHandle": shown}
        return self._credential(answer)

    def _flags(self) -> Any:
        return FLAG.UP | FLAG.UV if self.verified else FLAG.UP

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        id_ = websafe_encode(self.name)
        return {"type": "public-key", "id": id_, "rawId": id_, "response": response, "clientExtensionResults": {}}
