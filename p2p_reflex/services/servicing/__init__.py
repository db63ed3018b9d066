"""Late loans: how late they are, fees, default, charge-off, and the reserve fund."""
