"""Whether the public address leads here: customers' links and providers' callbacks need it."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

import requests

from notifier.domain.findings import Finding
from notifier.store.vault import Vault

_SUBJECT = "public address"
_TIMEOUT = 5.0  # seconds
_MARK_CHARS = 16
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def installation_mark(vault: Vault) -> str:
    """Return what `/healthz` says of itself: the same wherever SECRET_KEY is, and no secret."""
    return vault.token("installation", "healthz").hex()[:_MARK_CHARS]


def judge_address(public_url: str, *, customers_see_it: bool) -> Finding:
    """Look at the address itself.

    `customers_see_it`: a provider is configured, so links in messages and callbacks use it.
    """
    parts = urlsplit(public_url)
    if parts.hostname in _LOCAL:
        if not customers_see_it:
            return Finding.ok(_SUBJECT, "It is this machine's own; enough to try things out.")
        return Finding.failing(
            _SUBJECT,
            "It is this machine's own: customers can't open links, providers can't report back.",
            "Set PUBLIC_URL to the https address under which the world reaches this product.",
        )
    if parts.scheme != "https":
        return Finding.warning(
            _SUBJECT,
            "It is not https: whoever listens on the way can read customers' links.",
            "Put a proxy with a certificate in front, and set PUBLIC_URL to its https address.",
        )
    return Finding.ok(_SUBJECT, "It is public and https.")


def ask_address(public_url: str, vault: Vault, *, customers_see_it: bool) -> Finding:
    """Ask the address who it is; `customers_see_it` as for `judge_address`."""
    subject = f"{_SUBJECT}, asked"
    wrong = Finding.failing if customers_see_it else Finding.warning
    try:
        answer = requests.get(f"{public_url}/healthz", timeout=_TIMEOUT, allow_redirects=False)
    except requests.exceptions.SSLError:
        return wrong(subject, "Its certificate is not trusted.", "Mend the proxy's certificate.")
    except requests.RequestException:
        return wrong(
            subject,
            "Nothing answers there, seen from this machine.",
            "Start the server; then check PUBLIC_URL, its DNS name, the proxy and the firewall.",
        )
    if answer.is_redirect:
        return wrong(
            subject,
            "It sends callers elsewhere, and providers' callbacks don't follow.",
            "Set PUBLIC_URL to the address that it redirects to.",
        )
    if not hmac.compare_digest(_mark_in(answer), installation_mark(vault)):
        return wrong(
            subject,
            "Something else answers there, or this product with another SECRET_KEY.",
            "Check where the proxy sends /healthz, and that all processes share one SECRET_KEY.",
        )
    return Finding.ok(subject, "This installation answers there.")


def _mark_in(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    mark = said.get("installation") if isinstance(said, dict) else None
    return mark if isinstance(mark, str) and mark.isascii() else ""
