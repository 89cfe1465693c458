"""The API under `/api/v1`. Importing the views hangs them on the blueprint."""

from notifier.web.api import appointments, orders
from notifier.web.api.blueprint import api

__all__ = ["api", "appointments", "orders"]
