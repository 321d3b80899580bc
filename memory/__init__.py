"""All that is remembered of customers, in one database, behind one gate.

Open it with ``Memory.open(url)``, take a transaction with ``memory.read()`` or ``memory.write()`` and pass it to the
functions of the modules here. Modules whose name begins with an underscore are this package's own.
"""

from memory._session import Tx
from memory.database import Memory
from memory.turn import Turn

__all__ = ["Memory", "Turn", "Tx"]
