"""The parts of the controller daemon: modes, lease, ladder, audit, alarms, service."""
