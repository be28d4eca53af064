"""A host that behaves badly."""

from tests.bad_server import host

__all__ = ["host"]
