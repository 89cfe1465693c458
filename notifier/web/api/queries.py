"""What a caller may ask for in an address."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from notifier.domain.jobs import JobStatus
from notifier.shapes import Moment, Reference, ShortText


class Paging(BaseModel):
    """Which page; `cursor` is the `next` of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class JobsQuery(Paging):
    """Which jobs; what is given must all hold. `q` is words of a name, number or address."""

    reference: Reference | None = None
    status: JobStatus | None = None
    late: bool | None = None
    q: ShortText | None = None


class ExplainQuery(BaseModel):
    """As of when; without it, now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Moment | None = None
