"""Every setting of the control plane, once: name, variable, flag, unit, default, meaning (`settings.py`).

Each package gets its own group of values (`groups.py`) and nothing else; nobody reads the environment but the
composition root, which passes it in.
"""
