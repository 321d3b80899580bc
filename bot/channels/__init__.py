"""Channels: bytes in, an identity claim and a message out; replies in, bytes out. Nothing else."""
