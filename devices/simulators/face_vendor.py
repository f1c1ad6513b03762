"""A vendor's verifier that compares nothing: JSON lines, the answer and the fault that it was told.

    python -m devices.simulators.face_vendor --outcome unsure --fault mute

It says ``demo`` of itself, so that no hall takes it for a verifier by mistake.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading

FAULTS = {
    "mute": "不回答",
    "garbage": "回答不是 JSON",
    "crash": "收到比对请求时退出",
    "flood": "回答没有尽头",
    "lies": "分数低于阈值仍说通过",
    "foreign": "先回答一个没有问过的问题",
    "error": "回答出错",
}
SCORES = {"pass": 0.91, "fail": 0.22, "unsure": 0.71, "unavailable": 0.0}
THRESHOLD = 0.8


def main() -> int:
    """Answer until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outcome", choices=tuple(SCORES), default="unsure")
    parser.add_argument("--fault", choices=tuple(FAULTS), default="")
    parser.add_argument("--model", default="demo-0")
    parser.add_argument("--real", action="store_true", help="do not say that it is a demonstration")
    wanted = parser.parse_args()
    for line in sys.stdin:
        question = json.loads(line)
        answer = {"id": question["id"], "model_id": wanted.model, "demo": not wanted.real}
        if question["op"] == "hint":
            answer["hint"] = "请正对屏幕"
        elif question["op"] == "verify":
            if not _misbehaved(wanted.fault, question["id"]):
                return 1
            score = 0.3 if wanted.fault == "lies" else SCORES[wanted.outcome]
            answer |= {"outcome": wanted.outcome, "score": score, "threshold": THRESHOLD, "liveness": "live"}
            if wanted.fault == "error":
                answer["error"] = "licence expired"
        _say(json.dumps(answer))
    return 0


def _misbehaved(fault: str, question: int) -> bool:
    """Do what is wrong first; False when the program ends with it."""
    if fault == "mute":
        threading.Event().wait()
    elif fault == "garbage":
        _say("segmentation fault (core dumped)")
    elif fault == "flood":
        sys.stdout.write("x" * 200_000)
        _say("")
    elif fault == "foreign":
        _say(json.dumps({"id": question - 1, "outcome": "pass"}))
    return fault != "crash"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
