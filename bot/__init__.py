"""The assistant: its settings, the gateway, Rasa's adapters and the faces that people use."""
