"""Readers of job records: known files, known faults, and any bytes at all."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.errors import ConfigError, DataError
from twin.job_table import CLASSES, STATES, Jobs, describe, size, write_parquet
from twin.readers.formats import FORMATS, read_jobs, read_table
from twin.resources import data_path

SACCT = (
    "JobID|JobName|Partition|Submit|Start|End|ElapsedRaw|TimelimitRaw|NNodes|"
    "AllocTRES|State\n"
)
ANY_FILE = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def sacct_row(**change: str) -> str:
    row = {
        "id": "7",
        "name": "llm-pretrain",
        "partition": "gpu",
        "submit": "2024-03-01T08:00:00",
        "start": "2024-03-01T09:00:00",
        "end": "2024-03-01T10:00:00",
        "run": "3600",
        "limit": "120",
        "nodes": "2",
        "tres": "cpu=64,gres/gpu=16,node=2",
        "state": "COMPLETED",
    }
    return "|".join({**row, **change}.values()) + "\n"


def sacct(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "sacct.txt"
    path.write_text(SACCT + "".join(rows), encoding="utf-8")
    return path


def test_swf_archive_file_is_read_whole() -> None:
    jobs, report = read_jobs(data_path("jobs", "NASA-iPSC-1993-3.1-cln.swf.gz"), "swf")
    assert report.kept == report.rows == 18_239  # MaxRecords less the cleaned jobs
    assert report.left_out == {}
    assert "18239 jobs without a wait time" in report.notes[0]
    assert jobs.submit_s[0] == 749_458_803  # UnixStartTime
    assert size(jobs).max() == 128
    assert jobs.run_s[0] == 1451


def test_eagle_needs_the_offset_of_its_clock() -> None:
    path = data_path("jobs", "nrel_eagle_jobs_sample.csv")
    with pytest.raises(DataError, match="time zone missing"):
        read_jobs(path, "eagle")
    jobs, report = read_jobs(path, "eagle", -7.0)
    assert report.kept == 1000
    assert "452 rows taken as tasks of job arrays" in report.notes[0]
    first = pd.Timestamp("2019-01-01T08:55:55-07:00").timestamp()
    assert jobs.submit_s[0] == first
    assert np.all(jobs.end_s - jobs.start_s == jobs.run_s)
    assert int((jobs.state == STATES.index("timeout")).sum()) == 15


def test_sacct_values(tmp_path: Path) -> None:
    path = sacct(tmp_path, sacct_row(), sacct_row(id="7.batch"))
    jobs, report = read_jobs(path, "sacct", 1.0)
    assert report.left_out == {"step of a job": 1}
    assert jobs.accelerators[0] == 16
    assert jobs.requested_s[0] == 7200
    assert jobs.run_s[0] == 3600
    assert CLASSES[jobs.job_class[0]] == "pretraining"
    assert jobs.submit_s[0] == pd.Timestamp("2024-03-01T07:00:00Z").timestamp()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"end": "2024-03-01T08:30:00"}, "end before start"),
        ({"start": "2024-03-01T07:00:00"}, "start before submit"),
        ({"nodes": "-2", "tres": ""}, "negative size"),
        ({"nodes": "0", "tres": ""}, "no size"),
        ({"state": "DREAMING"}, "unknown state"),
        ({"id": "1"}, "duplicated id"),
        ({"submit": "yesterday"}, "unreadable time"),
        ({"submit": "2024-13-41T99:00:00"}, "unreadable time"),
        ({"submit": ""}, "no submit time"),
        ({"run": "-5"}, "negative run time"),
        ({"limit": "soon"}, "unreadable number"),
        ({"name": "a|b"}, "more fields than the header"),
        ({"name": "a|b|c|d"}, "more fields than the header"),
        ({"tres": "cpu=8,gres/gpu=-4"}, "negative size"),
    ],
)
def test_bad_rows_are_counted_named_and_left_out(
    tmp_path: Path, change: dict[str, str], kind: str
) -> None:
    path = sacct(tmp_path, sacct_row(id="1"), sacct_row(**{"id": "2", **change}))
    jobs, report = read_jobs(path, "sacct", 0.0)
    assert report.left_out == {kind: 1}
    assert report.first_row == {kind: 2}
    assert list(jobs.job_id) == ["1"]
    assert kind in describe(report)[0]


def test_a_quote_in_a_name_swallows_no_lines(tmp_path: Path) -> None:
    rows = [sacct_row(id=n, name=name) for n, name in (("1", '"a'), ("2", "b"))]
    jobs, _ = read_jobs(sacct(tmp_path, *rows), "sacct", 0.0)
    assert list(jobs.job_id) == ["1", "2"]


def test_zone_in_the_time_wins_over_the_offset(tmp_path: Path) -> None:
    path = sacct(tmp_path, sacct_row(submit="2024-03-01T08:00:00+0100"))
    jobs, _ = read_jobs(path, "sacct", -7.0)
    assert jobs.submit_s[0] == pd.Timestamp("2024-03-01T07:00:00Z").timestamp()


def test_open_jobs_have_no_end(tmp_path: Path) -> None:
    rows = (
        sacct_row(id="1", state="RUNNING", end="Unknown"),
        sacct_row(id="2", state="PENDING", start="Unknown", end="Unknown", run="0"),
        sacct_row(id="3", state="CANCELLED by 1007", limit="UNLIMITED"),
    )
    jobs, report = read_jobs(sacct(tmp_path, *rows), "sacct", 0.0)
    assert report.kept == 3
    assert [STATES[k] for k in jobs.state] == ["running", "pending", "cancelled"]
    assert np.isnan(jobs.end_s[:2]).all()
    assert np.isnan(jobs.requested_s[2])


def squeue_row(**change: Any) -> dict[str, Any]:
    number = {"set": True, "infinite": False, "number": 90}
    row = {
        "job_id": 11,
        "name": "chat-serving",
        "partition": "gpu",
        "job_state": ["RUNNING"],
        "submit_time": {"set": True, "infinite": False, "number": 1_700_000_000},
        "start_time": 1_700_000_060,
        "end_time": 1_700_005_460,
        "time_limit": number,
        "node_count": number | {"number": 4},
        "tres_req_str": "cpu=8,gres/gpu:h100=32",
    }
    return {**row, **change}


def test_squeue_values(tmp_path: Path) -> None:
    path = tmp_path / "squeue.json"
    waiting = squeue_row(job_id=12, job_state="PENDING", start_time=0)
    path.write_text(json.dumps({"jobs": [squeue_row(), waiting]}), encoding="utf-8")
    jobs, report = read_jobs(path, "squeue")
    assert report.kept == 2
    assert jobs.accelerators[0] == 32
    assert jobs.requested_s[0] == 5400
    assert jobs.start_s[0] == 1_700_000_060
    assert np.isnan(jobs.end_s).all()
    assert np.isnan(jobs.start_s[1])
    assert CLASSES[jobs.job_class[0]] == "inference"


def test_queue_entries_that_are_no_jobs_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "squeue.json"
    minus = squeue_row(job_id=12, tres_req_str="gres/gpu=-4")
    entries = [squeue_row(), 7, None, minus]
    path.write_text(json.dumps({"jobs": entries}), encoding="utf-8")
    jobs, report = read_jobs(path, "squeue")
    assert list(jobs.job_id) == ["11"]
    assert report.left_out == {"no object": 2, "negative size": 1}


def test_alibaba_fractions_of_a_card(tmp_path: Path) -> None:
    path = tmp_path / "pods.csv"
    path.write_text(
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,"
        "creation_time,deletion_time,scheduled_time\n"
        "p1,6000,12288,1,460,,LS,Succeeded,10,110,20\n"
        "p2,6000,12288,8,1000,V100M32,BE,Running,30,900,40\n"
        "p3,6000,12288,1,500,,BE,Pending,50,900,\n",
        encoding="utf-8",
    )
    jobs, report = read_jobs(path, "alibaba2023")
    assert report.kept == 3
    np.testing.assert_allclose(jobs.accelerators, [0.46, 8.0, 0.5])
    assert jobs.run_s[0] == 90
    assert CLASSES[jobs.job_class[0]] == "inference"
    assert jobs.run_s[1] == 860  # deleted, whatever its last phase


def pm100_frame() -> pd.DataFrame:
    stamp = pd.Timestamp("2020-05-01T10:00:00Z")
    hour = pd.Timedelta(hours=1)
    return pd.DataFrame(
        {
            "job_id": [1, 2],
            "job_state": ["COMPLETED", "FAILED"],
            "submit_time": [stamp, stamp],
            "start_time": [stamp + hour, stamp + hour],
            "end_time": [stamp + 2 * hour, stamp],
            "time_limit": [120, 120],
            "run_time": [3600, 3600],
            "num_nodes_alloc": [4, 4],
            "num_gpus_alloc": [16, 16],
            "node_power_consumption": [[4000.0, 6000.0], [1.0]],
        }
    )


def test_pm100_power(tmp_path: Path) -> None:
    path = tmp_path / "job_table.parquet"
    pm100_frame().to_parquet(path)
    jobs, report = read_jobs(path, "pm100")
    assert report.left_out == {"end before start": 1}
    assert jobs.power_w[0] == 5000
    assert jobs.requested_s[0] == 7200


def test_stored_table_reads_back(tmp_path: Path) -> None:
    jobs, _ = read_jobs(data_path("jobs", "nrel_eagle_jobs_sample.csv"), "eagle", -7.0)
    path = tmp_path / "jobs.parquet"
    write_parquet(jobs, path)
    again = read_table(path)
    for name in Jobs._fields:
        np.testing.assert_array_equal(getattr(again, name), getattr(jobs, name))


@pytest.mark.parametrize("form", FORMATS)
def test_missing_file_is_one_clear_error(tmp_path: Path, form: str) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_jobs(tmp_path / "none", form)


def test_unknown_format_names_the_known() -> None:
    with pytest.raises(ConfigError, match="sacct, squeue, eagle"):
        read_jobs(Path("x"), "pbs")


def only_data_errors(path: Path, form: str) -> None:
    try:
        jobs, report = read_jobs(path, form, 0.0)
    except DataError:
        return  # the one way to refuse; anything else is a traceback
    assert (
        report.kept == len(jobs.job_id) == report.rows - sum(report.left_out.values())
    )
    assert (size(jobs) > 0).all()
    assert not np.isnan(jobs.submit_s).any()
    assert not (jobs.end_s < jobs.start_s).any()


@pytest.mark.parametrize("form", FORMATS)
@ANY_FILE
@given(content=st.binary(max_size=300))
def test_any_bytes(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / "any.bin"
    path.write_bytes(content)
    only_data_errors(path, form)


WORD = st.one_of(
    st.text(max_size=12),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["", "-1", "nan", "inf", "1e400", "UNLIMITED", "COMPLETED", "LS"]),
    st.datetimes().map(lambda stamp: stamp.isoformat()),
)
HEADERS = {
    "sacct": SACCT.strip().replace("|", " "),
    "eagle": "job_id state partition wallclock_req run_time nodes_req gpus_req "
    "submit_time start_time end_time",
    "alibaba2023": "name cpu_milli num_gpu gpu_milli qos pod_phase creation_time "
    "deletion_time scheduled_time",
    "swf": " ".join("abcdefghijklmnopqr"),  # 18 fields; the first line is a comment
}


@pytest.mark.parametrize("form", HEADERS)
@ANY_FILE
@given(data=st.data())
def test_any_words_in_the_columns(
    tmp_path: Path, form: str, data: st.DataObject
) -> None:
    header = HEADERS[form].split()
    mark = {"sacct": "|", "swf": " "}.get(form, ",")
    rows = data.draw(
        st.lists(st.lists(WORD, min_size=len(header), max_size=len(header)), max_size=4)
    )
    lines = ["; header" if form == "swf" else mark.join(header)]
    lines += [mark.join(row) for row in rows]
    content = "\n".join(lines).encode("utf-8", errors="replace")
    path = tmp_path / "any.txt"
    path.write_bytes(gzip.compress(content) if form == "swf" else content)
    only_data_errors(path, form)


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
VALUE = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.text(max_size=4), LEAF)
NUMBER_OBJECT = st.fixed_dictionaries({"set": LEAF, "infinite": LEAF, "number": VALUE})


@ANY_FILE
@given(
    rows=st.lists(
        st.fixed_dictionaries(dict.fromkeys(squeue_row(), VALUE | NUMBER_OBJECT)),
        max_size=3,
    )
)
def test_any_values_in_the_queue(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps({"jobs": rows}), encoding="utf-8")
    only_data_errors(path, "squeue")


@ANY_FILE
@given(rows=st.lists(st.lists(WORD, min_size=10, max_size=10), min_size=1, max_size=3))
def test_any_words_in_a_parquet_table(tmp_path: Path, rows: list[list[str]]) -> None:
    words = [[word.encode("utf-8", "replace").decode() for word in row] for row in rows]
    path = tmp_path / "any.parquet"
    pd.DataFrame(words, columns=list(pm100_frame().columns)).to_parquet(path)
    only_data_errors(path, "pm100")
