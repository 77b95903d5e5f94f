"""Numbers of nature and of convention that several files need."""

CELSIUS_K = 273.15  # 0 degC
ROOM_K = 298.15  # 25 degC, at which most cells and parts are measured
