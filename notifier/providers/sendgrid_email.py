"""Email through SendGrid: its SDK builds the mail, a kept connection carries it.

The SDK's own client opens a connection for each mail, which costs four times as much.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from sendgrid.helpers.mail import (
    ClickTracking,
    CustomArg,
    From,
    Header,
    Mail,
    OpenTracking,
    SubscriptionTracking,
    To,
    TrackingSettings,
)

from notifier.domain.findings import Finding
from notifier.providers.codes import send_reaction
from notifier.providers.connection import (
    TIMEOUTS,
    error_for_answer,
    error_for_broken_request,
    kept_session,
    retry_after_seconds,
)
from notifier.providers.errors import SendError, SendOutcomeUnknown, SendRejected
from notifier.providers.protocols import Accepted, LookUp, LookUpImpossible, OutgoingEmail
from notifier.providers.sendgrid_check import check_sendgrid

DEFAULT_API_URL = "https://api.sendgrid.com"


class SendGridEmail:
    """Sends email from one address. Receipts come by the event webhook, with our ids."""

    name = "sendgrid"
    gives_receipts = True
    can_look_up = False

    def __init__(
        self,
        *,
        api_key: str,
        from_address: str,
        now: Callable[[], datetime],
        api_url: str = DEFAULT_API_URL,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self._session = kept_session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"
        # A .netrc entry for the host would otherwise replace the key.
        self._session.auth = _keep_headers
        self._api_url = api_url.rstrip("/")
        self._url = f"{self._api_url}/v3/mail/send"
        self._from_address = from_address
        self._timeouts = timeouts
        self._now = now

    def send(self, email: OutgoingEmail) -> Accepted:
        """Hand one email to SendGrid; see `SmsProvider.send`."""
        error: SendError
        try:
            mail = _build(email, from_address=self._from_address)
        except Exception:
            # The SDK raises whatever an address or a body trips over; nothing was sent.
            error = SendRejected("mail_not_built")
        else:
            try:
                answer = self._session.post(
                    self._url, json=mail, timeout=self._timeouts, allow_redirects=False
                )
                return self._read(answer)
            except SendError as refusal:
                error = refusal
            except requests.RequestException as broken:
                error = error_for_broken_request(broken)
        # Raised out here, so that a text which quotes the address is not its context.
        raise error

    def look_up(self, *, to: str, link_token: str, since: datetime) -> LookUp:
        """Say that SendGrid's record can't be searched: its activity history is sold apart, and
        answers six questions a minute (https://www.twilio.com/docs/sendgrid/api-reference/email-activity).
        """
        return LookUpImpossible("no_record")

    def check(self) -> list[Finding]:
        """Ask SendGrid about the key and the from-address; sends nothing."""
        return check_sendgrid(
            self._session,
            api_url=self._api_url,
            from_address=self._from_address,
            timeouts=self._timeouts,
        )

    def _read(self, answer: requests.Response) -> Accepted:
        if 200 <= answer.status_code < 300:
            sent_id = answer.headers.get("X-Message-Id")
            if not sent_id:
                # Not SendGrid's answer, perhaps that of a proxy in between.
                raise SendOutcomeUnknown("garbage_answer")
            return Accepted(sent_id, _moment(answer.headers.get("Date")))
        # The body quotes the request; the class says all that we act on.
        reaction = send_reaction("sendgrid", code=None, status=answer.status_code)
        wait = retry_after_seconds(answer.headers, now=self._now)
        raise error_for_answer(reaction, f"http_{answer.status_code}", wait)


def _build(email: OutgoingEmail, *, from_address: str) -> dict[str, Any]:
    mail = Mail(
        from_email=From(from_address, email.from_name),
        to_emails=To(email.to),
        subject=email.subject,
        plain_text_content=email.text,
        html_content=email.html,
    )
    # On the personalisation: there the published contract and the API agree on an object.
    for key, value in (("message_id", email.message_id), ("attempt_id", email.attempt_id)):
        mail.add_custom_arg(CustomArg(key, str(value), p=0))
    if email.unsubscribe_url:
        mail.add_header(Header("List-Unsubscribe", f"<{email.unsubscribe_url}>"))
        mail.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    # Our links go to the brand's own domain: nothing may rewrite them or add a footer.
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(False, False),
        open_tracking=OpenTracking(False),
        subscription_tracking=SubscriptionTracking(False),
    )
    built: dict[str, Any] = mail.get()
    return built


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _moment(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
