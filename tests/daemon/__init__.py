"""The daemon as its users meet it: a process, a shell, a screen, a voice."""
