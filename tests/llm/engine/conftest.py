"""The engine is tested in a process of its own, which ../test_engine_apart.py starts: a library
that the ear is made of brings another version of what llama.cpp is built on, under the same name.
The daemon keeps them apart as well."""

from __future__ import annotations

import os

collect_ignore_glob = [] if "PICHAT_TEST_ENGINE" in os.environ else ["test_*.py"]
