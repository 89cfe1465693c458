"""Every table, in the design's words."""

from notifier.store.tables.access import (
    ApiKey,
    AuditLine,
    AwaitedName,
    Delivery,
    Heartbeat,
    SignInLink,
    Source,
    SourceRefusals,
    Staff,
)
from notifier.store.tables.brands import Brand, DayLink, Sender, Technician
from notifier.store.tables.columns import Base
from notifier.store.tables.guards import Tally
from notifier.store.tables.jobs import (
    FactRow,
    Job,
    JobName,
    JobPerson,
    Parcel,
    Promise,
    SourceWord,
)
from notifier.store.tables.outbox import (
    Attempt,
    CallBegun,
    Message,
    MessageKey,
    Receipt,
    SandboxItem,
)
from notifier.store.tables.people import (
    Consent,
    ContactPoint,
    Person,
    SearchTerm,
    Suppression,
)
from notifier.store.tables.work import Action, IdempotencyKey, Reply, RuleSet, Task

__all__ = [
    "Action",
    "ApiKey",
    "Attempt",
    "AuditLine",
    "AwaitedName",
    "Base",
    "Brand",
    "CallBegun",
    "Consent",
    "ContactPoint",
    "DayLink",
    "Delivery",
    "FactRow",
    "Heartbeat",
    "IdempotencyKey",
    "Job",
    "JobName",
    "JobPerson",
    "Message",
    "MessageKey",
    "Parcel",
    "Person",
    "Promise",
    "Receipt",
    "Reply",
    "RuleSet",
    "SandboxItem",
    "SearchTerm",
    "Sender",
    "SignInLink",
    "Source",
    "SourceRefusals",
    "SourceWord",
    "Staff",
    "Suppression",
    "Tally",
    "Task",
    "Technician",
]
