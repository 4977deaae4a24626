"""Models that an owner adds: Piper voices, Whisper models, small language models.

`manifest.py` says which there are, `install.py` brings one, and `shelf.py` knows those that are
here: `installed(state_dir)` and `resolve(…)` are for the daemon.
"""
