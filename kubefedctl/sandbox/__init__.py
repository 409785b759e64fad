"""
Embedded Kubernetes API servers: clusters in memory for demos and tests.

`fleet.SandboxFleet` is the way in for code, `daemon` for commands. This package shares no code
with the rest of kubefedctl: an emulator that shares code shares bugs. What it does not do is
listed first in `docs/sandbox.md`.

From small parts ignorant of each other:

    store  resources  selectors  names  statuses  objects      keep, name, find, refuse
    schemas  structural  patching  fields  openapi             what the schemas decide
    kinds/                                                     what is special about a kind
    registry  writing  deletion  listing  patches  decoding    the verbs
    controllers/                                               what follows from a write
    authentication  rbac  tokens  certificates  bootstrap      who may
    requests  responses  tables  documents  watching  server   HTTP
    clusters  fleet  daemon                                    put together
"""
