"""The language model of this machine, on the real llama.cpp."""
