"""Ticks by a clock that may be set: APScheduler's own count on one that nobody sets.

It keeps the next time of each job by the machine's clock. Set back by an hour, nothing would
tick for an hour; set forward by years, as on a machine that starts without a battery, it would
go through every tick between, and take all memory for them.
"""

from __future__ import annotations

from apscheduler.schedulers.background import BackgroundScheduler

from notifier.clock import system_now

#: How long it waits before it looks at the clock again, in seconds. The wait itself is by a
#: clock that nobody sets.
_LOOKS_AFTER = 1.0


class Ticks(BackgroundScheduler):  # type: ignore[misc]  # APScheduler ships no types
    """Runs each job at its interval: never twice at once, and the ones it is late for as one."""

    def __init__(self) -> None:
        super().__init__(
            job_defaults={
                "coalesce": True,
                "max_instances": 1,
                "misfire_grace_time": None,  # a tick that comes late is still a tick
            }
        )

    def _process_jobs(self) -> float | None:
        """Run what is due, and return how long to wait, in seconds; None: there are no jobs.

        The next tick is never further away than the interval, on either side, unless the clock
        was set or the machine was suspended: then it is now.
        """
        now = system_now()
        for job in self.get_jobs():
            if abs(job.next_run_time - now) > job.trigger.interval:
                job.modify(next_run_time=now)
        wait: float | None = super()._process_jobs()
        return wait if wait is None else min(wait, _LOOKS_AFTER)
