"""The mind: controllers behind one protocol, and their comparison."""
