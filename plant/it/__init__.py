"""IT equipment: what turns electricity into heat and computation."""
