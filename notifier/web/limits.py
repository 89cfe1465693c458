"""How often one caller may ask. Kept in memory: each process counts for itself."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

#: Generous: a shop that syncs its whole day must not notice it.
_API = "20000 per minute"
#: By token, not by address: behind a proxy all customers may share one.
_STATUS_PAGE = "60 per minute"
#: Guessing sign-in links or mailing them to somebody over and over.
_SIGN_IN = "20 per minute"
_SIGN_IN_PATH = "/sign-in/"


def limit_rates(
    app: Flask, *, api: list[Blueprint], by_token: list[Blueprint], signing_in: list[Blueprint]
) -> None:
    """Count requests of each group by what tells its callers apart."""
    limiter = Limiter(_address, app=app, storage_uri="memory://", retry_after="delta-seconds")
    for blueprint in api:
        limiter.limit(_API, key_func=_caller)(blueprint)
    for blueprint in by_token:
        limiter.limit(_STATUS_PAGE, key_func=_path)(blueprint)
    for blueprint in signing_in:
        limiter.limit(
            _SIGN_IN,
            key_func=_address,
            exempt_when=lambda: not request.path.startswith(_SIGN_IN_PATH),
        )(blueprint)


def _address() -> str:
    return get_remote_address()


def _caller() -> str:
    key = request.headers.get("Authorization", "")
    return f"{_address()} {hashlib.sha256(key.encode()).hexdigest()}"


def _path() -> str:
    return request.path
