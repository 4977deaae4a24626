"""The stick: EZSP commands and what its non-volatile memory holds."""
