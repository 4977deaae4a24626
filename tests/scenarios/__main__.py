"""Plays scenario files and prints what happened:   python -m tests.scenarios FILE…"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import structlog

from tests.scenarios.form import ScenarioError, read
from tests.scenarios.play import play


def main(files: list[str]) -> int:
    """The number of scenarios that went wrong."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    wrong = 0
    for file in map(Path, files):
        try:
            scenario = read(file)
        except ScenarioError as error:
            print(error)
            wrong += 1
            continue
        played = play(scenario, file.parent)
        print(f"{scenario.name}\n{played}\n")
        wrong += bool(played.mistakes)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
