"""What the board calls people's parts in a job, and how surely they heard."""

from __future__ import annotations

from notifier.domain.messages import Role, Strength

ROLE: dict[Role, str] = {
    Role.CUSTOMER: "customer",
    Role.SECOND_CONTACT: "second contact",
    Role.ON_SITE: "on site",
    Role.TECHNICIAN: "technician",
}

STRENGTH: dict[Strength | None, str] = {
    Strength.GIVEN: "given",
    Strength.DELIVERED: "delivered",
    Strength.PRESUMED: "probably read",
    Strength.NONE: "not reached",
    None: "not told yet",
}
