"""Alibaba GPU cluster 2023: the list of pods (CSV).

Times are seconds after the start of the trace. ``gpu_milli`` is the share of a card in
thousandths. The service class LS (latency sensitive) is inference; BE, Burstable and
Guaranteed say nothing about the kind of work and stay general.

References
----------
github.com/alibaba/clusterdata, cluster-trace-gpu-v2023, README (columns).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from twin.job_table import Raw
from twin.readers import fields
from twin.readers.fields import Clock
from twin.readers.tables import raw_table, read_text_table

NUMBERS = {
    "submit_s": ("creation_time", 1.0),
    "start_s": ("scheduled_time", 1.0),
    "end_s": ("deletion_time", 1.0),
    "accelerators": ("num_gpu", 1.0),
    "milli": ("gpu_milli", 1e-3),
    "processors": ("cpu_milli", 1e-3),
}
PHASES = {
    "Pending": "pending",
    "Running": "running",
    "Succeeded": "completed",
    "Failed": "failed",
}


def read(path: Path, clock: Clock | None = None) -> Raw:
    """Read pods; ``clock`` is not needed, the trace counts from its start.

    A pod without a card counts as a node.

    Raises
    ------
    DataError
        Missing file or column.
    """
    columns = [column for column, _ in NUMBERS.values()]
    data = read_text_table(path, ["name", "qos", "pod_phase", *columns], ",")
    raw = raw_table(data, {}, NUMBERS, clock)
    frame = raw.frame
    phase = fields.text(data["pod_phase"]).map(PHASES).astype(object).fillna("")
    end_s = frame["end_s"].to_numpy(dtype=float)
    # the phase is that of the last look; a pod with a time of deletion has ended
    deleted = (phase == "running").to_numpy(dtype=bool) & np.isfinite(end_s)
    phase = phase.mask(deleted, "completed")
    is_open = phase.isin(["pending", "running"]).to_numpy(dtype=bool)
    end_s = np.where(is_open, np.nan, end_s)
    start_s = frame["start_s"].to_numpy(dtype=float)
    single = (frame["accelerators"] == 1).to_numpy(dtype=bool)
    share = np.where(single, frame["milli"], 1.0)
    cards = frame["accelerators"].to_numpy(dtype=float)
    latency = fields.text(data["qos"]).str.upper() == "LS"
    table = pd.DataFrame(
        {
            "job_id": fields.text(data["name"]),
            "job_class": np.where(latency, "inference", "general"),
            "state": phase,
            "submit_s": frame["submit_s"],
            "start_s": start_s,
            "end_s": end_s,
            "requested_s": np.nan,
            "run_s": end_s - start_s,
            "nodes": np.where(frame["processors"] > 0, 1.0, frame["processors"]),
            "accelerators": cards * share,
            "power_w": np.nan,
        }
    )
    return Raw(table, raw.faults, ("times count from the start of the trace",))
