"""The composition root of the control plane: who is made, who is told about whom, in which order it starts and ends.

`up.py` is the way in. Nothing here decides anything about the mesh.
"""
