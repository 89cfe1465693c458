"""What SendGrid says of our key: may it send, and is the from-address one that it lets through?"""

from email.utils import parseaddr
from typing import Any

import requests

from notifier.domain.findings import Finding
from notifier.providers.connection import error_for_broken_request

_KEY, _FROM = "SendGrid key", "SendGrid sender"
_MAY_SEND = "mail.send"


def check_sendgrid(
    session: requests.Session,
    *,
    api_url: str,
    from_address: str,
    timeouts: tuple[float, float],
) -> list[Finding]:
    """Ask for the key's scopes and, where they allow it, for the verified senders."""

    def ask(path: str) -> tuple[int, Any]:
        answer = session.get(f"{api_url}{path}", timeout=timeouts, allow_redirects=False)
        return answer.status_code, answer.json() if answer.status_code == 200 else None

    try:
        status, said = ask("/v3/scopes")
        if status != 200:
            return [_refused(status)]
        if _MAY_SEND not in said["scopes"]:
            return [
                Finding.failing(
                    _KEY,
                    "The key may not send mail.",
                    "Make a key with the Mail Send permission and set SENDGRID_API_KEY to it.",
                )
            ]
        key = Finding.ok(_KEY, "SendGrid takes the key, and it may send.")
        domains, senders = ask("/v3/whitelabel/domains"), ask("/v3/verified_senders")
        return [key, _sender(domains, senders, from_address)]
    except requests.exceptions.JSONDecodeError:
        return [_unreachable("garbage_answer")]
    except requests.RequestException as broken:
        return [_unreachable(error_for_broken_request(broken).code)]
    except (KeyError, TypeError, AttributeError):
        return [_unreachable("garbage_answer")]


def _sender(domains: tuple[int, Any], senders: tuple[int, Any], from_address: str) -> Finding:
    address = parseaddr(from_address)[1].lower()
    domain = address.rpartition("@")[2]
    if any(item["domain"].lower() == domain and item["valid"] for item in domains[1] or []):
        return Finding.ok(_FROM, "The from-address belongs to an authenticated domain.")
    listed = (senders[1] or {}).get("results", [])
    if any(item["from_email"].lower() == address and item["verified"] for item in listed):
        return Finding.warning(
            _FROM,
            "The from-address is verified, its domain is not: mails may land in spam.",
            "Authenticate the domain in SendGrid's settings.",
        )
    if domains[0] == senders[0] == 200:
        return Finding.failing(
            _FROM,
            "Neither the from-address nor its domain is verified: SendGrid refuses its mails.",
            "Authenticate the domain of SENDGRID_FROM in SendGrid's settings.",
        )
    return Finding.ok(_FROM, "This key may not read whether the from-address is verified.")


def _refused(status: int) -> Finding:
    if status in (401, 403):
        return Finding.failing(
            _KEY, "SendGrid refuses the key.", "Make a new key and set SENDGRID_API_KEY to it."
        )
    return _unreachable(f"http_{status}")


def _unreachable(code: str) -> Finding:
    return Finding.failing(
        _KEY,
        f"SendGrid gave no usable answer ({code}).",
        "Check this machine's way out to api.sendgrid.com, then status.sendgrid.com.",
    )
