"""Everything that adapts Rasa 3.6 to this assistant."""
