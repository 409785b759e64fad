"""The door to Kubernetes: everything else sees only `port`; see there for its laws."""
