"""Whether a callback really comes from the provider that it names."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from twilio.request_validator import RequestValidator


def verify_twilio(
    *,
    auth_token: str,
    url: str,
    signature: str,
    params: Mapping[str, str | Sequence[str]] | None = None,
    body: bytes | None = None,
) -> bool:
    """Return whether Twilio signed this request.

    `url` is the public URL as Twilio called it, query included; behind a proxy that is not
    the one we see. A form gives `params`, each name with its values; anything else gives
    the raw `body`, whose hash the URL must then carry as `bodySHA256`.
    Source: twilio.com/docs/usage/webhooks/webhooks-security.
    """
    if not auth_token or not signature.isascii():
        return False
    if body is not None:
        claimed = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0].lower()
        actual = hashlib.sha256(body).hexdigest()
        if not hmac.compare_digest(claimed.encode(), actual.encode()):
            return False
    values = _Values(params or {})
    try:
        return bool(RequestValidator(auth_token).validate(url, values, signature))
    except ValueError:  # a URL with a port that is none
        return False


def verify_sendgrid(
    *,
    public_key: str,
    timestamp: str,
    signature: str,
    body: bytes,
    now: datetime,
    tolerance_s: float,
) -> bool:
    """Return whether SendGrid signed this batch no longer than `tolerance_s` seconds ago.

    `public_key` is the base64 text from SendGrid's settings. SendGrid defines no window of
    its own; without one a captured batch could be replayed for ever.

    :raises ValueError: if `public_key` is none, which is our mistake and not the caller's.
    Source: twilio.com/docs/sendgrid/for-developers/tracking-events.
    """
    key = load_sendgrid_key(public_key)
    # ASCII digits only: str.isdecimal takes other scripts' digits too, and so does int().
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > tolerance_s:
        return False
    try:
        key.verify(
            base64.b64decode(signature, validate=True),
            timestamp.encode() + body,
            ec.ECDSA(SHA256()),
        )
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


@lru_cache(maxsize=16)
def load_sendgrid_key(public_key: str) -> ec.EllipticCurvePublicKey:
    """Read the verification key from SendGrid's settings.

    :raises ValueError: if it is not the base64 text of an elliptic-curve public key.
    """
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        raise ValueError("the SendGrid webhook key is not a base64 public key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("the SendGrid webhook key is not an elliptic-curve key")
    return key


class _Values(dict[str, str | Sequence[str]]):
    """Parameters in the shape from which the SDK's validator reads repeated names."""

    def getall(self, name: str) -> list[str]:
        """Return all values of `name`."""
        value = self[name]
        return [value] if isinstance(value, str) else list(value)
