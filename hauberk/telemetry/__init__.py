"""Numbers about the mesh: reads the proxies' metrics and answers who talks to whom, how well, and how safely.

In: the proxies' admin endpoints (`scrape.py`) and the proxy API (`wire.py`). Out: plain values for the CLI.

Invariant: `parse.py`, `quantile.py`, `change.py` and `query.py` are pure: text and times in, values out.
"""
