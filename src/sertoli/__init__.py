"""Open workstation for Micro-TESE."""
