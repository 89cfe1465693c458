"""`python -m bench [NAME…]`: runs the benchmarks named, or all of them, and prints their tables."""

from __future__ import annotations

import argparse
import importlib
import logging
import os

from bench.machine import describe_machine

#: In the order in which they run: from the smallest thing to the whole.
NAMES = ("planning", "fact_to_provider", "webhooks", "tick")


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    modules = [importlib.import_module(f"bench.{name}") for name in arguments.names or NAMES]
    if arguments.list:
        for module in modules:
            summary = (module.__doc__ or "").partition("\n")[0]
            print(f"{module.__name__.removeprefix('bench.'):18}{summary}")
        return
    logging.getLogger("waitress").setLevel(logging.ERROR)  # it tells of every short queue
    print(describe_machine())
    for module in modules:
        print(flush=True)
        for table in module.run():
            print(f"{table}\n", flush=True)
    print(f"Load:     {os.getloadavg()[0]:.1f} when this ended")


if __name__ == "__main__":
    main()
