"""Job records as other programs write them, one file per format."""
