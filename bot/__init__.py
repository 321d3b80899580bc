"""The assistant: its settings, the gateway, Rasa's adapters and the faces that people use."""

import os

# Matrices of a turn, and of training, are so small that several threads wait for each other more than they work.
# NumPy's library reads this when it is loaded, hence here; a machine that wants otherwise sets it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
