"""What the board calls how a job stands, and why it needs somebody."""

from __future__ import annotations

from notifier.board_reading.risk import Risk
from notifier.domain.jobs import JobStatus

STATUS: dict[JobStatus, str] = {
    JobStatus.SCHEDULED: "Scheduled",
    JobStatus.CONFIRMED: "Confirmed",
    JobStatus.EN_ROUTE: "On the way",
    JobStatus.ARRIVED: "There now",
    JobStatus.COMPLETED: "Done",
    JobStatus.MISSED: "Missed",
    JobStatus.ORDERED: "Ordered",
    JobStatus.SHIPPED: "Shipped",
    JobStatus.IN_TRANSIT: "In transit",
    JobStatus.OUT_FOR_DELIVERY: "Out for delivery",
    JobStatus.ATTEMPTED: "Delivery attempted",
    JobStatus.READY_FOR_PICKUP: "Ready for pickup",
    JobStatus.DELIVERED: "Delivered",
    JobStatus.NOT_RECEIVED: "Says it never came",
    JobStatus.EXCEPTION: "Carrier has a problem",
    JobStatus.RETURNED: "Returned",
    JobStatus.CANCELLED: "Cancelled",
}

#: Of an order that its shop sends in parts: what has no code yet.
THE_REST = "The rest"
NOT_SENT = "Not sent yet"

RISK: dict[Risk, str] = {
    Risk.TASK_OVERDUE: "A task is overdue",
    Risk.TOO_LATE_TO_WARN: "Has not heard, and it was due",
    Risk.NOT_HEARD: "Has not heard yet",
    Risk.SAID_NO: "It does not suit them",
    Risk.NO_WORD: "No word from anyone",
    Risk.MESSAGE_STUCK: "A message needs a look",
    Risk.GONE_WRONG: "Went wrong on the way",
    Risk.TASK_OPEN: "A task is open",
    Risk.NO_TIME: "No time known",
}
