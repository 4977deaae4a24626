"""`python -m pichat` is the command `pichat`."""

from pichat.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
