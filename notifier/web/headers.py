"""What every answer says to browsers: load nothing from elsewhere, tell nobody where you were."""

from __future__ import annotations

from flask import Flask, Response, request
from secure import Secure
from secure.headers import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

#: Their address is the key to them: it must not travel on in a Referer.
_SECRET_PATHS = ("/s/", "/day/")

#: Nothing inline. Pico draws its icons from data: addresses; the phone is framed by the board.
_POLICY = (
    ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'")
    .style_src("'self'")
    .img_src("'self'", "data:")
    .font_src("'self'")
    .connect_src("'self'")
    .frame_src("'self'")
    .form_action("'self'")
    .frame_ancestors("'self'")
    .base_uri("'none'")
)


def add_security_headers(app: Flask, *, https: bool) -> None:
    """Send security headers with every answer of `app`; HSTS only where we are on https."""
    headers = Secure(
        csp=_POLICY,
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=PermissionsPolicy().geolocation().microphone().camera(),
        referrer=ReferrerPolicy().same_origin(),
        hsts=StrictTransportSecurity().max_age(31_536_000) if https else None,
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().sameorigin(),
    ).headers

    @app.after_request
    def _secure(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.path.startswith(_SECRET_PATHS):
            response.headers["Referrer-Policy"] = "no-referrer"
        if not request.path.startswith("/static/"):
            # Pages and answers hold personal data: no shared cache may keep them, and a
            # browser asks again each time (an ETag still saves the body).
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
