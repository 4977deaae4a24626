"""Models that an owner adds: Piper voices, Whisper models, small language models.

`manifest.py` says which there are, `install.py` brings one, and `shelf.py` knows those that are
here. The daemon needs only `shelf.installed`, and `shelf.resolve` for what its configuration names;
neither reads a manifest.
"""
