"""Compares data planes in one run: nothing, a plain TLS relay, Hauberk, Envoy. Only ratios mean something."""
