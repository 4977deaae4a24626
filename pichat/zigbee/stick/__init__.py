"""The stick: found, opened, watched, refused, repaired."""
