"""Command line, figures and reports. Computes nothing."""
