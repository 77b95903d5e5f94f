"""The hands: point map, Modbus driver, virtual plant, live loop and daemon."""
