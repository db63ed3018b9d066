"""One bot per file; a new file is found by the registry without being named anywhere."""
