"""One file for each model that runs in a child process. Heavy libraries load inside functions."""
