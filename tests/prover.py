"""A client that proves its key (DPoP), with PyJWT: what it sends is made by none of our own code."""

import base64
import hashlib
import json
import secrets
import time
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from tests.browser import App, Page
from tests.clients.drivers import public_url


class Prover:
    """Holds one key and signs proofs with it."""

    def __init__(self, algorithm: str = "ES256", *, bits: int = 2048) -> None:
        self.algorithm = algorithm
        self.private: Any
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            jwk = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
            self.jwk = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
            jwk = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
            self.jwk = {name: jwk[name] for name in ("e", "kty", "n")}

    @property
    def thumbprint(self) -> str:
        """RFC 7638, by hand."""
        return hashed(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")))

    def proof(
        self,
        method: str,
        url: str,
        *,
        now: int | None = None,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A proof; `now` is epoch ms. None in `header` or `claims` leaves a member out."""
        issued = int(time.time()) if now is None else now // 1000
        content = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": issued}
        if token is not None:
            content["ath"] = hashed(token)
        content = {name: value for name, value in {**content, **claims}.items() if value is not None}
        headers: dict[str, Any] = {"typ": "dpop+jwt", "jwk": self.jwk, **(header or {})}
        kept = {name: value for name, value in headers.items() if value is not None}
        return pyjwt.encode(content, self.private, algorithm=self.algorithm, headers=kept)


def hashed(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


class Bound:
    """An app whose requests carry proofs, each with the newest nonce."""

    def __init__(self, app: App, prover: Prover | None = None) -> None:
        self.app = app
        self.prover = prover or Prover()
        self.nonce = ""

    def proof(self, path: str, method: str = "POST", **changes: Any) -> str:
        changes.setdefault("nonce", self.nonce or None)
        changes.setdefault("now", self.app.server.clock())
        return self.prover.proof(method, public_url(self.app.server) + path, **changes)

    def token(self, proof: str | None = None, /, **form: str | None) -> Page:
        """A token request with a proof: that one, or a good one, for which a nonce is fetched."""
        if proof is None:
            self.ask_nonce()
            proof = self.proof("/oauth2/token")
        plain: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "redirect_uri": "https://app.example.com/callback",
            "client_id": self.app.id,
            "client_secret": self.app.client.get("ClientSecret"),
        }
        sent = {name: value for name, value in {**plain, **form}.items() if value is not None}
        return self.heard(self.app.browser().post("/oauth2/token", sent, dpop=proof))

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        page = self.token(code=self.app.code(**changes))
        assert page.status == 200, page.text
        return dict(page.document)

    def info(self, token: str, proof: str | None = None, scheme: str = "DPoP") -> Page:
        """A request to userInfo with a proof."""
        if proof is None:
            self.ask_nonce()
            proof = self.proof("/oauth2/userInfo", "GET", token=token)
        browser = self.app.browser()
        return self.heard(browser.get("/oauth2/userInfo", authorization=f"{scheme} {token}", dpop=proof))

    def ask_nonce(self) -> None:
        """What a client does that has none yet: it asks, and is told one."""
        if not self.nonce:
            page = self.token(self.proof("/oauth2/token"), grant_type="refresh_token", refresh_token="none")
            assert page.document["error"] == "use_dpop_nonce", page.text

    def heard(self, page: Page) -> Page:
        self.nonce = page.headers.get("dpop-nonce", self.nonce)
        return page
