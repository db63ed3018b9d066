"""Owns `make bench`: runs every benchmark, or the ones named, and prints a table."""

import argparse
import sys
from collections.abc import Callable, Iterator

from benchmarks import bot_round, business_day, ledger_transfers, live_browsers, live_push, schedules
from benchmarks.measuring import Comparison, Limit

BENCHMARKS: dict[str, Callable[[], Iterator[Comparison | Limit]]] = {
    "schedules": schedules.compare,
    "ledger": ledger_transfers.compare,
    "bots": bot_round.compare,
    "day": business_day.compare,
    "live": live_push.compare,
    "browsers": live_browsers.compare,
}
SLOW = {"day", "live", "browsers"}

HEADS = ("what", "ours", "peer", "peer's", "ratio", "goal")


def main() -> int:
    """Run and print; the exit code tells whether every goal was reached in this run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which ones; all of: {', '.join(BENCHMARKS)}")
    parser.add_argument(
        "--slow", action="store_true", help=f"also those that take minutes: {', '.join(SLOW)}"
    )
    asked = parser.parse_args()
    chosen = asked.names or [name for name in BENCHMARKS if asked.slow or name not in SLOW]
    unknown = [name for name in chosen if name not in BENCHMARKS]
    if unknown:
        parser.error(f"There is no benchmark called {unknown[0]}.")
    rows = [HEADS]
    reached = True
    for name in chosen:
        for comparison in BENCHMARKS[name]():
            rows.append(comparison.cells())
            reached = reached and comparison.is_reached
            print(f"  measured: {comparison.what}", file=sys.stderr)
    _print_table(rows)
    return 0 if reached else 1


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    for place, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if place == 0:
            print("  ".join("-" * width for width in widths))


if __name__ == "__main__":
    sys.exit(main())
