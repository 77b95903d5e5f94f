"""The parts: one file per component, its equation, nameplate and source.

Conventions, stated once for the whole house
---------------------------------------------
* SI units, temperatures in degrees Celsius, pure fractions from 0 to 1. The unit is the
  end of the name: ``supply_temperature_c``, ``fan_power_w``, ``water_flow_kg_s``.
* Signs: heat, power and loss are positive in the direction that their name says
  (``heat_rejected_w`` leaves the plant, ``battery_power_w`` > 0 discharges). A component
  never returns a negative consumption.
* Every equation runs unchanged on floats, on numpy arrays of shape (scenario, time) that
  broadcast, and compiled inside a numba loop. It is marked with ``plant._kernel.kernel``.
* Outside its declared range an equation never raises: it holds what is fitted or measured
  (curves, properties, driving temperatures) at the end of the range and says so, by the
  flag ``extrapolated`` among its outputs or, for a bare number, by the range declared at
  the argument (``types.within``), which the bench turns into a column. Balances go on
  with the real temperatures of the streams, so that heat is conserved.
"""
