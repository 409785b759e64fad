"""
What follows from a write: the controllers of a sandbox cluster.

Each reacts to one event at a time, at once and in the same transaction, so that nothing depends
on time: when a request has been answered, everything that follows from it has happened.
"""
