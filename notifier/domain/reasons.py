"""The closed list of causes that a customer may be told, and whose fault a miss was."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why something slipped. Every value has words for customers; none is about health."""

    TRAFFIC = "traffic"
    WEATHER = "weather"
    EARLIER_JOB = "earlier_job"
    PARTS = "parts"
    VEHICLE = "vehicle"
    STAFFING = "staffing"
    ADDRESS = "address"
    CUSTOMS = "customs"
    CARRIER = "carrier"
    STOCK = "stock"
    DAMAGED = "damaged"
    OTHER = "other"


class Party(StrEnum):
    """Who missed or cancelled. Absence is never assumed to be the customer's fault."""

    US = "us"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"
