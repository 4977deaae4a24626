"""config.yaml and .env, parsed once into one frozen typed tree."""

from pichat.config.load import find_config, load_config
from pichat.config.types import Config

__all__ = ["Config", "find_config", "load_config"]
