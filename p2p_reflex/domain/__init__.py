"""The rules a banker would check with a pencil."""
