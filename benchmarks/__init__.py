"""Speed, measured side by side in one run: ratios travel between machines, seconds do not."""
