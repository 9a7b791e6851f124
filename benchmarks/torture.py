"""The state machine of the books for as long as wanted: a million steps, each followed by the identity and the model (semantics 6).

    script/bench torture [--steps N] [--seed N]

It runs in rounds, each on servers of its own and with the seed after the last one's. The seed of each is printed; with it and the same number of
steps its story is told again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom

ROOT = Path(__file__).resolve().parent.parent
MACHINE = "tests/scenarios/test_in_any_order.py"
MILLION = 1_000_000
ROUND = 50_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the machine on servers of its own; 0 when the books were exact after every step, 1 when not, 2 on wrong usage."""
    parser = argparse.ArgumentParser(prog="script/bench torture", description="Do whatever can be done to customers' money, in any order, and prove it exact.")
    parser.add_argument("--steps", type=int, default=MILLION, help="how many steps (default: a million)")
    parser.add_argument("--seed", type=int, help="tell the story of this seed again (default: a new one)")
    asked = parser.parse_args(argv)
    seed = SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    for number, done in enumerate(range(0, asked.steps, ROUND)):
        if _round(min(ROUND, asked.steps - done), seed + number):
            return 1
    return 0


def _round(steps: int, seed: int) -> int:
    """One run of the machine; what it said is on the terminal."""
    environment = os.environ | {"PORTAL_TORTURE_STEPS": str(steps), "PORTAL_TORTURE_SEED": str(seed)}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", MACHINE], check=False, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
