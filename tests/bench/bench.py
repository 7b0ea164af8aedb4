"""What the benches share: the suite that tools/bench has started, figures, tables."""

import os
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import suite as e2e  # noqa: E402


def suite():
    """The suite of tools/bench, or the one of SLIPWAY_E2E_ROOT."""
    return e2e.Suite(os.environ.get("SLIPWAY_BENCH_ROOT") or e2e.root())


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values):
    return statistics.median(values)


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def table(rows):
    """Rows of texts in columns as wide as need be."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def verdict(rows):
    """(what, target, measured, as text, reached): the table of a bench. False: a target was missed."""
    table([("", "target", "measured", "")] + [(what, target, measured, "reached" if good else "MISSED") for what, target, measured, good in rows])
    return all(good for *_, good in rows)


def seconds_of(time):
    """Unix time of an RFC 3339 timestamp, to the microsecond."""
    import datetime
    head, _, fraction = time.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(head + "+00:00").timestamp() + (int(fraction.ljust(6, "0")[:6]) / 1e6 if fraction else 0)
