"""The machine and its clock: one site, its inputs, its time and its figures."""
