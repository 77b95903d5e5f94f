"""What a daemon calls is compiled before its first turn, and elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALL = """
import sys
import tempfile
from pathlib import Path

from optimizer.mpc import MpcController
from tests.faults.rig import SITE, run
from twin import ahead

if __name__ == "__main__":
    ahead.make_ready(SITE)
    alone = [len(entry.stats.cache_misses) for entry in ahead._ENTRIES]
    with tempfile.TemporaryDirectory() as folder:
        course = run(Path(folder), {}, turns=8, controller=MpcController(SITE))
    assert "auto" in course.modes
    later = [len(entry.stats.cache_misses) for entry in ahead._ENTRIES]
    loaded = [len(entry.stats.cache_hits) for entry in ahead._ENTRIES]
    print(alone, later, loaded)
"""


@pytest.mark.slow
def test_a_loop_with_mpc_compiles_nothing_after_it_was_made_ready(tmp_path):
    script = tmp_path / "call.py"
    script.write_text(CALL)
    here = {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    ended = subprocess.run(
        [sys.executable, script],
        env={**os.environ, **here},
        timeout=300,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "[0, 0, 0] [0, 0, 0] [1, 1, 1]"
