"""What clusters mean to people: one small file per capability.

Each file defines and registers its converters; importing this package imports them all, so that
adding one touches one file.
"""

from __future__ import annotations

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
