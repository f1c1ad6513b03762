"""Freeze a child process and know that it stands still."""

from __future__ import annotations

import os
import signal
import subprocess


def freeze(process: subprocess.Popen[bytes]) -> None:
    """Stop a child and return when all its threads stand still.

    SIGSTOP alone only asks: the thread that the kernel picks must run once to stop the others, and on a
    loaded machine they may answer a request meanwhile. The parent is told when the last one stands.
    """
    process.send_signal(signal.SIGSTOP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "the process ended instead of standing still"
