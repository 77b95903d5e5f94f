"""The contracts hold with the compiler switched off, too."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_contracts_without_numba():
    call = [sys.executable, "-m", "pytest", "-q", str(HERE / "test_components.py")]
    done = subprocess.run(
        call,
        cwd=HERE.parents[1],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
