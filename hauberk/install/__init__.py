"""Installing the control plane on Kubernetes: what `hauberk install`, `upgrade`, `prune` and `uninstall` print.

The objects are written once, in `deploy/manifests` (its README has the vocabulary). `reading.py` reads them,
`rendering.py` makes objects of them; the Helm chart is generated from the same files. `layering.py` says which values
hold, `judging.py` whether a cluster can take an installation, `looking.py` what is in a cluster. All but `files.py`,
`looking.py` and `reading.py` are pure.
"""
