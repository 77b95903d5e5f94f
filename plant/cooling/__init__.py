"""Heat removal from the chip to the outdoor air."""
