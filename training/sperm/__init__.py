"""The sperm detector: pictures, network, training, export and model card."""

import os

# Before torch starts its threads: on a machine that has other work to do, threads that wait by
# spinning make training eight times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
