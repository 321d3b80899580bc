"""The flow engine: flows, a message and a state in; the next action and the new state out. Nothing of Rasa, no I/O but
reading flow files."""
