from tests.gateway.conftest import screen, world

__all__ = ["screen", "world"]
