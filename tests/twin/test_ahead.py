"""What a daemon calls is compiled before its first turn, and elsewhere."""

import os
import subprocess
import sys

import pytest

from twin.ahead import make_ready
from twin.config import load_site
from twin.envelope import excess_k
from twin.scenario import load_scenario

SITE = load_site("edge_50kw")
CALL = """
import sys
from pathlib import Path
from twin.ahead import make_ready
from twin.config import load_site
from twin.envelope import excess_k
from twin.scenario import load_scenario

if __name__ == "__main__":
    site = load_site("edge_50kw")
    make_ready(site, load_scenario(site, "07-15", 1.0).inputs_at(0.0))
    hits, misses = excess_k.stats.cache_hits, excess_k.stats.cache_misses
    sys.exit(len(hits) * 10 + len(misses))
"""


def test_afterwards_nothing_is_compiled_for_the_guard():
    make_ready(SITE, load_scenario(SITE, "07-15", 1.0).inputs_at(0.0))
    assert len(excess_k.signatures) == 1


@pytest.mark.slow
def test_another_process_compiles_and_ours_loads(tmp_path):
    script = tmp_path / "call.py"
    script.write_text(CALL)
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONPATH": os.getcwd(),
    }
    for _ in range(2):
        ended = subprocess.run([sys.executable, script], env=environment, timeout=300)
        assert ended.returncode == 10, "loaded once, compiled never"
