"""kubefedctl: join clusters, federate resources and bring every cluster in step in one run."""

__version__ = "0.1.0"
