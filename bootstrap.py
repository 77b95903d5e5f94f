"""One file from a fresh clone to a running program, with the standard library only.

    python3 bootstrap.py demo     makes .venv, installs, runs the main job
    python3 bootstrap.py test     makes .venv with the test extras, runs the tests
    python3 bootstrap.py lint     format, lint, types and the direction of imports
    python3 bootstrap.py setup    makes .venv with the test extras, runs nothing
    python3 bootstrap.py learn    adds torch, runs the tests of training with it

Further arguments go to the program: `bootstrap.py demo --hours 2 --no-browser`,
`bootstrap.py test -k tower`. The exit code is that of the program.
"""

import sys

# The syntax of this file is that of Python 3.6, so that the next line can be read.
if sys.version_info < (3, 11):  # noqa: UP036 - this is the check itself
    sys.exit(
        "wetbulb needs Python 3.11 or newer; this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]} ({sys.executable}). "
        "Call this file with a newer one, e.g. python3.12 bootstrap.py demo"
    )

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed.json"
EXTRAS = {
    "demo": (),
    "test": ("dev",),
    "lint": ("dev",),
    "setup": ("dev",),
    "learn": ("dev", "rl"),
}
LEARNING = "tests/optimizer/rl/test_training.py"
PEERS = ROOT / "tests" / "bms_io" / "peers"
INTERRUPTED = 130  # what a shell reports after Ctrl-C
TOOLS = {
    "mbpoll": "tests/bms_io reads the virtual plant with it; without it they skip",
    "npm": "tests/bms_io talks to programs in JavaScript; without it they skip",
    "chromium": "tests/dashboards/app opens the dashboard in it; without it they skip",
}


def say(message: str) -> None:
    """Tell the user what goes on; standard output belongs to the program."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def run(command: list[str]) -> int:
    """Run a command in the project folder and wait for it, Ctrl-C included."""
    with subprocess.Popen(command, cwd=ROOT) as child:
        interrupted = False
        while True:
            try:
                code = child.wait()
            except KeyboardInterrupt:  # the child got it too and cleans up
                interrupted = True
            else:
                return INTERRUPTED if interrupted or code < 0 else code


def hand_over(command: list[str]) -> int:
    """Become the program, so that its signals and exit code are ours."""
    if os.name == "nt":
        return run(command)
    os.execv(command[0], command)


def fingerprint() -> str:
    """Everything that makes an installation stale when it changes."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    digest.update(sys.version.encode())
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def installed_extras(stamp: str) -> list[str] | None:
    """Extras that the virtual environment has, None if it is missing or stale."""
    try:
        written = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return list(written["extras"]) if written.get("stamp") == stamp else None


def make_venv(uv: str | None) -> int:
    """Make an empty virtual environment."""
    if uv:
        return run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
    code = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if code not in (0, INTERRUPTED):
        say(
            "Python could not make a virtual environment. On Debian or Ubuntu: "
            "sudo apt-get install -y python3-venv, then call this again."
        )
    return code


def install(extras: tuple[str, ...]) -> int:
    """Bring .venv up to date; a second call finds the stamp and does nothing."""
    stamp = fingerprint()
    have = installed_extras(stamp)
    if have is not None and set(extras) <= set(have) and PYTHON.exists():
        return 0
    uv = shutil.which("uv")
    say("Installing wetbulb into .venv (only now and after changes) ...")
    if have is None or not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        code = make_venv(uv)
        if code != 0:
            return code
    wanted = sorted({*(have or []), *extras})
    target = ".[{}]".format(",".join(wanted)) if wanted else "."
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    installer = [uv, "pip"] if uv else pip
    where = ["--python", str(PYTHON)] if uv else []
    code = run([*installer, "install", "--quiet", *where, "--editable", target])
    if code != 0:
        say("The installation failed; the lines above say why. Call this again.")
        return code
    record = {"stamp": stamp, "extras": wanted}
    STAMP.write_text(json.dumps(record), encoding="utf-8")
    return 0


def name_missing_tools() -> None:
    """Say which Debian packages some tests would use; never install them."""
    for tool, reason in TOOLS.items():
        if shutil.which(tool) is None:
            say(f"{tool} is missing: {reason}. sudo apt-get install -y {tool}")


def install_peers() -> None:
    """Fetch the JavaScript programs that the tests talk to, once; they skip without."""
    npm = shutil.which("npm")
    if npm is None or (PEERS / "node_modules").is_dir():
        return
    say("Installing the JavaScript peers of the tests ...")
    if run([npm, "ci", "--silent", "--no-audit", "--no-fund", "--prefix", str(PEERS)]):
        say("npm failed; tests against JavaScript peers will skip.")


def lint(arguments: list[str]) -> int:
    """Run every check and report the first code that is not zero."""
    python = str(PYTHON)
    checks = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "mypy"],
        [str(BIN / "lint-imports")],
    ]
    codes = []
    for check in checks:
        say("$ " + " ".join(Path(part).name or part for part in check))
        codes.append(run(check + arguments))
        if codes[-1] == INTERRUPTED:
            break
    return next((code for code in codes if code != 0), 0)


def main(arguments: list[str]) -> int:
    """Do what the first argument says and hand over the rest."""
    command = arguments[0] if arguments else ""
    if command not in EXTRAS:
        say((__doc__ or "").strip())
        return 0 if command in ("-h", "--help") else 2
    code = install(EXTRAS[command])
    if code != 0 or command == "setup":
        return code
    rest = arguments[1:]
    if command == "lint":
        return lint(rest)
    if command == "test":
        name_missing_tools()
        install_peers()
        os.chdir(ROOT)
        return hand_over([str(PYTHON), "-m", "pytest", *rest])
    if command == "learn":
        os.chdir(ROOT)
        return hand_over([str(PYTHON), "-m", "pytest", LEARNING, *rest])
    return hand_over([str(BIN / "wetbulb"), "demo", *rest])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
