"""The customers' faces in a browser: the embeddable chat and the demo page."""
