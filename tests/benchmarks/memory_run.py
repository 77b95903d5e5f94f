"""Sweep 5,000 points over each protocol at full speed for long, and watch the memory.

``python -m tests.benchmarks.memory_run --minutes 60``; ends with code 1 if it grew by more
than 4 MiB after the first third.
"""

import argparse
import asyncio
import contextlib
import resource
import sys
import time

from bms_io.site_driver import SiteReader
from twin.errors import CommunicationError
from twin.interfaces import Quality

ALLOWED_KB = 4096
HOST = "127.0.0.51"


async def sweep_for(reader, names, duration_s):
    """Sweep until the time is over: seconds passed, peak memory [kB], all good, each."""
    begin_s, seen = time.monotonic(), []
    while (past_s := time.monotonic() - begin_s) < duration_s:
        found = await reader.read(names, 0.0)
        sound = all(one.quality is Quality.GOOD for one in found.values())
        if not sound:  # a busy machine answers late; a loop would connect again, too
            with contextlib.suppress(CommunicationError):
                await reader.connect()
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seen.append((past_s, peak_kb, sound))
    return seen


def grown_kb(seen):
    """Growth of the peak after the first third of the time."""
    first = next(kb for past_s, kb, _ in seen if past_s >= seen[-1][0] / 3.0)
    return seen[-1][1] - first


async def run(maps, duration_s):
    """Sweep all maps at the same time; what was seen, by protocol."""
    from tests.benchmarks.bench_bms import connected

    readers = {name: SiteReader(there) for name, there in maps.items()}
    for reader in readers.values():
        await connected(reader)
    jobs = [sweep_for(readers[n], list(maps[n].points), duration_s) for n in maps]
    seen = await asyncio.gather(*jobs)
    for reader in readers.values():
        await reader.close()
    return dict(zip(maps, seen, strict=True))


def main():
    """Run, tell, judge."""
    from tests.benchmarks.bench_bms import POINTS, modbus_map, server
    from tests.bms_io.bacnet_device import small_map

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    with server("modbus") as modbus_port, server("bacnet") as bacnet_port:
        bacnet = small_map(bacnet_port, POINTS, host=HOST)
        patient = {n: d._replace(timeout_s=5.0) for n, d in bacnet.devices.items()}
        maps = {
            "Modbus TCP": modbus_map(modbus_port),
            "BACnet/IP": bacnet._replace(devices=patient),
        }
        seen = asyncio.run(run(maps, 60.0 * minutes))
    grown = {name: grown_kb(rows) for name, rows in seen.items()}
    for name, rows in seen.items():
        late = sum(not sound for *_, sound in rows)
        sys.stdout.write(
            f"{name}: {len(rows)} sweeps of {POINTS} points in {rows[-1][0]:.0f} s "
            f"({late} with late answers), {grown[name]} kB more after the first third, "
            f"peak {rows[-1][1]} kB\n"
        )
    return int(max(grown.values()) > ALLOWED_KB)


if __name__ == "__main__":
    sys.exit(main())
