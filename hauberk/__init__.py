"""Hauberk, a service mesh: the control plane and the tools."""

__version__ = "0.1.0"
