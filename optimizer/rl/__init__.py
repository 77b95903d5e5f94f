"""Learned controllers: what they see, what they may do, how they are trained and run."""
