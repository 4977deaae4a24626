"""`pichat bench llm` as a process: what an owner reads when it cannot be done, and when it can."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tiny_gguf import write_tiny_gguf


def bench(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pichat", "bench", "llm", *words, f"--state-dir={folder}/state"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={key: value for key, value in os.environ.items() if key != "PICHAT_CONFIG"},
        timeout=100,
    )


def write_config(folder: Path, text: str) -> None:
    (folder / "config.yaml").write_text(text, encoding="utf-8")


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    done = bench(tmp_path, "--model", "nothing.gguf")
    assert done.returncode == 1
    assert "There is no language model “" in done.stderr
    assert "nothing.gguf" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "letter.gguf").write_text("Dear Sir or Madam, " * 100)
    done = bench(tmp_path, "--model", "letter.gguf")
    assert done.returncode == 1
    assert "“letter.gguf” is no language model in a GGUF file." in done.stderr


@pytest.mark.long
def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    write_config(tmp_path, "profiles:\n  kitchen: {}\n")
    done = bench(tmp_path, "--profile", "kitchn")
    assert done.returncode == 1
    assert done.stderr == ("There is no profile 'kitchn'. Did you mean 'kitchen'?\n")


@pytest.mark.long
def test_a_config_without_a_model(tmp_path: Path) -> None:
    write_config(tmp_path, "language: en\n")
    done = bench(tmp_path)
    assert done.returncode == 1
    assert "config.yaml names no language model." in done.stderr


def test_a_provider_that_is_down(tmp_path: Path) -> None:
    with socket.socket() as nobody:  # has the port and does not listen
        nobody.bind(("127.0.0.1", 0))
        write_config(
            tmp_path,
            "llm:\n  providers:\n    mine:\n      kind: openai\n      model: m\n"
            f"      url: http://127.0.0.1:{nobody.getsockname()[1]}\n      cloud: false\n",
        )
        done = bench(tmp_path)
    assert done.returncode == 1
    assert "mine" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_not_both(tmp_path: Path) -> None:
    done = bench(tmp_path, "--model", "a.gguf", "--profile", "b")
    assert done.returncode == 2
    assert "not both" in done.stderr


@pytest.mark.long
def test_a_model_of_no_size(tmp_path: Path) -> None:
    says = ("All", " is", " well", ".")
    write_tiny_gguf(tmp_path / "tiny.gguf", says=says)
    done = bench(tmp_path, "--model", "tiny.gguf", "--limit", "20", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    figures, results = told["figures"], told["results"]
    assert figures["requests"] == len(results) == 20
    assert {each["answer"] for each in results} == {"All is well."}
    right = {each["group"] for each in results if each["wrong"] is None}
    assert right == {"nothing to do", "unclear", "time"} & {each["group"] for each in results}
    assert 0 < figures["right_percent"] < 50
    assert figures["first_token_p50_s"] > 0
    assert figures["reading_tokens_per_s"] > 0
    assert figures["writing_tokens_per_s"] > 0
    assert 30 < figures["memory_mb"] < 2000
    assert "local, tiny" in done.stdout
    assert not (tmp_path / "state").exists()
