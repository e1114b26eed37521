"""What `kogda up` costs when nothing happens."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.report import Figure
from benchmarks.stand import KOGDA, free_port


def measure(*, seconds: float = 20) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kogda-bench-") as name:
        folder, port = Path(name), free_port()
        subprocess.run([KOGDA, "init", folder / "shop"], check=True, stdout=subprocess.DEVNULL)
        where = ["--workspace", str(folder / "shop"), "--data", str(folder / "data")]
        command = [str(KOGDA), "up", *where, "--port", str(port)]
        up = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_until_ready(port)
            time.sleep(10)
            share, memory = _cost(up.pid, seconds)
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(30)
    how = f"all processes, {seconds:.0f} s, default settings"
    return [
        Figure(what="idle `kogda up`, CPU", value=share * 100, unit="% of a core", goal=2, at_least=False, detail=how),
        Figure(
            what="idle `kogda up`, memory", value=memory / 2**20, unit="MiB", goal=400, at_least=False,
            detail=how + "; proportional set size, which counts shared pages once",
        ),
    ]  # fmt: skip


def _cost(pid: int, seconds: float) -> tuple[float, int]:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    before = sum(_cpu(process) for process in family)
    began = time.perf_counter()
    time.sleep(seconds)
    spent = sum(_cpu(process) for process in family) - before
    return spent / (time.perf_counter() - began), sum(process.memory_full_info().pss for process in family)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 40
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
