"""Frozen data and readers of raw objects; no I/O, no clock, nothing is changed in place."""
