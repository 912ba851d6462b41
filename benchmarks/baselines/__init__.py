"""Detectors of others' kind that Sertoli is measured against; no part of the package."""
