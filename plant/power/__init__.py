"""The power chain from the utility to the rack."""
