"""Waiting tasks of Slurm arrays are jobs; pods that were deleted have ended."""

import json

import numpy as np
import pytest

from twin.readers.arrays import tasks
from twin.readers.formats import read_jobs

HEAD = (
    "JobID|JobName|Partition|Submit|Start|End|ElapsedRaw|TimelimitRaw|NNodes|AllocTRES|"
    "State"
)
PENDING = "2024-03-01T10:00:00|Unknown|Unknown|0|60|2||PENDING"
RAN = "2024-03-01T10:00:00|2024-03-01T11:00:00|2024-03-01T12:00:00|3600|60|2||COMPLETED"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3-9", [3, 4, 5, 6, 7, 8, 9]),
        ("1,5,7-9", [1, 5, 7, 8, 9]),
        ("0-10:4", [0, 4, 8]),
        ("7", [7]),
        ("9-3", []),
        ("1-2:0", []),
        ("1-99999999", []),
        ("a", []),
        ("", []),
    ],
)
def test_a_list_of_tasks(text, numbers):
    assert tasks(text) == numbers


def test_a_waiting_array_of_sacct_is_all_of_its_tasks(tmp_path):
    path = tmp_path / "sacct.txt"
    ids = {"1": RAN, "2_1": RAN, "2_[3-9%2]": PENDING, "3_[1-3,...]": PENDING}
    rows = [f"{name}|n|p|{rest}" for name, rest in ids.items()]
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    jobs, report = read_jobs(path, "sacct", 0.0)
    waiting = [f"2_{n}" for n in range(3, 10)]
    assert sorted(jobs.job_id) == sorted(["1", "2_1", *waiting, "3_[1-3,...]"])
    assert np.isnan(jobs.start_s).sum() == 8
    assert (jobs.nodes == 2.0).all()
    told = "; ".join(report.notes)
    assert "1 arrays stand for 7 tasks" in told
    assert "limit %N of 1 arrays" in told
    assert "SLURM_BITSTR_LEN=0" in told


def test_a_waiting_array_of_squeue_is_all_of_its_tasks(tmp_path):
    number = {"set": True, "infinite": False}
    job = {
        "job_id": 70,
        "job_state": ["PENDING"],
        "submit_time": {**number, "number": 1_700_000_000},
        "node_count": {**number, "number": 1},
        "array_job_id": {**number, "number": 70},
        "array_task_string": "4-6%2",
    }
    single = {**job, "job_id": 71, "array_job_id": {**number, "number": 0}}
    single["array_task_string"] = ""
    path = tmp_path / "squeue.json"
    path.write_text(json.dumps({"jobs": [job, single]}))
    jobs, _ = read_jobs(path, "squeue")
    assert sorted(jobs.job_id) == ["70_4", "70_5", "70_6", "71"]


def test_a_deleted_pod_has_ended_whatever_its_phase(tmp_path):
    path = tmp_path / "pods.csv"
    path.write_text(
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,"
        "creation_time,deletion_time,scheduled_time\n"
        "a,4000,1,1,1000,,LS,Running,0,500,100\n"
        "b,4000,1,1,1000,,LS,Running,0,,100\n"
        "c,4000,1,1,1000,,BE,Pending,0,500,\n"
    )
    jobs, _ = read_jobs(path, "alibaba2023")
    run_s = dict(zip(jobs.job_id, jobs.run_s, strict=True))
    assert run_s["a"] == 400.0
    assert np.isnan(run_s["b"])
    assert np.isnan(run_s["c"])
