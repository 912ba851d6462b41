"""The networks of the tubule map: pictures, targets, training, export."""

import os

# Before torch starts its threads: threads that wait by spinning take the cores from the rest.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
